import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cleanPastedKey, detectKey, keyDoubts, providerMismatch } from '../../src/secrets/detect.ts'
import { KEY_FORMATS, KEYS_OF_KIND, LOOSE_FORMATS, PROVIDER_NAMES } from '../../src/secrets/formats.ts'

/** A value of a shape that scanners know, put together here so that no scanner takes this file for a leak. */
const made = {
  'anthropic-api': `sk-ant-api03-${'a'.repeat(93)}AA`,
  'anthropic-admin': `sk-ant-admin01-${'a'.repeat(93)}AA`,
  'anthropic-oauth': `sk-ant-oat01-${'a'.repeat(40)}`,
  openrouter: `sk-or-v1-${'0a'.repeat(32)}`,
  'openai-admin': `sk-admin-${'a'.repeat(58)}T3BlbkFJ${'b'.repeat(58)}`,
  'openai-project': `sk-proj-${'a'.repeat(74)}T3BlbkFJ${'b'.repeat(74)}`,
  'openai-legacy': `sk-${'a'.repeat(20)}T3BlbkFJ${'b'.repeat(20)}`,
  'gemini-auth': `AQ.Ab8RN6${'a'.repeat(44)}`,
  'google-standard': `AIza${'a'.repeat(35)}`,
  'agw-virtual': `agw_sk_${'a'.repeat(32)}`,
  groq: `gsk_${'a'.repeat(52)}`,
  xai: `xai-${'a'.repeat(80)}`,
  perplexity: `pplx-${'a'.repeat(48)}`,
  cerebras: `csk-${'a'.repeat(48)}`,
  nvidia: `nvapi-${'a'.repeat(64)}`,
  'together-v1': `tgp_v1_${'a'.repeat(43)}`,
  huggingface: `hf_${'a'.repeat(34)}`,
  replicate: `r8_${'a'.repeat(37)}`,
  minimax: `sk-api-${'a'.repeat(119)}`,
  'bedrock-long': `ABSK${'a'.repeat(128)}=`,
  'bedrock-short': `bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t${'a'.repeat(40)}`,
  'aws-access-key-id': `AKIA${'A'.repeat(16)}`,
  'aws-secret': `${'a'.repeat(39)}/`,
  'vercel-ai-gateway': `vck_${'a'.repeat(56)}`,
  'ollama-cloud': `${'0a'.repeat(16)}.${'b'.repeat(24)}`,
  'langfuse-secret': 'sk-lf-00000000-0000-0000-0000-000000000000',
  deepseek: `sk-${'0a'.repeat(16)}`,
  'azure-openai-84': 'a'.repeat(84),
  'azure-openai-32': '0a'.repeat(16),
  mistral: 'zZ'.repeat(16),
  'vault-service': `hvs.${'a'.repeat(95)}`,
  'vault-batch': `hvb.${'a'.repeat(140)}`,
  'op-service-account': `ops_eyJ${'a'.repeat(260)}`,
  doppler: `dp.st.${'a'.repeat(43)}`,
  'age-identity': `AGE-SECRET-KEY-1${'Q'.repeat(58)}`,
  'litellm-virtual': 'sk-some-virtual-key-1',
} as const

