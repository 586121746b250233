import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import type { Diagnostic } from '../../src/config/diagnostic.ts'
import { compilePublishedSchema } from '../../src/config/published-schema.ts'
import { readDocument } from '../../src/config/read.ts'
import { validate } from '../../src/config/validate.ts'
import { hasCompat, PUBLISHED_SCHEMA, publicConfigs, WITHOUT_COMPAT } from '../helpers/compat.ts'
import { keyLike } from '../helpers/keys.ts'

const read = (text: string, env: Record<string, string> = {}) =>
  readDocument(text, { file: 'config.yaml', lookup: name => env[name] })

/** A format of the same shape as ours, in which some things are newer. */
const SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  additionalProperties: false,
  required: ['binds'],
  properties: {
    binds: { type: 'array', items: { $ref: '#/$defs/Bind' } },
    novelty: { type: 'object' },
    any: { enum: [] },
    config: { type: 'object', additionalProperties: true },
  },
  $defs: {
    Bind: {
      type: 'object',
      additionalProperties: false,
      properties: {
        port: { type: 'integer', format: 'uint16', minimum: 1 },
        listeners: { type: 'array' },
        tunnelProtocol: { enum: ['direct', 'quic'] },
        either: {
          anyOf: [
            { type: 'string' },
            {
              type: 'object',
              required: ['a'],
              properties: { a: { type: 'string' } },
              additionalProperties: false,
            },
            {
              type: 'object',
              required: ['b'],
              properties: { b: { type: 'number' } },
              additionalProperties: false,
            },
          ],
        },
      },
    },
  },
}

async function judge(text: string, own = false, env: Record<string, string> = {}): Promise<Diagnostic[]> {
  const schema = await compilePublishedSchema(JSON.stringify(SCHEMA), 'schema.json')
  const document = read(text, env)
  return schema.judge(document, own ? validate(document).diagnostics : [])
}

describe('what a published schema has against a file', () => {
  it.each<[string, string, string, RegExp]>([
    ['an unknown key', 'binds: []\nfoo: 1\n', '2:1 foo', /has no key "foo" here/],
    ['a missing key', 'config: {}\n', '1:1 ', /"binds" is missing/],
    ['a wrong type', 'binds:\n- port: "3000"\n', '2:9 binds[0].port', /wants a whole number here/],
    ['a number out of range', 'binds:\n- port: 0\n', '2:9 binds[0].port', /does not fit .*\(minimum\)/],
    [
      'an unknown word',
      'binds:\n- tunnelProtocol: tls\n',
      '2:19 binds[0].tunnelProtocol',
      /none of the values/,
    ],
    ['no alternative', 'binds:\n- either: [1]\n', '2:11 binds[0].either', /wants text or a map here/],
    [
      'the alternative that comes closest',
      'binds:\n- either: { a: 1 }\n',
      '2:16 binds[0].either.a',
      /wants text here/,
    ],
    [
      'keys of two alternatives',
      'binds:\n- either: { c: 1 }\n',
      '2:11 binds[0].either',
      /none of the alternatives/,
    ],
  ])('%s', async (_, text, place, message) => {
    const found = await judge(text)
    expect(found).toMatchObject([
      { code: 'PUBLISHED_SCHEMA', severity: 'error', message: expect.stringMatching(message) },
    ])
    const [{ range, path }] = found as [Diagnostic]
    const shown = path
      .map(step => (typeof step === 'number' ? `[${step}]` : `.${step}`))
      .join('')
      .replace(/^\./, '')
    expect(`${range.start.line}:${range.start.column} ${shown}`).toBe(place)
  })

  it('is nothing for a file that fits, and for one that cannot be read', async () => {
    expect(await judge('binds:\n- port: 3000\n  either: { b: 2 }\nany: [1]\n')).toEqual([])
    expect(await judge('binds: [\n')).toEqual([])
  })

  it('is not repeated where agw has an error already', async () => {
    const found = await judge('binds:\n- port: "3000"\n  listeners: []\n', true)
    expect(found.map(one => one.code)).toEqual(['WRONG_TYPE'])
  })

  it('is not asked about variables that are not set', async () => {
    expect(await judge('binds:\n- port: $PORT\n')).toEqual([])
    expect(await judge('binds:\n- port: $PORT\n', false, { PORT: '"x"' })).toHaveLength(1)
  })

  it('holds no value and no key that looks like a secret', async () => {
    const key = keyLike('openai', 'published')
    const found = await judge(
      `${key}: 1\nbinds:\n- port: ${key}\n- tunnelProtocol: ${key}\n- either: { ${key}: ${key} }\n`,
    )
    expect(found.length).toBeGreaterThan(3)
    expect(JSON.stringify(found)).not.toContain(key.slice(8, 24))
  })
})

describe('what only the published schema knows is no error', () => {
  it.each([
    ['a key', 'binds: []\nnovelty: {}\n', 'UNKNOWN_KEY'],
    ['a key inside', 'binds:\n- port: 3000\n  listeners: []\n  either: text\n', 'UNKNOWN_KEY'],
    ['a word', 'binds:\n- port: 3000\n  listeners: []\n  tunnelProtocol: quic\n', 'UNKNOWN_VALUE'],
  ])('%s', async (_, text, code) => {
    const document = read(text)
    expect(validate(document).diagnostics).toMatchObject([{ code, severity: 'error' }])
    expect(await judge(text, true)).toMatchObject([
      { code, severity: 'note', message: expect.stringMatching(/the published schema has it$/) },
    ])
  })

  it('but a key stays one where the schema takes any', async () => {
    const found = await judge('binds: []\nconfig: { nonsense: 1 }\n', true)
    expect(found).toMatchObject([{ code: 'UNKNOWN_KEY', severity: 'error' }])
  })
})

it.each(['', '[]', '"text"', '{"type": 12}', '{"$ref": "https://example.com/other.json"}', 'binds: []'])(
  'refuses %j as a schema',
  async text => {
    await expect(compilePublishedSchema(text, 'schema.json')).rejects.toMatchObject({
      code: 'USAGE',
      message: 'schema.json is not a JSON Schema that can be used',
    })
  },
)

describe.skipIf(!hasCompat)(hasCompat ? 'the schema of agentgateway' : WITHOUT_COMPAT, () => {
  it('has the verdict on every public config that is known of it', async () => {
    const schema = await compilePublishedSchema(await readFile(PUBLISHED_SCHEMA, 'utf8'), 'schema')
    const wrong = publicConfigs().flatMap(({ file, data, schemaValid }) => {
      const found = schema.judge(read(stringify(data)), [])
      return (found.length === 0) === schemaValid ? [] : [`${file}: ${found.map(one => one.message)}`]
    })
    expect(wrong).toEqual([])
  })
})
