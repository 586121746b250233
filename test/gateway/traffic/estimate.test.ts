import { expect, it } from 'vitest'
import type { Exchange } from '../../../src/gateway/exchange.ts'
import { estimateTokens } from '../../../src/gateway/traffic/estimate.ts'

const estimate = (clientFormat: string | undefined, json: Record<string, unknown> | undefined, bytes = 0) =>
  estimateTokens({ body: Buffer.alloc(bytes), json, clientFormat } as unknown as Exchange)

it.each<[string, string | undefined, Record<string, unknown> | undefined, number | undefined]>([
  ['a limit of Chat Completions', 'completions', { max_tokens: 7 }, 7],
  ['its newer name', 'completions', { max_completion_tokens: 7 }, 7],
  ['both, of which the longer counts', 'completions', { max_tokens: 1, max_completion_tokens: 7 }, 7],
  ['several answers', 'completions', { max_tokens: 7, n: 50 }, 350],
  ['no number of answers', 'completions', { max_tokens: 7, n: -2 }, 7],
  ['a limit of Messages', 'messages', { max_tokens: 7, n: 50 }, 7],
  ['a limit of Responses', 'responses', { max_output_tokens: 7 }, 7],
  ['a limit of Gemini', 'generateContent', { generationConfig: { maxOutputTokens: 7 } }, 7],
  ['several of its', 'generateContent', { generationConfig: { maxOutputTokens: 7, candidateCount: 2 } }, 14],
  ['none', 'completions', {}, undefined],
  ['no JSON', 'completions', undefined, undefined],
  ['no section of Gemini', 'generateContent', { generationConfig: null }, undefined],
  ['a limit of another format', 'completions', { max_output_tokens: 7 }, undefined],
  ['a limit in a format that nobody knows', 'passthrough', { max_tokens: 7 }, undefined],
  ['a limit of nothing', 'completions', { max_tokens: 0 }, undefined],
  ['a limit below nothing', 'completions', { max_tokens: -1000 }, undefined],
  ['a limit that is no number', 'completions', { max_tokens: '7' }, undefined],
  ['the first that is one', 'completions', { max_tokens: -1, max_completion_tokens: 7 }, 7],
])('an answer with %s', (_, format, json, tokens) => {
  expect(estimate(format, json).most).toBe(tokens)
})

it('a prompt counts a quarter of its bytes', () => {
  expect(estimate('completions', { max_tokens: 1 }, 41).prompt).toBe(11)
})
