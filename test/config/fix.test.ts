import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { fixText } from '../../src/config/fix.ts'
import { readDocument } from '../../src/config/read.ts'
import { validate } from '../../src/config/validate.ts'

const env: Record<string, string> = {
  KEY: 'sk-plain',
  COMMA: 'a, b',
  HASH: 'one #two',
  QUOTE: 'say "hi", you',
  PORT: '3000',
}

function fix(text: string): { text: string; fixed: string[]; left: string[] } {
  const read = (source: string) => readDocument(source, { file: 'config.yaml', lookup: name => env[name] })
  const found = validate(read(text)).diagnostics
  const { text: after, fixed } = fixText(read(text), found)
  // Most texts here are parts of configs.
  const again = validate(read(after)).diagnostics.filter(one => one.code !== 'NOTHING_ANSWERS')
  // What is mended is gone, and a second run has nothing to do.
  expect(fixText(read(after), again)).toEqual({ text: after, fixed: [] })
  return { text: after, fixed: fixed.map(one => one.code), left: again.map(one => one.code) }
}

const hash = (value: string): string => `"sha256:${createHash('sha256').update(value).digest('hex')}"`

const route = (auth: string): string => `binds:
- port: 3000
  listeners:
  - routes:
    - backends:
      - ai: { name: a, provider: { openAI: {} } }
      policies:
        backendAuth: { key: ${auth} }
`
const clients = (key: string): string => `binds:
- port: 3000
  listeners:
  - routes:
    - policies:
        apiKey:
          mode: strict
          keys:
          - ${key}
      backends:
      - host: "localhost:8080"
`
const passwords = (text: string): string => `binds:
- port: 3000
  listeners:
  - routes:
    - policies:
        basicAuth: { mode: strict, htpasswd: ${text} }
      backends:
      - host: "localhost:8080"
`

describe('a variable in a comment', () => {
  it.each([
    ['# see $NOPE\nbinds: []\n', '# see $$NOPE\nbinds: []\n'],
    ['binds: [] # ${NOPE} and $2y\n', 'binds: [] # $${NOPE} and $$2y\n'],
    ['# $KEY is set\r\n# $NOPE is not\r\nbinds: []\r\n', '# $KEY is set\r\n# $$NOPE is not\r\nbinds: []\r\n'],
  ])('%j', (text, after) => {
    expect(fix(text)).toMatchObject({ text: after, left: [] })
  })
})

describe('a dollar sign that no variable can follow', () => {
  it.each([
    [
      '"u:$2y$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"',
      '"u:$$2y$$05$$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"',
    ],
    ['"u:$apr1$r31abcde$HqJZimcKQFAMYayBlzkrA/"', '"u:$$apr1$$r31abcde$$HqJZimcKQFAMYayBlzkrA/"'],
    ['"u:$6$salt$hash"', '"u:$$6$$salt$$hash"'],
  ])('%s', (text, after) => {
    expect(fix(passwords(text))).toMatchObject({ text: passwords(after), left: [] })
  })

  it.each(['"u:$NOPE"', '"u:${2y}"', '"$NOPE$OTHER"'])('but not in %s, which may be one', text => {
    expect(fix(passwords(text))).toMatchObject({ text: passwords(text), fixed: [] })
  })
})

describe('a client key in plain text', () => {
  it.each([
    ['key: the-key-of-alice', `keyHash: ${hash('the-key-of-alice')}`],
    ['key: "the key of alice"   # whose', `keyHash: ${hash('the key of alice')}   # whose`],
    ["key: 'it''s alice''s key'", `keyHash: ${hash("it's alice's key")}`],
    [
      '{ key: the-key-of-alice, metadata: { user: a } }',
      `{ keyHash: ${hash('the-key-of-alice')}, metadata: { user: a } }`,
    ],
    ['"key": "the-key-of-al$$ice"', `"keyHash": ${hash('the-key-of-al$ice')}`],
    ['{"key":"the-key-of-alice","metadata":{}}', `{"keyHash":${hash('the-key-of-alice')},"metadata":{}}`],
    ['key: " padded key of alice "', `keyHash: ${hash(' padded key of alice ')}`],
  ])('%s', (key, after) => {
    expect(fix(clients(key))).toMatchObject({ text: clients(after), fixed: ['PLAIN_VIRTUAL_KEY'], left: [] })
  })

  it.each([
    'key: "$KEY"',
    'key: "the-key-of-$KEY"',
    'key: &anchor the-key-of-alice',
    'key: !!str the-key-of-alice',
    'key: |\n              the-key-of-alice',
    'key:\n              the-key-of-alice',
  ])('but not %j', key => {
    expect(fix(clients(key))).toMatchObject({ text: clients(key), fixed: [] })
  })

  it('but not one that could be guessed by its hash, which is told of as before', () => {
    const text = clients('key: password1234567')
    expect(fix(text)).toEqual({ text, fixed: [], left: ['PLAIN_VIRTUAL_KEY'] })
  })

  it('leaves an alias and what it stands for alone', () => {
    const text = clients('key: *shared').replace(
      'binds:',
      'config: { adminAddr: &shared "localhost:15000" }\nbinds:',
    )
    expect(fix(text).text).toBe(text)
  })
})

describe('a variable whose value changes the file', () => {
  it.each([
    ['{ key: $COMMA }', '{ key: "$COMMA" }'],
    ['{ key: Bearer $COMMA }  # why', '{ key: "Bearer $COMMA" }  # why'],
    ['\n          key: $HASH # why', '\n          key: "$HASH" # why'],
    ['\n          key: ${HASH}', '\n          key: "${HASH}"'],
  ])('%j', (auth, after) => {
    const block = (text: string): string => route('').replace('{ key:  }', () => text)
    const { text, fixed, left } = fix(block(auth))
    expect({ text, fixed, left }).toEqual({ text: block(after), fixed: ['VARIABLE_CHANGES_YAML'], left: [] })
  })

  it('but not where quotes would not help', () => {
    expect(fix(route('$QUOTE'))).toMatchObject({ text: route('$QUOTE'), fixed: [] })
  })

  it('but not where a number is meant', () => {
    const text = 'binds:\n- port: $PORT\n  listeners: []\n'
    expect(fix(text)).toMatchObject({ text, fixed: [] })
  })
})

it('keeps the good ones where one would do harm', () => {
  const text = `# $NOPE\n${route('$QUOTE')}`
  expect(fix(text)).toMatchObject({ text: `# $$NOPE\n${route('$QUOTE')}`, fixed: ['VARIABLE_IN_COMMENT'] })
})

it('changes nothing else of the text', () => {
  const text = `\n---\n# $NOPE\n${clients('key:   the-key-of-alice')}\n\n# end`
  expect(fix(text).text).toBe(
    text
      .replace('$NOPE', '$$$$NOPE')
      .replace('key:   the-key-of-alice', `keyHash:   ${hash('the-key-of-alice')}`),
  )
})
