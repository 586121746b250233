import { expect, test } from 'vitest'
import { shapeOf } from '../../src/mock/shape.ts'

test.each([
  ['/v1/chat/completions', {}, 'openai'],
  ['/openai/v1/chat/completions', {}, 'openai'],
  ['/openai/v1/chat/completions', { host: 'r.openai.azure.com' }, 'azure'],
  ['/openai/v1/chat/completions', { host: 'r.openai.azure.com:443' }, 'azure'],
  ['/openai/v1/responses', { 'api-key': 'k' }, 'azure'],
  ['/openai/deployments/d/embeddings?api-version=1', {}, 'azure'],
  ['/api/projects/p/openai/v1/responses', {}, 'azure'],
  ['/v1beta/openai/chat/completions', { host: 'generativelanguage.googleapis.com' }, 'openai'],
  ['/v1beta/openai/models', { 'x-goog-api-key': 'k' }, 'openai'],
  ['/v1beta/models', {}, 'gemini'],
  ['/v1/models', { host: 'generativelanguage.googleapis.com' }, 'gemini'],
  ['/v1/models', { 'x-goog-api-key': 'k' }, 'gemini'],
  ['/v1/models', { 'anthropic-version': '2023-06-01' }, 'anthropic'],
  ['/v1/models', {}, 'openai'],
  ['/v1/messages', {}, 'anthropic'],
  ['/anthropic/v1/messages/count_tokens', { 'api-key': 'k' }, 'anthropic'],
  ['/v1/teapots', { host: 'api.anthropic.com' }, 'anthropic'],
  ['/v1beta/teapots', {}, 'gemini'],
  ['/v1/projects/p/locations/l/publishers/google/models/m:generateContent', {}, 'gemini'],
  ['/v1/projects/p/locations/l/publishers/anthropic/models/m@1:rawPredict', {}, 'anthropic'],
  ['/v1/projects/p/locations/l/publishers/anthropic/models/m:streamRawPredict', {}, 'anthropic'],
  ['/v1/projects/p/locations/l/endpoints/openapi/chat/completions', {}, 'openai'],
  ['/model/m/converse', {}, 'bedrock'],
  ['/p/model/arn:aws:bedrock:r:1:inference-profile%2Fx/converse-stream', {}, 'bedrock'],
  ['/foundation-models', { host: 'bedrock.eu-west-1.amazonaws.com' }, 'bedrock'],
  ['/', {}, 'openai'],
  ['//', {}, 'openai'],
])('%s with %j is %s', (path, headers: Record<string, string>, shape) => {
  const [pathname = '', query] = path.split('?')
  expect(shapeOf({ pathname, query: new URLSearchParams(query), headers })).toBe(shape)
})
