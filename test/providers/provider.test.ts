import { describe, expect, it } from 'vitest'
import {
  anthropic,
  azure,
  bedrock,
  custom,
  gemini,
  openAI,
  PRESETS,
  type Provider,
  vertex,
} from '../../src/providers/index.ts'
import type { Format } from '../../src/providers/provider.ts'

const AZURE = azure({ resourceName: 'res', resourceType: 'openAI' })
const PREVIEW = azure({ resourceName: 'res', resourceType: 'openAI', apiVersion: 'preview' })
const DATED = azure({ resourceName: 'res', resourceType: 'openAI', apiVersion: '2025-01-01' })
const PINNED = azure({ resourceName: 'res', resourceType: 'openAI', apiVersion: '2025-01-01', model: 'dep' })
const FOUNDRY = azure({ resourceName: 'res', resourceType: 'foundry' })
const VERTEX = vertex({ projectId: 'p', region: 'us-east5' })
const BEDROCK = bedrock({ region: 'eu-west-1' })
const CUSTOM = custom({
  formats: [{ type: 'completions' }, { type: 'messages', path: '/m' }, { type: 'generateContent' }],
})

const PATHS: readonly (readonly [Provider, Format, string, string | undefined, string])[] = [
  [openAI, 'completions', 'm', undefined, '/v1/chat/completions'],
  [openAI, 'responses', 'm', undefined, '/v1/responses'],
  [openAI, 'embeddings', 'm', '/base/', '/base/embeddings'],
  [openAI, 'rerank', 'm', undefined, '/v1/rerank'],
  [anthropic, 'messages', 'm', undefined, '/v1/messages'],
  [anthropic, 'anthropicTokenCount', 'm', '/p', '/p/messages/count_tokens'],
  [gemini, 'completions', 'm', undefined, '/v1beta/openai/chat/completions'],
  [gemini, 'embeddings', 'm', '/p', '/p/v1beta/openai/embeddings'],
  [gemini, 'generateContent', 'm', undefined, '/v1beta/models/m:generateContent'],
  [gemini, 'generateContent', 'tunedModels/t', undefined, '/v1beta/tunedModels/t:generateContent'],
  [gemini, 'generateContent', 'models/m', undefined, '/v1beta/models/m:generateContent'],
  [gemini, 'generateContent', 'm/x', undefined, '/v1beta/models/m%2Fx:generateContent'],
  [gemini, 'geminiCountTokens', 'm', undefined, '/v1beta/models/m:countTokens'],
  [AZURE, 'completions', 'm', undefined, '/openai/v1/chat/completions'],
  [AZURE, 'embeddings', 'm', '/p/', '/p/openai/v1/embeddings'],
  [PREVIEW, 'responses', 'm', undefined, '/openai/v1/responses?api-version=preview'],
  [DATED, 'completions', 'm', undefined, '/openai/deployments/m/chat/completions?api-version=2025-01-01'],
  [DATED, 'responses', 'm', undefined, '/openai/responses?api-version=2025-01-01'],
  [PINNED, 'embeddings', 'm', undefined, '/openai/deployments/dep/embeddings?api-version=2025-01-01'],
  [FOUNDRY, 'completions', 'claude-x', undefined, '/api/projects/res/openai/v1/chat/completions'],
  [FOUNDRY, 'messages', 'claude-x', undefined, '/anthropic/v1/messages'],
  [
    VERTEX,
    'completions',
    'm',
    '/x/',
    '/x/v1/projects/p/locations/us-east5/endpoints/openapi/chat/completions',
  ],
  [BEDROCK, 'messages', 'a.b-v1:0', undefined, '/model/a.b-v1:0/converse'],
  [BEDROCK, 'completions', 'm/x', '/p', '/p/model/m%2Fx/converse'],
  [BEDROCK, 'anthropicTokenCount', 'm', undefined, '/model/m/count-tokens'],
  [CUSTOM, 'completions', 'm', undefined, '/v1/chat/completions'],
  [CUSTOM, 'completions', 'm', '/p', '/p/chat/completions'],
  [CUSTOM, 'messages', 'm', '/p', '/m'],
  [CUSTOM, 'generateContent', 'm', '/p', '/p/v1beta/models/m:generateContent'],
]

