import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KEY_FORMATS } from '../../../src/secrets/formats.ts'
import { Redactor } from '../../../src/secrets/redactor.ts'
import { keySearch } from '../../../src/secrets/scan/search.ts'
import { fingerprint } from '../../../src/secrets/secret.ts'
import { keyLike } from '../../helpers/keys.ts'

const search = keySearch(new Redactor(fingerprint))
const found = (text: string) => search(text).map(({ start, end }) => text.slice(start, end))

/** The word that a key without a shape of its own must be named by. */
const NAMES: Readonly<Record<string, string>> = {
  'aws-secret': 'aws_secret_access_key',
  deepseek: 'DEEPSEEK_API_KEY',
  'azure-openai-84': 'AZURE_OPENAI_KEY',
  'azure-openai-32': 'azure-api-key',
  mistral: 'mistralApiKey',
  cohere: 'COHERE_API_KEY',
  'litellm-virtual': 'LITELLM_MASTER_KEY',
}

/** How a key may stand in a file. */
const AROUND: ((name: string, key: string) => string)[] = [
  (name, key) => `${name}: ${key}\n`,
  (name, key) => `  ${name}: "${key}" # comment\n`,
  (name, key) => `export ${name}='${key}'\n`,
  (name, key) => `{"${name}":"${key}"}`,
  (name, key) => `const ${name} = \`${key}\``,
]

/** Shannon's entropy, bits per character. */
function bits(text: string): number {
  const shares = [...new Set(text)].map(letter => (text.split(letter).length - 1) / text.length)
  return shares.reduce((sum, share) => sum - share * Math.log2(share), 0)
}

describe.each(KEY_FORMATS.map(format => [format.id, format] as const))('%s', (id, format) => {
  it('is found wherever it stands', () => {
    const name = NAMES[id] ?? 'some_value'
    fc.assert(
      fc.property(fc.stringMatching(format.pattern), fc.constantFrom(...AROUND), (key, around) => {
        // What a generator gives when it is small, `aaaa…`, is what a placeholder looks like.
        fc.pre(/^[\x21-\x7e]+$/.test(key) && !key.includes('...') && bits(key) > 3.25)
        expect(found(around(name, key))).toContain(/^[\w+/=.-]+/.exec(key)?.[0])
      }),
      { numRuns: 30, maxSkipsPerRun: 1000 },
    )
  })
})

describe('a search', () => {
  const openai = keyLike('openai', 'scan')
  const cases: [title: string, text: string, expected: string[]][] = [
    [
      'finds several in one line',
      `${openai} ${keyLike('anthropic', 'b')}`,
      [openai, keyLike('anthropic', 'b')],
    ],
    [
      'finds one in base64, as a manifest has it',
      `k: ${Buffer.from(openai).toString('base64')}`,
      [Buffer.from(openai).toString('base64')],
    ],
    ['takes no part of a longer word', `x${openai}`, []],
    [
      'takes no word with the prefix for a key',
      'sk-proj-example sk-ant-api03-your-key-here hf_model_name',
      [],
    ],
    ['takes no placeholder for a key', `sk-proj-${'x'.repeat(58)}T3BlbkFJ${'x'.repeat(58)}`, []],
    ['leaves AWS’s own example alone', 'AKIAIOSFODNN7EXAMPLE', []],
    ['wants a name for what has no shape', `id: ${'a1b2c3d4'.repeat(4)}`, []],
    ['finds a hash only where a provider is named', `sha1: ${keyLike('plain', 'sha')}`, []],
    ['finds nothing in nothing', '', []],
  ]
  it.each(cases)('%s', (_, text, expected) => {
    expect(found(text)).toEqual(expected)
  })

  it.each(['agw:allow', 'gitleaks:allow'])('knows a key that a comment allows: %s', comment => {
    const [one, two] = search(`a: ${openai} # ${comment}\nb: ${openai}\n`)
    expect([one?.allowed, two?.allowed]).toEqual([true, false])
  })

  it('finds own values whatever their shape, encoded too, and once', () => {
    const own = new Redactor(fingerprint)
    own.add('correct horse/battery')
    own.add(openai)
    const text = `a=correct horse/battery b=correct%20horse%2Fbattery c=${Buffer.from('u:correct horse/battery').toString('base64')} d=${openai}`
    const kinds = keySearch(own)(text)
    expect(kinds.map(one => one.kind)).toEqual(['own', 'own', 'own', 'own'])
    expect(kinds[3]?.fingerprint).toBe(fingerprint(openai))
  })

  it('tells the provider and the fingerprint, never the value', () => {
    const [one] = search(openai)
    expect(one).toMatchObject({
      kind: 'shape',
      provider: 'OpenAI',
      confidence: 'high',
      fingerprint: fingerprint(openai),
    })
    expect(JSON.stringify(one)).not.toContain(openai.slice(10, 40))
  })

  const letters = Buffer.from(keyLike('plain', 'letters').repeat(4))
    .toString('base64')
    .replace(/[^A-Za-z0-9]/g, '')
  const loose: [title: string, value: string, provider: string][] = [
    ...[40, 64, 156].map((length): [string, string, string] => [
      `sk-proj- and ${length} characters`,
      `sk-proj-${letters.slice(0, length)}`,
      'OpenAI',
    ]),
    ['sk- and 48 characters', `sk-${letters.slice(0, 48)}`, 'OpenAI'],
    ['sk-ant-api03- and 60 characters', `sk-ant-api03-${letters.slice(0, 60)}`, 'Anthropic'],
  ]
  it.each(loose)('takes another length for a key, less surely: %s', (_, value, provider) => {
    const expected = { provider, confidence: 'medium', fingerprint: fingerprint(value) }
    expect(search(`key = "${value}"`)).toMatchObject([expected])
    expect(search(`k: ${Buffer.from(value).toString('base64')}`)).toMatchObject([expected])
  })

  it.each([
    'sk-proj-the-key-of-your-project-goes-in-this-very-place',
    'sk-ant-api03-put_the_key_of_your_workspace_in_here_please',
    `sk-${'abc'.repeat(16)}`,
    'sk-circle-fade-dot-before-and-after-the-spinner-of-the-page',
  ])('takes no words for a key of another length: %s', text => {
    expect(search(text)).toEqual([])
  })

  it('comes to an end on a large text without keys, and on one that looks like many', () => {
    // A pattern that goes back and forth would take minutes or years here.
    expect(search('the quick brown fox jumps over sk- the lazy dog AKIA\n'.repeat(40_000))).toEqual([])
    expect(search(`${'sk-'.repeat(100_000)}${'A'.repeat(300_000)}${'aws_secret='.repeat(20_000)}`)).toEqual(
      [],
    )
  })
})