describe('detectKey', () => {
  test.each(Object.entries(made))('%s', (id, value) => {
    expect(detectKey(value)?.id).toBe(id)
  })

  test('every format has a sample here, or is hidden by one that comes before it', () => {
    expect(KEY_FORMATS.map(format => format.id).filter(id => !(id in made))).toEqual(['cohere'])
  })

  test.each(['', 'hello', 'sk-', 'gsk', `x${made.groq}`])('%j is nothing we know', value => {
    expect(detectKey(value)).toBe(undefined)
  })

  /** Formats whose prefix is nobody else's: whose key it is does not depend on how much of it was copied. */
  const prefixed = Object.entries(made).filter(
    ([id]) => !/^(?:openai-legacy|aws-secret|ollama|deepseek|azure|mistral|litellm|minimax)/.test(id),
  )
  test.each(prefixed)('a part of %s is told to be its provider’s, and less surely', (id, value) => {
    const provider = KEY_FORMATS.find(format => format.id === id)?.provider
    const part = value.slice(0, value.length - 6)
    expect(detectKey(part)).toMatchObject({ provider })
    expect(detectKey(`${value}${'0'.repeat(300)}!`)).toMatchObject({ provider })
    expect(detectKey('sk-ant-api03-aaaaaaaaaa')).toEqual({
      id: 'anthropic-other',
      provider: 'anthropic',
      confidence: 'medium',
    })
  })

  test('what a scan finds by a prefix is told to be the same provider’s', () => {
    for (const { provider, pattern } of LOOSE_FORMATS.filter(one => one.id !== 'openai-bare')) {
      const samples = fc.sample(fc.stringMatching(pattern), { numRuns: 20, seed: 1 })
      expect(new Set(samples.map(value => detectKey(value)?.provider))).toEqual(new Set([provider]))
    }
  })

  test('every provider has a name, and every provider word leads to one', () => {
    const named = Object.keys(PROVIDER_NAMES)
    expect(KEY_FORMATS.filter(format => !named.includes(format.provider))).toEqual([])
    expect(
      Object.values(KEYS_OF_KIND)
        .flat()
        .filter(provider => !named.includes(provider)),
    ).toEqual([])
  })

  test('a long hostile value costs no time', () => {
    for (const piece of ['sk-', 'a', 'sk-proj-T3BlbkFJ', 'AGE-SECRET-KEY-1Q'])
      detectKey(piece.repeat(200_000))
  })

  const published = resolve(import.meta.dirname, '../../../shared/reference/key-formats.json')
  test.skipIf(!existsSync(published))('the table is the one of the reference, in its order', () => {
    const { formats } = JSON.parse(readFileSync(published, 'utf8'))
    const theirs = formats.map((one: Record<string, string>) => [
      one['id'],
      one['provider'],
      one['re'],
      one['conf'],
    ])
    const source = (pattern: RegExp) => pattern.source.replaceAll('\\/', '/')
    // Virtual keys are the gateway's own, and no provider's.
    const ofProviders = KEY_FORMATS.filter(one => one.id !== 'agw-virtual')
    expect(ofProviders.map(one => [one.id, one.provider, source(one.pattern), one.confidence])).toEqual(
      theirs,
    )
  })
})

describe('cleanPastedKey', () => {
  const taken: [what: string, pasted: string, value: string][] = [
    ['a key', made['openai-project'], made['openai-project']],
    ['one line end is taken off', `${made.groq}\n`, made.groq],
    ['a Windows line end too', `${made.groq}\r\n`, made.groq],
    ['a key nobody knows', 'my-own-gateway-key', 'my-own-gateway-key'],
    ['a short key', 'k', 'k'],
    ['what only looks like a variable', 'pa$$word', 'pa$$word'],
    ['Latin-1', 'clé', 'clé'],
    ['as long as it may be', 'k'.repeat(16 * 1024), 'k'.repeat(16 * 1024)],
  ]
  test.each(taken)('%s', (_, pasted, value) => {
    expect(cleanPastedKey(pasted)).toEqual({ ok: true, value, notes: [] })
  })

  test.each([
    'anthropic-admin',
    'anthropic-oauth',
    'openai-admin',
    'google-standard',
    'bedrock-short',
    'aws-access-key-id',
  ] as const)('%s is taken with a note', id => {
    expect(cleanPastedKey(made[id])).toMatchObject({ ok: true, notes: [expect.stringMatching(/\w+/)] })
  })

  const refused: [pasted: string, reason: string][] = [
    ['', 'empty'],
    ['\n', 'empty'],
    ['  ', 'empty'],
    ['x'.repeat(16 * 1024 + 1), 'too-long'],
    ['\ufeffsk-canary0', 'byte-order-mark'],
    ['Bearer sk-canary0', 'bearer-prefix'],
    ['OPENAI_API_KEY=sk-canary0', 'assignment'],
    ['export OPENAI_API_KEY="sk-canary0"', 'assignment'],
    ['bearer\tsk-canary0', 'bearer-prefix'],
    ['"sk-canary0"', 'wrapping-quotes'],
    ["'sk-canary0'\n", 'wrapping-quotes'],
    ['\u201csk-canary0\u201d', 'wrapping-quotes'],
    ['$OPENAI_CANARY', 'unexpanded-reference'],
    ['${OPENAI_canary}', 'unexpanded-reference'],
    ['op://canary/openai/key', 'unexpanded-reference'],
    ['https://platform.openai.com/api-keys?canary', 'address'],
    ['postgres://canary@db/keys', 'address'],
    ['ENC[AES256_GCM,data:canary]', 'unexpanded-reference'],
    ['sk-…canary', 'masked-copy'],
    ['sk-proj-****canary', 'masked-copy'],
    ['sk-canary...', 'masked-copy'],
    ['sk-canary•••', 'masked-copy'],
    ['your-api-key-canary', 'placeholder'],
    ['<canary-api-key>', 'placeholder'],
    ['changeme', 'placeholder'],
    ['sk-xxxxxxxx', 'placeholder'],
    ['AKIAIOSFODNN7EXAMPLE', 'aws-doc-example'],
    ['sk-canary\nsk-other', 'line-break'],
    ['sk-canary\n\n', 'line-break'],
    ['sk-canary\r', 'line-break'],
    ['sk-canary\u200bx', 'zero-width'],
    ['sk-canary x', 'whitespace'],
    [' sk-canary', 'whitespace'],
    ['sk-canary\u00a0', 'whitespace'],
    ['sk-canary\u0000x', 'control-character'],
    ['sk\u2013canary0', 'non-latin1'],
  ]
  test.each(refused)('%j is refused as %s, and not repeated', (pasted, reason) => {
    const cleaned = cleanPastedKey(pasted)
    expect(cleaned).toEqual({ ok: false, reason, message: expect.any(String), hint: expect.any(String) })
    expect(JSON.stringify(cleaned)).not.toMatch(/canary/i)
  })

  test('each reason has a message of its own', () => {
    const messages = new Map(
      refused.map(([pasted, reason]) => [reason, JSON.stringify(cleanPastedKey(pasted))]),
    )
    expect(new Set(messages.values()).size).toBe(messages.size)
  })

  test('whatever is taken, an HTTP header can carry', () => {
    for (let code = 0; code < 0x3000; code += 1) {
      const cleaned = cleanPastedKey(`sk-a${String.fromCharCode(code)}b`)
      if (cleaned.ok) expect(() => new Headers({ authorization: `Bearer ${cleaned.value}` })).not.toThrow()
    }
  })
})

