import { describe, expect, test } from 'vitest'
import { diagnosticsIn, findingsIn } from './findings-in.ts'

const header = (value: string): string => `llm:
  models:
  - name: "*"
    provider: openAI
    params: {apiKey: "example"}
    requestHeaders:
      set:
        x-a: ${value}
`

describe('the value of a variable', () => {
  const cases: readonly (readonly [
    what: string,
    written: string,
    value: string,
    findings: readonly string[],
  ])[] = [
    ['plain', '$A', 'sk-abc_123/x+y=', []],
    ['with a colon inside', '$A', 'host:8080', []],
    ['a comment', '$A', 'abc #def', ['VARIABLE_CHANGES_YAML 8']],
    ['a # inside a word', '$A', 'abc#def', []],
    ['a comment, but in quotes', '"$A"', 'abc #def', []],
    ['null', '$A', '~', ['VARIABLE_CHANGES_YAML 8', 'WRONG_TYPE 8']],
    ['null as a part', 'a-$A', 'null', []],
    ['a star at the start', '$A', '*abc', ['VARIABLE_CHANGES_YAML 8', 'YAML_SYNTAX 8']],
    ['a star inside', 'a$A', '*abc', []],
    ['a quote in double quotes', '"$A"', 'a"b', ['VARIABLE_CHANGES_YAML 8', 'YAML_SYNTAX 8']],
    ['a quote in single quotes', "'$A'", 'a"b', []],
    ['a backslash in double quotes', '"$A"', 'a\\tb', ['VARIABLE_CHANGES_YAML 8']],
    ['a backslash in single quotes', "'$A'", 'a\\nb', []],
    ['a default is looked at too', '${A:-b #c}', 'plain', []],
    ['empty', '"$A"', '', ['VARIABLE_EMPTY 8']],
    ['empty with a default', '"${A:-b}"', '', ['VARIABLE_EMPTY 8']],
    ['empty as wanted', '"${A:-}"', '', []],
  ]

  test.each(cases)('%s', (_, written, value, findings) => {
    expect(findingsIn(header(written), { A: value }).sort()).toEqual([...findings].sort())
  })

  test('that is not set is taken from the default', () => {
    expect(findingsIn(header('${A:-b #c}'))).toEqual(['VARIABLE_CHANGES_YAML 8'])
    expect(findingsIn(header('"${A:-}"'))).toEqual([])
  })

  test('that breaks the file is named, though nothing else can be said', () => {
    const found = diagnosticsIn(header('$A'), { A: 'sk-secret-canary: {' })
    expect(found.map(one => one.code)).toContain('VARIABLE_CHANGES_YAML')
    expect(JSON.stringify(found)).not.toContain('canary')
  })

  test.each([
    ['unquoted', '$A', '"abc', '"$A"'],
    ['in quotes', '"$A"', 'a"bc', 'a file of its own'],
  ])('that breaks the file is named in the error itself, with its place: %s', (_, written, value, hint) => {
    const [found] = diagnosticsIn(header(written), { A: value }).filter(one => one.code === 'YAML_SYNTAX')
    expect(found?.message).toMatch(/^the value of A breaks the YAML: /)
    expect(found?.hint).toContain(hint)
    expect(found?.range.start).toMatchObject({ line: 8, column: written.startsWith('"') ? 15 : 14 })
  })

  test('is not blamed for what is broken without it', () => {
    const found = diagnosticsIn(`${header('$A')}x: "\n`, { A: '"abc' })
    expect(found.map(one => one.message).join()).not.toContain('the value of A breaks')
  })

  test('and a default are never shown', () => {
    const found = diagnosticsIn(header('${A:-canary #7f3a}'))
    expect(found.map(one => one.code)).toEqual(['VARIABLE_CHANGES_YAML'])
    expect(JSON.stringify(found)).not.toContain('canary')
  })

  test('counts inside brackets', () => {
    const list = (value: string): string[] =>
      findingsIn('frontendPolicies: {accessLog: {remove: [$A]}}\n', { A: value })
    expect(list('http.path')).toEqual([])
    expect(list('http.path,src.addr')).toEqual(['VARIABLE_CHANGES_YAML 1'])
  })

  test('in a block of text ends it by a line break only', () => {
    const block = (value: string): string[] =>
      findingsIn('frontendPolicies:\n  accessLog:\n    add:\n      a: |\n        "$A"\n', { A: value })
    expect(block('a: b #c')).toEqual([])
    expect(block('a\nb')).toContain('VARIABLE_CHANGES_YAML 5')
  })

  test('in a comment is not looked at', () => {
    expect(findingsIn(`# $A and $B\n${header('x')}`, { A: '', B: 'a: b' })).toEqual([])
  })
})

test('a name that starts with a digit is meant literally', () => {
  const [finding] = diagnosticsIn(header('"$2y$$05"'))
  expect(finding?.code).toBe('VARIABLE_UNSET')
  expect(finding?.hint).toContain('$$')
})

test('an empty key is left to the check of keys', () => {
  const config = 'llm:\n  models:\n  - {name: "*", provider: openAI, params: {apiKey: "$KEY"}}\n'
  expect(findingsIn(config, { KEY: '' })).toEqual([])
  expect(findingsIn(config.replace('"$KEY"', '$KEY'), { KEY: '' })).toEqual([
    'VARIABLE_EMPTY 3',
    'CLIENT_CREDENTIAL_FORWARDED 3',
  ])
})

test('oidc needs a secret that only the environment gives', () => {
  const config =
    'llm:\n  models: []\n  policies:\n    oidc: {issuer: "https://a.example.com", clientId: a, clientSecret: b, redirectURI: "https://b.example.com/"}\n'
  expect(findingsIn(config)).toEqual(['VARIABLE_UNSET 4'])
  expect(findingsIn(config, { OIDC_COOKIE_SECRET: 'a'.repeat(64) })).toEqual([])
})

describe('older places', () => {
  test('are named, with the newer one', () => {
    const config = `config:
  tracing: {otlpEndpoint: "http://localhost:4317"}
  logging: {filter: 'true', fields: {}, level: info}
llm:
  port: 4000
  models:
  - {name: "*", provider: openAI, params: {apiKey: example, hostOverride: "localhost:8000", pathPrefix: /v1}}
`
    expect(findingsIn(config)).toEqual([
      'DEPRECATED 2',
      'DEPRECATED 3',
      'DEPRECATED 3',
      'DEPRECATED 5',
      'DEPRECATED 7',
      'DEPRECATED 7',
    ])
  })

  test('cannot stand beside the newer one', () => {
    const config = `config:
  tracing: {otlpEndpoint: "http://localhost:4317"}
frontendPolicies:
  tracing: {host: "localhost:4317"}
`
    expect(findingsIn(config)).toEqual(['KEY_CONFLICT 2', 'DEPRECATED 2'])
  })
})

test('relative files: secrets, certificates and documents', () => {
  const config = `binds:
- port: 8443
  listeners:
  - protocol: HTTPS
    tls: {cert: cert.pem, key: /etc/key.pem, root: ~/ca.pem}
    policies:
      jwtAuth: {mode: strict, issuer: a, audiences: [b], jwks: {file: keys.json}}
      basicAuth: {mode: strict, htpasswd: {file: users}}
    routes:
    - backends: [{host: "localhost:9000"}]
      policies:
        backendAuth: {key: {file: a.key}}
        requestHeaderModifier: {set: {file: a.txt}}
`
  expect(findingsIn(config)).toEqual([
    'RELATIVE_FILE 5',
    'RELATIVE_FILE 7',
    'RELATIVE_FILE 8',
    'RELATIVE_FILE 12',
  ])
})