describe('paths', () => {
  it.each(PATHS)('%o %s of %s below %s', (provider, type, model, prefix, path) => {
    expect(provider.path({ type, model, streaming: false }, prefix)).toBe(path)
  })

  it('gemini has a path of its own for streams', () => {
    expect(gemini.path({ type: 'generateContent', model: 'm', streaming: true }, undefined)).toBe(
      '/v1beta/models/m:streamGenerateContent',
    )
  })
})

describe('models of Vertex AI', () => {
  it.each([
    ['gemini-2.5-pro', 'google', 'gemini-2.5-pro'],
    ['google/gemini-2.5-pro', 'google', 'gemini-2.5-pro'],
    ['models/gemini-2.5-pro', 'google', 'gemini-2.5-pro'],
    ['publishers/google/models/gemini@001', 'google', 'gemini@001'],
    ['projects/p/locations/l/publishers/google/models/gemini-2.5-pro', 'google', 'gemini-2.5-pro'],
    ['gemini-embedding-001', undefined, ''],
    ['gemini-x/../y', undefined, ''],
    ['publishers/anthropic/models/claude-opus-4-1', 'anthropic', 'claude-opus-4-1'],
    ['text-embedding-005', undefined, ''],
    ['claude-opus-4-6', 'anthropic', 'claude-opus-4-6'],
    ['claude-3-5-sonnet-20241022', 'anthropic', 'claude-3-5-sonnet@20241022'],
    ['claude-haiku-4-5-2025abcd', 'anthropic', 'claude-haiku-4-5-2025abcd'],
    ['anthropic/other-20250101', 'anthropic', 'other@20250101'],
    ['publishers/anthropic/models/claude-x@20250101', 'anthropic', 'claude-x@20250101'],
    ['meta/llama-4', undefined, ''],
  ] as const)('%s', (model, publisher, name) => {
    expect(VERTEX.accepts('generateContent', model)).toBe(publisher === 'google')
    expect(VERTEX.accepts('messages', model)).toBe(publisher === 'anthropic')
    expect(VERTEX.accepts('completions', model)).toBe(publisher !== 'anthropic')
    if (publisher === undefined) return
    const type = publisher === 'google' ? 'generateContent' : 'messages'
    const method = publisher === 'google' ? 'generateContent' : 'rawPredict'
    expect(VERTEX.path({ type, model, streaming: false }, undefined)).toBe(
      `/v1/projects/p/locations/us-east5/publishers/${publisher}/models/${name}:${method}`,
    )
  })
})

describe('a name that a list of allowed models takes for another one', () => {
  // `gemini-*`, `claude-*`, `*-flash` … look at the whole name, so no part of it may choose the model.
  it.each([
    'gemini-/publishers/anthropic/models/claude-opus-4-1',
    'gemini-2.5-flash/publishers/google/models/gemini-2.5-pro',
    'claude-haiku-4-5/publishers/google/models/gemini-2.5-pro',
    'claude-haiku-4-5/publishers/anthropic/models/claude-opus-4-1',
    'x/projects/p/locations/l/publishers/google/models/gemini-2.5-pro',
    'publishers/google/models/publishers/anthropic/models/claude-opus-4-1',
    'anthropic/publishers/google/models/gemini-2.5-pro',
    'projects/p/publishers/anthropic/models/claude-opus-4-1',
  ])('is none of Vertex AI: %s', model => {
    const taken = (['generateContent', 'messages', 'completions'] as const).filter(type =>
      VERTEX.accepts(type, model),
    )
    expect(taken).toEqual([])
  })

  it.each([
    [VERTEX, 'embeddings', 'text-x/publishers/google/models/gemini-embedding-001'],
    [BEDROCK, 'messages', 'a.haiku/arn:aws:bedrock:us-east-1:1:inference-profile/us.a.opus'],
    [BEDROCK, 'embeddings', 'amazon.titan/cohere.embed'],
    [gemini, 'generateContent', 'gemini-2.5-flash/models/gemini-2.5-pro'],
    [gemini, 'generateContent', 'tuned/tunedModels/other'],
    [DATED, 'completions', 'gpt-4o-mini/deployments/gpt-4o'],
  ] as const)('stays whole in the path: %o %s %s', (provider, type, model) => {
    expect(provider.path({ type, model, streaming: false }, undefined)).toContain(
      `/${encodeURIComponent(model).replaceAll('%3A', ':')}`,
    )
  })
})