describe('providerMismatch', () => {
  const table: [id: keyof typeof made, kind: string, message: string | undefined][] = [
    ['anthropic-api', 'openAI', 'this looks like an Anthropic key, and the slot is for openAI'],
    ['openai-project', 'anthropic', 'this looks like an OpenAI key, and the slot is for anthropic'],
    ['groq', 'gemini', 'this looks like a Groq key, and the slot is for gemini'],
    ['vault-service', 'openai', 'this looks like a Vault key, and the slot is for openai'],
    ['xai', 'groq', 'this looks like an xAI key, and the slot is for groq'],
    ['openai-project', 'openAI', undefined],
    ['openai-project', 'openai', undefined],
    ['google-standard', 'vertex', undefined],
    ['aws-access-key-id', 'bedrock', undefined],
    ['deepseek', 'openAI', undefined],
    ['cerebras', 'openAI', 'this looks like a Cerebras key, and the slot is for openAI'],
    ['anthropic-oauth', 'openAI', 'this looks like an Anthropic key, and the slot is for openAI'],
    ['litellm-virtual', 'anthropic', undefined],
    ['anthropic-api', 'custom', undefined],
    ['anthropic-api', '', undefined],
  ]
  test.each(table)('%s in a slot for %j', (id, kind, message) => {
    expect(providerMismatch(made[id], kind)).toBe(message)
  })

  test('a key that was not copied whole is still somebody else’s', () => {
    const part = made['anthropic-api'].slice(0, 80)
    expect(providerMismatch(part, 'openAI')).toBe(
      'this starts like an Anthropic key, and the slot is for openAI',
    )
    expect(providerMismatch(part, 'anthropic')).toBe(undefined)
  })
})

describe('keyDoubts', () => {
  test('what is to be known of a kind of key is of no use where it belongs to somebody else', () => {
    const key = made['google-standard']
    expect(keyDoubts(key, { provider: 'anthropic' })).toEqual([
      {
        code: 'KEY_OF_ANOTHER_PROVIDER',
        message: 'this looks like a Google key, and the slot is for anthropic',
        isNone: true,
      },
    ])
    expect(keyDoubts(key, { provider: 'gemini' })).toMatchObject([{ code: 'KEY_SUSPECT', isNone: false }])
  })
})
