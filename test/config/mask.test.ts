import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { maskedLine, maskKeys, maskLine } from '../../src/config/mask.ts'
import { keyLike } from '../helpers/keys.ts'
import { processorMs } from '../helpers/processor-time.ts'

const MASK = '********'
const HASH = createHash('sha256').update('mask').digest('hex')

describe('what is secret is masked in a line that is shown', () => {
  const openai = keyLike('openai', 'mask')
  it.each([
    ['a known key anywhere', `# ${openai}`, `# ${MASK}`],
    ['a short one with a known prefix', 'model: sk-abc123', 'model: ********'],
    ["Google's", `x: ${keyLike('gemini', 'mask')}`, `x: ${MASK}`],
    ['a long jumble', `x: ${keyLike('plain', 'mask')}`, `x: ${MASK}`],
    ['base64', 'data: c2stcHJvai1hYmMxMjM0NTY3ODkw/+cd12==', `data: ${MASK}`],
    [
      'a hash, but for what tells it apart',
      `keyHash: "sha256:${HASH}"`,
      `keyHash: "sha256:${HASH.slice(0, 8)}${MASK}"`,
    ],
    ['what is longer than one', `x: sha256:${HASH}ab`, `x: sha256:${MASK}`],
    ['a hash in the place of a key', `key: "sha256:${HASH}"`, `key: "${MASK}"`],
    ['in the place of a key', 'key: "hunter two"', 'key: "********"'],
    [
      'in quotes, with a sign that means something without them',
      'password: "*hunter"',
      `password: "${MASK}"`,
    ],
    ['in quotes that are not closed', 'key: "hunter', 'key: "********'],
    ['behind Bearer', 'authorization: Bearer abcdef', 'authorization: Bearer ********'],
    ['under apiKey', '  apiKey: abc', '  apiKey: ********'],
    ['under api-key', '{ api-key: abc }', '{ api-key: ******** }'],
    ['under x-api-key', 'x-api-key: abc', 'x-api-key: ********'],
    ['under clientSecret', 'clientSecret: abc', 'clientSecret: ********'],
    ['under client_secret', 'client_secret: abc', 'client_secret: ********'],
    ['under secretAccessKey', 'secretAccessKey: abc', 'secretAccessKey: ********'],
    ['under PASSWORD in a .env', 'DB_PASSWORD=abc', 'DB_PASSWORD=********'],
    ["as a variable's default", 'key: "${OPENAI_API_KEY:-abc}"', 'key: "${OPENAI_API_KEY:-********}"'],
    ['inside brackets', 'backendAuth: {key: abc}', 'backendAuth: {key: ********}'],
    ['behind another key', 'oops: key: abc', 'oops: key: ********'],
    ['in JSON', '{"key":"abc","a":1}', '{"key":"********","a":1}'],
    ["as a header's value", 'value: abc123', 'value: ********'],
    ['a default is one too', 'key: "abc${X}"', 'key: "********"'],
    ['of several words', '- key: correct horse, battery # mine', '- key: ******** # mine'],
    ['of several words in brackets', '{ key: correct horse, model: a b }', '{ key: ********, model: a b }'],
    ['in a line of a map in brackets', '  key: correct horse, model: a }', '  key: ********, model: a }'],
    ['with a sign of comments in it', 'key: abc#def', 'key: ********'],
    ['with a colon behind it', 'key: team-key: x', 'key: ********'],
    ['in a list', 'key: [hunter, two]', 'key: ********]'],
    ['behind a variable', 'key: "$X hunter two', 'key: "$X********'],
    ['that looks like the begin of one', 'key: $ecret-horse', 'key: $ecret********'],
    ['around variables', 'key: "${A}-horse-$B"', 'key: "${A}********$B"'],
    ['as the default of any variable', 'key: "${X:-abc}"', 'key: "${X:-********}"'],
    ['behind an anchor', 'key: &k abc', 'key: &k ********'],
  ])('%s', (_, line, shown) => {
    expect(maskLine(line)).toBe(shown)
  })
})

