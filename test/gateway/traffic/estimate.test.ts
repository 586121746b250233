import { expect, it } from 'vitest'
import type { Exchange } from '../../../src/gateway/exchange.ts'
import { estimateTokens } from '../../../src/gateway/traffic/estimate.ts'

const USUAL = 50
const estimate = (json: Record<string, unknown> | undefined, bytes = 0): number =>
  estimateTokens({ body: Buffer.alloc(bytes), json } as unknown as Exchange, USUAL)

it.each<[string, Record<string, unknown> | undefined, number]>([
  ['a limit of Chat Completions', { max_tokens: 7 }, 7],
  ['its newer name', { max_completion_tokens: 7 }, 7],
  ['a limit of Responses', { max_output_tokens: 7 }, 7],
  ['a limit of Gemini', { generationConfig: { maxOutputTokens: 7 } }, 7],
  ['none', {}, USUAL],
  ['no JSON', undefined, USUAL],
  ['no section of Gemini', { generationConfig: null }, USUAL],
  ['a limit of nothing', { max_tokens: 0 }, USUAL],
  ['a limit below nothing', { max_tokens: -1000 }, USUAL],
  ['a limit that is no number', { max_tokens: '7' }, USUAL],
  ['the first that is one', { max_tokens: -1, max_completion_tokens: 7 }, 7],
])('an answer with %s', (_, json, tokens) => {
  expect(estimate(json)).toBe(tokens)
})

it('a prompt counts a quarter of its bytes', () => {
  expect(estimate({ max_tokens: 1 }, 41)).toBe(12)
})
