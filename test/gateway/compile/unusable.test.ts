import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type CheckOptions, checkConfig } from '../../../src/checking/check.ts'
import { compileRuntime } from '../../../src/gateway/compile/compile.ts'
import { loadConfig } from '../../../src/load.ts'
import { hasCompat, PUBLISHED_SCHEMA, publicConfigs, WITHOUT_COMPAT } from '../../helpers/compat.ts'
import { makeCertificate } from '../../helpers/tls.ts'
import { tempFolders } from '../../secrets/folders.ts'

const folder = tempFolders()
const pair = makeCertificate(['localhost'])
const stranger = makeCertificate(['localhost'])
const USERS = `ann:{SHA}${'a'.repeat(27)}=\n`
const ED25519 = { kid: 'one', kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
const KEY_SET = JSON.stringify({ keys: [ED25519] })

const PRICES = JSON.stringify({ providers: { openai: { models: { a: { rates: { input: '2.5' } } } } } })

/** Beside every config. */
const FILES: Readonly<Record<string, string>> = {
  'keys.json': KEY_SET,
  'html.json': '<html>',
  users: USERS,
  'plain-users': 'ann:sesame-4711\n',
  'cert.pem': pair.cert,
  'key.pem': pair.key,
  'ca.pem': pair.ca,
  'other-key.pem': stranger.key,
  'prices.json': PRICES,
  'old-prices.json': PRICES.replace('2.5', '2,5'),
}

const onGateway = (more: string): string => `gateways: {default: {port: 8080, ${more}}}
routes:
- backends:
  - host: localhost:9000
`
const jwt = (jwks: string): string => onGateway(`jwtAuth: {mode: strict, issuer: me, jwks: ${jwks}}`)
const basic = (users: string): string => onGateway(`basicAuth: {mode: strict, htpasswd: ${users}}`)
const tls = (cert: string, key: string, more = ''): string =>
  onGateway(`protocol: HTTPS, tls: {cert: ${cert}, key: ${key}${more}}`)
const backend = (written: string): string => `${onGateway('')}  policies: {backendTLS: ${written}}\n`
const catalog = (...sources: string[]): string =>
  `config: {modelCatalog: [${sources.join(', ')}]}\n${onGateway('')}`
const quoted = (text: string): string => `'${text}'`

async function load(text: string, env: Record<string, string> = {}) {
  const dir = folder()
  await writeFile(join(dir, 'config.yaml'), text)
  for (const [name, content] of Object.entries(FILES)) await writeFile(join(dir, name), content)
  return { file: join(dir, 'config.yaml'), env, cwd: dir, envFile: false as const }
}

async function found(
  text: string,
  options: Partial<CheckOptions> = {},
  env?: Record<string, string>,
): Promise<string[]> {
  const { diagnostics } = await checkConfig(await load(text, env), { secrets: true, ...options })
  for (const { message, hint } of diagnostics) {
    expect(`${message} ${hint}`).not.toContain('sesame-4711')
    expect(hint).toMatch(/^\S.{5,}[^.]$/s)
  }
  return diagnostics
    .filter(one => one.severity === 'error')
    .map(({ code, range, message }) => `${code} ${range.start.line} ${message}`)
}

/** What compiling says, which is what `agw serve` does before it listens. */
async function refusal(text: string): Promise<string> {
  const options = await load(text)
  const { config } = await loadConfig(options)
  if (config === undefined) return 'no config'
  try {
    compileRuntime(config, { readFile: file => readFileSync(resolve(options.cwd, file), 'utf8') })
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const INLINE: [string, string, string][] = [
  ['a key set that is no JSON', jwt(quoted('not json')), 'this is no key set'],
  ['JSON that is no key set', jwt(quoted('{"kids": []}')), 'this is no key set'],
  ['a key without a name', jwt(quoted('{"keys": [{"kty": "oct"}]}')), 'a key of the set has no "kid"'],
  ...(
    [
      ['that is shared with the issuer', { kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' }],
      ['of a curve that tokens are not signed with', { kty: 'EC', crv: 'secp256k1', x: 'AQ', y: 'AQ' }],
      ['that encrypts alone', { kty: 'OKP', crv: 'X25519', x: 'A'.repeat(43) }],
      ['with a part missing', { kty: 'RSA', n: 'AQAB' }],
      ['of a kind that is not known', { kty: 'AKP', pub: 'AQ' }],
    ] as const
  ).map(([what, key]): [string, string, string] => [
    `a key ${what}`,
    jwt(quoted(JSON.stringify({ keys: [ED25519, { kid: 'two', ...key }] }))),
    'key 2 of the set is no public key that tokens can be checked with',
  ]),
  ['a catalog that is no JSON', catalog(`{inline: '{"providers'}`), 'this catalog is no JSON'],
  [
    'a catalog with a price that is none',
    catalog(`{inline: '${PRICES.replace('2.5', '-2.5')}'}`),
    'providers.openai.models.a.rates.input: this is not an amount of money',
  ],
  [
    'a newest TLS version below the oldest',
    tls('cert.pem', 'key.pem', ', minTLSVersion: TLS_V1_3, maxTLSVersion: TLS_V1_2'),
    'the newest TLS version that is taken is older than the oldest',
  ],
  [
    'a newest TLS version for all listeners below the oldest of one',
    `${tls('cert.pem', 'key.pem', ', minTlsVersion: TLS_V1_3')}frontendPolicies: {tls: {maxVersion: TLS_V1_2}}\n`,
    'the newest TLS version that is taken is older than the oldest',
  ],
  [
    'cipher suites of another TLS version',
    tls('cert.pem', 'key.pem', ', maxTLSVersion: TLS_V1_2, cipherSuites: [TLS_AES_256_GCM_SHA384]'),
    'none of these suites belongs to a TLS version that is taken',
  ],
  ['a password in clear text', basic('"ann:sesame-4711"'), 'line 1 has a kind of hash that is not run here'],
]

const IN_FILES: [string, string, string][] = [
  ['a key set that is missing', jwt('{file: nowhere}'), 'nowhere cannot be read: it does not exist'],
  ['a file that is no key set', jwt('{file: html.json}'), 'this is no key set'],
  ['a password file that is missing', basic('{file: nowhere}'), 'nowhere cannot be read: it does not exist'],
  [
    'a file of plain passwords',
    basic('{file: plain-users}'),
    'line 1 has a kind of hash that is not run here',
  ],
  ['a certificate that is missing', tls('nowhere', 'key.pem'), 'nowhere cannot be read: it does not exist'],
  ['a key that is missing', tls('cert.pem', 'nowhere'), 'nowhere cannot be read: it does not exist'],
  [
    'a key in the place of a certificate',
    tls('key.pem', 'key.pem'),
    'key.pem holds no certificate in PEM form',
  ],
  [
    'the key of another certificate',
    tls('cert.pem', 'other-key.pem'),
    'the certificate and its key cannot be used',
  ],
  [
    'roots of clients that are missing',
    tls('cert.pem', 'key.pem', ', root: nowhere'),
    'nowhere cannot be read: it does not exist',
  ],
  ['a catalog that is missing', catalog('{file: nowhere}'), 'nowhere cannot be read: it does not exist'],
  [
    'the second catalog, with a price that is none',
    catalog('{file: prices.json}', '{file: old-prices.json}'),
    'old-prices.json: providers.openai.models.a.rates.input: this is not an amount of money',
  ],
  [
    'roots of a backend that are missing',
    backend('{root: nowhere}'),
    'nowhere cannot be read: it does not exist',
  ],
  ['roots of a backend that are none', backend('{root: users}'), 'users holds no certificate in PEM form'],
  [
    'a client certificate with the key of another',
    backend('{cert: cert.pem, key: other-key.pem}'),
    'the key does not belong to the certificate',
  ],
]

describe.each([...INLINE, ...IN_FILES])('%s', (_title, text, message) => {
  const line = text.includes('backendTLS') ? 5 : 1

  test('is found where it stands, once', async () => {
    const findings = await found(text)
    expect(findings).toEqual([expect.stringContaining(`MATERIAL_UNUSABLE ${line} ${message}`)])
  })

  test('is what the gateway does not start with', async () => {
    expect(await refusal(text)).toContain(message)
  })

  test('is not looked for where agentgateway runs it', async () => {
    expect(await found(text, { engine: 'agentgateway' })).toEqual([])
  })
})

test.each(INLINE)('%s is found without looking at files, too', async (_title, text, message) => {
  expect(await found(text, { secrets: false })).toEqual([expect.stringContaining(message)])
})

test.each(IN_FILES)('%s is not looked for with --no-secrets', async (_title, text) => {
  expect(await found(text, { secrets: false })).toEqual([])
})

test.each(['overrides', 'defaults'])('%s of requests may have fields of any name', async place => {
  const fields =
    '{jwtAuth: {jwks: 5}, basicAuth: {htpasswd: 7}, tls: {cert: 5, key: x}, backendTLS: {root: [1]}}'
  const text = `llm: {models: [{name: a, provider: ollama, ${place}: ${fields}}]}\n`
  expect(await found(text)).toEqual([])
})

test.each([
  ['a key set', jwt(quoted(KEY_SET))],
  ['a key set in a file', jwt('{file: keys.json}')],
  ['a password file', basic('{file: users}')],
  ['a certificate and its key', tls('cert.pem', 'key.pem', ', root: ca.pem')],
  [
    'catalogs of prices',
    catalog('{file: prices.json}', `{inline: '${PRICES}'}`, '{inline: {providers: {}}}'),
  ],
  ['roots and identity of a backend', backend('{root: ca.pem, cert: cert.pem, key: key.pem}')],
])('%s that can be used is no finding, and the gateway takes it', async (_title, text) => {
  expect(await found(text)).toEqual([])
  expect(await refusal(text)).toBe('')
})

test('every catalog that cannot be used is found', async () => {
  expect(await found(catalog('{file: nowhere}', '{file: users}', '{file: prices.json}'))).toHaveLength(2)
})

test('every one of several is found', async () => {
  const text = onGateway('basicAuth: {htpasswd: "ann"}, jwtAuth: {issuer: me, jwks: {file: nowhere}}')
  expect(await found(text)).toHaveLength(2)
})

describe('a value that waits for a variable', () => {
  test.each([
    ['passwords', basic('"$THE_USERS"')],
    ['a key set', jwt('"$THE_SET"')],
    ['the file of a key set', jwt('{file: "$THE_FILE"}')],
    ['a certificate', tls('$CERT', 'key.pem')],
    ['a catalog', catalog('{inline: "$PRICES"}')],
    ['the file of a catalog', catalog('{file: "$PRICES"}')],
  ])('%s: only the variable is told of', async (_title, text) => {
    expect(await found(text)).toEqual([expect.stringContaining('VARIABLE_UNSET')])
    expect(await found(text, { secrets: false })).toEqual([])
  })

  test('is judged once the variable is set', async () => {
    expect(await found(basic('"$THE_USERS"'), {}, { THE_USERS: USERS.trim() })).toEqual([])
    expect(await found(basic('"$THE_USERS"'), {}, { THE_USERS: 'ann' })).toHaveLength(1)
  })
})

describe.skipIf(!hasCompat)(hasCompat ? 'the public configs' : WITHOUT_COMPAT, () => {
  test('none has anything to find where files are not looked at', async () => {
    const found: string[] = []
    for (const { file } of publicConfigs().filter(one => one.schemaValid)) {
      const options = {
        file: join(dirname(PUBLISHED_SCHEMA), 'configs', file),
        env: {},
        cwd: folder(),
        envFile: false as const,
      }
      const { diagnostics } = await checkConfig(options, { secrets: false })
      for (const { code, message } of diagnostics)
        if (code === 'MATERIAL_UNUSABLE') found.push(`${file} ${message}`)
    }
    expect(found).toEqual([])
  })
})
