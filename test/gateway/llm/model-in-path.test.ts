import { describe, expect, test } from 'vitest'
import { hidesModel, modelInPath, withModelInPath } from '../../../src/gateway/llm/model-in-path.ts'
import { processorMs } from '../../helpers/processor-time.ts'

describe('a path names its model', () => {
  test.each([
    ['/v1beta/models/gemini-x:generateContent', 'gemini-x'],
    ['/v1beta/models/gemini-x:embedContent', 'gemini-x'],
    ['/v1beta/tunedModels/mine:generateContent', 'mine'],
    ['/v1/projects/p/locations/l/publishers/google/models/gemini-x:predict', 'gemini-x'],
    ['/v1/projects/p/locations/l/endpoints/123:rawPredict', '123'],
    ['/model/us.anthropic.claude-x/converse', 'us.anthropic.claude-x'],
    ['/model/claude-x/count-tokens', 'claude-x'],
    ['/openai/deployments/gpt-x/chat/completions', 'gpt-x'],
    ['/OpenAI/Deployments/gpt-x/extensions/chat/completions', 'gpt-x'],
    ['/v1/engines/gpt-x/completions', 'gpt-x'],
    [
      '/model/arn%3Aaws%3Abedrock%3Aeu%3A1%3Ainference-profile%2Fx/invoke',
      'arn:aws:bedrock:eu:1:inference-profile/x',
    ],
  ])('%s', (path, model) => {
    expect(modelInPath(path)).toBe(model)
    expect(hidesModel(path)).toBe(false)
    expect(modelInPath(withModelInPath(path, 'other'))).toBe('other')
  })

  test.each([
    '/v1/chat/completions',
    '/v1/responses/resp_1/cancel',
    '/v1/endpoints/openapi/chat/completions',
    '/openai/deployments',
    '/openai/v1/chat/completions',
    '/100%',
  ])('and %s none', path => {
    expect(modelInPath(path)).toBeUndefined()
    expect(hidesModel(path)).toBe(false)
    expect(withModelInPath(path, 'other')).toBe(path)
  })

  test.each([
    '/v1beta/mod%65ls/gemini-x:generateContent',
    '/v1beta/models/gemini-x%3AgenerateContent',
    '/v1beta/models/gemini-y:generateContent/../gemini-x:generateContent',
    '/model/cheap/../dear/invoke',
    '/model/..%2Fdear/invoke',
    '/model/%/invoke',
    '/v1beta/models/..:generateContent',
    '/model/dear/invoke/',
    '/openai/deployments//dear/chat/completions',
    '/openai/deployments;x/dear/chat/completions',
    '/openai/deployments\\dear/chat/completions',
    '/openai/%64eployments/dear/chat/completions',
    '/openai/deployments/dear/model/cheap/invoke',
  ])('or hides it: %s', path => {
    expect(hidesModel(path)).toBe(true)
  })

  test.each([
    ['/models', ''],
    ['/models', ':generateContent'],
    ['/models/a:', '/x:generateContent'],
    ['/model', ''],
    ['/engines', ''],
    ['/a/..', ''],
  ])('and a path of nothing but beginnings takes no longer than another: %s', (part, end) => {
    const path = part.repeat(Math.floor((60 * 1024) / part.length)) + end
    const looks = (): void => {
      hidesModel(path)
      modelInPath(path)
      withModelInPath(path, 'other')
    }
    expect(processorMs(looks)).toBeLessThan(300)
  })

  test('a name may hold slashes, and be called as what stands before it', () => {
    expect(modelInPath('/v1/models/meta/llama:predict')).toBe('meta/llama')
    expect(modelInPath('/v1/models/models/x:predict')).toBe('x')
    expect(hidesModel('/v1/models/models/:predict')).toBe(true)
    expect(modelInPath('/v1/models/:predict')).toBeUndefined()
    expect(modelInPath('/v1/models/a:b:predict')).toBeUndefined()
  })
})