describe('shapes', () => {
  it.each([
    [openAI, 'completions', 'm', true],
    [openAI, 'messages', 'm', false],
    [anthropic, 'messages', 'm', true],
    [anthropic, 'completions', 'm', false],
    [gemini, 'generateContent', 'm', true],
    [gemini, 'responses', 'm', false],
    [AZURE, 'messages', 'claude-x', false],
    [FOUNDRY, 'messages', 'Claude-x', true],
    [FOUNDRY, 'messages', 'gpt-4o', false],
    [CUSTOM, 'messages', 'm', true],
    [BEDROCK, 'messages', 'm', false],
    [CUSTOM, 'embeddings', 'm', false],
  ] as const)('%o %s of %s: %s', (provider, format, model, taken) => {
    expect(provider.accepts(format, model)).toBe(taken)
  })
})

describe('hosts', () => {
  it.each([
    [openAI, 'api.openai.com'],
    [anthropic, 'api.anthropic.com'],
    [gemini, 'generativelanguage.googleapis.com'],
    [AZURE, 'res.openai.azure.com'],
    [FOUNDRY, 'res.services.ai.azure.com'],
    [VERTEX, 'us-east5-aiplatform.googleapis.com'],
    [BEDROCK, 'bedrock-runtime.eu-west-1.amazonaws.com'],
    [CUSTOM, undefined],
  ] as const)('%o', (provider, host) => {
    expect(provider.host).toBe(host)
  })

  it('of presets are base URLs without a slash at their end', () => {
    for (const { baseUrl } of Object.values(PRESETS)) expect(baseUrl).toMatch(/^https?:\/\/[^?#]*[^/?#]$/)
  })
})

describe('the place of the key', () => {
  const facts = (type: 'messages' | 'generateContent' | 'completions', explicitLocation = false) => ({
    type,
    model: 'm',
    explicitLocation,
  })

  it.each([
    [
      'anthropic moves a bearer',
      anthropic,
      ['Authorization', 'bearer  k '],
      facts('messages'),
      { 'x-api-key': 'k' },
    ],
    [
      'and replaces what is there',
      anthropic,
      ['X-API-Key', 'c', 'authorization', 'Bearer k'],
      facts('messages'),
      { 'x-api-key': 'k' },
    ],
    [
      'but no other scheme',
      anthropic,
      ['authorization', 'Basic k'],
      facts('messages'),
      { authorization: 'Basic k' },
    ],
    [
      'nor a subscription token',
      anthropic,
      ['authorization', 'Bearer sk-ant-oat01-k', 'x-api-key', 'c'],
      facts('messages'),
      { authorization: 'Bearer sk-ant-oat01-k' },
    ],
    [
      'nor one that the config placed',
      anthropic,
      ['authorization', 'Bearer k', 'x-api-key', 'c'],
      facts('messages', true),
      { authorization: 'Bearer k' },
    ],
    [
      'gemini moves an API key on native paths',
      gemini,
      ['authorization', 'Bearer AIzaK'],
      facts('generateContent'),
      { 'x-goog-api-key': 'AIzaK' },
    ],
    [
      'but not on compatible ones',
      gemini,
      ['authorization', 'Bearer AIzaK'],
      facts('completions'),
      { authorization: 'Bearer AIzaK' },
    ],
    [
      'nor another token',
      gemini,
      ['authorization', 'Bearer ya29'],
      facts('generateContent'),
      { authorization: 'Bearer ya29' },
    ],
    [
      'nor one that the config placed',
      gemini,
      ['authorization', 'Bearer AIzaK'],
      facts('generateContent', true),
      { authorization: 'Bearer AIzaK' },
    ],
  ] as const)('%s', (_title, provider, headers, finish, expected) => {
    const list: string[] = [...headers]
    provider.finish?.(list, finish)
    const kept = Object.fromEntries(
      list.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), list[i + 1]]] : [])),
    )
    delete kept['anthropic-version']
    expect(kept).toEqual(expected)
  })
})
