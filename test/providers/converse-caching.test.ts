import { describe, expect, it } from 'vitest'
import { markForCache, type PromptCaching } from '../../src/providers/converse-caching.ts'

const CLAUDE = 'eu.anthropic.claude-sonnet-4-5-v1:0'
const LONG = 'word '.repeat(800)

/** Where the marks are: s for the system, t for tools, else the number of the message. */
function marked(caching: PromptCaching, model = CLAUDE, { system = LONG, messages = 4 } = {}): string {
  const body = {
    system: [{ text: system }],
    messages: Array.from({ length: messages }, (_, i) => ({ role: 'user', content: [{ text: String(i) }] })),
    toolConfig: { tools: [{ toolSpec: {} }] },
  }
  markForCache(body, caching, model)
  const has = (list: readonly object[]) => JSON.stringify(list.at(-1)) === '{"cachePoint":{"type":"default"}}'
  const inMessages = body.messages.flatMap(({ content }, i) => (has(content) ? [i] : []))
  return [has(body.system) ? 's' : '', has(body.toolConfig.tools) ? 't' : '', ...inMessages].join('')
}

describe('marks for the cache of Bedrock', () => {
  it.each<[string, PromptCaching, string]>([
    ['what is usual', {}, 's2'],
    ['tools too', { cacheTools: true }, 'st2'],
    ['nothing', { cacheSystem: false, cacheMessages: false }, ''],
    ['further back', { cacheMessageOffset: 1 }, 's1'],
    ['not before the first', { cacheMessageOffset: 9 }, 's0'],
    ['a prompt that is too short', { minTokens: 1041 }, '2'],
    ['one that is just long enough', { minTokens: 1040 }, 's2'],
  ])('%s', (_title, caching, where) => {
    expect(marked(caching)).toBe(where)
  })

  it('a short prompt only where there is no least length', () => {
    expect(marked({}, CLAUDE, { system: 'short' })).toBe('2')
    expect(marked({ minTokens: null }, CLAUDE, { system: 'short' })).toBe('s2')
  })

  it('a single message is new each time', () => {
    expect(marked({}, CLAUDE, { messages: 1 })).toBe('s')
  })

  it.each([
    [CLAUDE, true],
    ['amazon.nova-pro-v1:0', true],
    ['arn:aws:bedrock:us-east-1:1:application-inference-profile/abc', true],
    ['anthropic.claude-v2:1', false],
    ['anthropic.claude-instant-v1', false],
    ['meta.llama3-70b-instruct-v1:0', false],
  ])('%s: %s', (model, can) => {
    expect(marked({}, model) !== '').toBe(can)
  })

  it('a body that has none of the parts stays as it is', () => {
    const body = { messages: 'x', toolConfig: { tools: 'x' } }
    markForCache(body, { cacheTools: true }, CLAUDE)
    expect(body).toEqual({ messages: 'x', toolConfig: { tools: 'x' } })
  })
})