describe('ordinary words are shown', () => {
  it.each([
    '    model: gpt-4o-mini-2024-07-18',
    'model: gpt-4o-mini-2024',
    'model: claude-3-5-sonnet-20241022',
    'model: anthropic.claude-3-5-sonnet-20241022-v2:0',
    'model: meta-llama/Llama-3.3-70B-Instruct-Turbo',
    'model: gemini-2.5-flash-preview-05-20',
    'name: text-embedding-3-large',
    'model: o4-mini-2025-04-16',
    'image: cr.agentgateway.dev/agentgateway:v1.4.1',
    'hostOverride: "llm.eu-west-1.example.com:8443"',
    'pathPrefix: /v1beta/openai/chat/completions',
    'apiVersion: gateway.networking.k8s.io/v1',
    'automountServiceAccountToken: false',
    'value: /',
    'value: /v1/chat/completions',
    'value: blue',
    'key: "$OPENAI_API_KEY"',
    'key: { file: "openai.key" }',
    'key: &anchor',
    'key: "${A}$B"',
    'key: # to be set',
    '{ key: $A, file: b }',
    'key:',
    'key: ""',
    'tokens: 1000',
    'max_tokens: "min(llmRequest.max_tokens, 10)"',
    'maxCompletionTokens: "a.b"',
    'input_tokens: "llm.inputTokens"',
    'maxTokens: 4096',
    'secretRef:',
    '- name: openai-secret',
    'monkey: business',
    'http2FrameSize: 16384',
    '/v1/chat/completions: Completions',
  ])('%s', line => {
    expect(maskLine(line)).toBe(line)
  })
})

it("an answer's own ids are no keys", () => {
  const line =
    '"id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT", "system_fingerprint": "fp_44709d6fcb", "key": 1'
  expect(maskKeys(line)).toBe(line)
  expect(maskKeys('Incorrect API key provided: sk-abcdefgh.')).toBe('Incorrect API key provided: ********.')
})

it('takes a long line in a moment', () => {
  for (const line of [
    'key'.repeat(100_000),
    'a-'.repeat(100_000),
    `key: ${'"'.repeat(100_000)}`,
    'aB3'.repeat(60_000),
    `key: ${'}'.repeat(100_000)}x`,
    `{key: ${', a '.repeat(50_000)}`,
    `key: a${`, ${' '.repeat(300)}a`.repeat(300)}`,
    'key:* '.repeat(60_000),
    'key:|'.repeat(60_000),
  ])
    expect(processorMs(() => void maskLine(line))).toBeLessThan(1_000)
})

it('tells no length of a secret, also by what stands behind it', () => {
  const of = (key: string): string => `params: {apiKey: ${key}, model: a}`
  expect(maskLine(of('abc'))).toBe(maskLine(of('abc'.repeat(20))))
})

it('tells where the columns of a line are in what is shown', () => {
  const line = '{key: abc, secret: 0123456789abcdef, model: x}'
  const { text, columnOf } = maskedLine(line)
  expect(text).toBe(`{key: ${MASK}, secret: ${MASK}, model: x}`)
  const at = (word: string, shown = word): void =>
    expect(columnOf(line.indexOf(word) + 1)).toBe(text.indexOf(shown) + 1)
  at('key')
  at('abc', MASK)
  at('secret')
  at('model')
  // Inside a mask: its start, and its end for the end of a range.
  const inside = line.indexOf('456789') + 1
  expect(columnOf(inside)).toBe(text.lastIndexOf(MASK) + 1)
  expect(columnOf(inside, true)).toBe(text.lastIndexOf(MASK) + 1 + MASK.length)
  expect(columnOf(line.indexOf(', model') + 1, true)).toBe(text.indexOf(', model') + 1)
})
