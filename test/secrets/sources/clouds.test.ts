import { createVerify, generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { gather } from '../../../src/secrets/gather.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import { azureSource } from '../../../src/secrets/sources/azure.ts'
import { tempFolders } from '../folders.ts'
import { contract, problem, said } from './contract.ts'
import { fakeServer, type Said } from './fake-server.ts'

const folder = tempFolders()
const rest = { refreshMs: undefined, timeoutMs: 2000 }

/** Google's Secret Manager and token service, as their REST reference has them. */
async function fakeGoogle() {
  const secrets = new Map<string, string>()
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const error = (status: number, word: string): Said => ({
    status,
    json: { error: { code: status, status: word } },
  })
  const state = { token: 'ya29.test', disabled: false, forbidsWrites: false }
  const destroyed = new Set<string>()
  const made = new Set<string>()
  const write = (url: string, body: string): Said => {
    const [, path = '', action] = /^(\/v1\/[^:?]+)(.*)$/.exec(url) ?? []
    if (action === ':destroy') {
      secrets.delete(`${path}:access`)
      destroyed.add(path)
    } else if (action === ':addVersion') {
      const latest = `${path}/versions/latest`
      if (!made.has(path) && !secrets.has(`${latest}:access`) && !destroyed.has(latest))
        return error(404, 'NOT_FOUND')
      destroyed.delete(latest)
      secrets.set(`${latest}:access`, Buffer.from(JSON.parse(body).payload.data, 'base64').toString('utf8'))
    } else if (action?.startsWith('?secretId=') && JSON.parse(body).replication?.automatic !== undefined) {
      made.add(`${path}/${action.slice('?secretId='.length)}`)
    } else return error(400, 'INVALID_ARGUMENT')
    return { status: 200, json: {} }
  }
  const server = await fakeServer(({ url, headers, body, method }) => {
    if (url.startsWith('/computeMetadata/')) {
      return headers['metadata-flavor'] === 'Google'
        ? { status: 200, json: { access_token: state.token } }
        : { status: 403 }
    }
    if (url === '/token' && method === 'POST') {
      const [head, claims, signature = ''] = new URLSearchParams(body).get('assertion')?.split('.') ?? []
      const good = createVerify('RSA-SHA256')
        .update(`${head}.${claims}`)
        .verify(publicKey, signature, 'base64url')
      return good ? { status: 200, json: { access_token: state.token } } : error(400, 'invalid_grant')
    }
    if (headers.authorization !== `Bearer ${state.token}`) return error(401, 'UNAUTHENTICATED')
    if (method === 'POST') return state.forbidsWrites ? error(403, 'PERMISSION_DENIED') : write(url, body)
    if (url.endsWith('/versions/latest')) {
      const secret = secrets.get(`${url}:access`)
      if (secret === undefined && !destroyed.has(url)) return error(404, 'NOT_FOUND')
      return {
        status: 200,
        json: { name: url.slice(4), state: secret === undefined ? 'DESTROYED' : 'ENABLED' },
      }
    }
    if (state.disabled || destroyed.has(url.replace(':access', ''))) return error(400, 'FAILED_PRECONDITION')
    const value = secrets.get(url)
    if (value === undefined) return error(404, 'NOT_FOUND')
    return { status: 200, json: { name: url, payload: { data: Buffer.from(value).toString('base64') } } }
  })
  const account = (over: object = {}): string =>
    JSON.stringify({
      type: 'service_account',
      client_email: 'agw@p.iam.gserviceaccount.com',
      private_key_id: 'k1',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      token_uri: `${server.url}/token`,
      ...over,
    })
  return { ...server, secrets, state, account }
}

const access = (project: string, secret: string, version = 'latest') =>
  `/v1/projects/${project}/secrets/${secret}/versions/${version}:access`

contract(
  'gcp',
  async () => {
    const { url, secrets, account, state } = await fakeGoogle()
    const configDir = folder()
    writeFileSync(join(configDir, 'sa.json'), account(), { mode: 0o600 })
    return {
      forbidWrites: () => {
        state.forbidsWrites = true
      },
      context: {
        env: { GOOGLE_APPLICATION_CREDENTIALS: join(configDir, 'sa.json'), GOOGLE_CLOUD_PROJECT: 'p' },
        configDir,
        connections: { gcp: { endpoint: url } },
      },
      where: secret => ({ secret }),
      put: (name, value) => void secrets.set(access('p', name), value),
      take: name => void secrets.delete(access('p', name)),
    }
  },
  { fake: 'a fake Secret Manager and token service' },
)

describe('the source gcp, on a fake', () => {
  const entry = {
    variable: 'A',
    kind: 'gcp',
    where: { secret: 's', project: 'q', version: 3 },
    ...rest,
  } as const

  test('a named version of another project, with the token of the metadata server', async () => {
    const { url, secrets } = await fakeGoogle()
    secrets.set(access('q', 's', '3'), 'sk-3')
    const env = { GCE_METADATA_HOST: new URL(url).host, HOME: folder() }
    const found = await gather([entry], { env, configDir: '/', connections: { gcp: { endpoint: url } } })
    expect([...found.values()].map(said)).toEqual(['sk-3'])
  })

  test.each<[string, object, string, RegExp]>([
    [
      'a key that signs for nobody',
      {
        private_key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
          type: 'pkcs8',
          format: 'pem',
        }),
      },
      'not-configured',
      /not accept the login/,
    ],
    ['a key that is none', { private_key: 'canary' }, 'not-configured', /cannot be read/],
    [
      'a login of another kind',
      { type: 'external_account' },
      'not-configured',
      /neither of a service account nor/,
    ],
  ])('says what is wrong with the login: %s', async (_, over, code, message) => {
    const { url, account } = await fakeGoogle()
    const configDir = folder()
    writeFileSync(join(configDir, 'sa.json'), account(over), { mode: 0o600 })
    const env = { GOOGLE_APPLICATION_CREDENTIALS: join(configDir, 'sa.json') }
    const found = problem(
      (await gather([entry], { env, configDir, connections: { gcp: { endpoint: url } } })).get('A'),
    )
    expect(found).toMatchObject({ code, message: expect.stringMatching(message) })
    expect(JSON.stringify(found)).not.toMatch(/canary|PRIVATE/)
  })

  test.each([
    ['a host of somebody', 'https://login.evil.example/token'],
    ['one that looks like Google', 'https://oauth2.googleapis.com.evil.example/token'],
    ['one behind a name', 'https://oauth2.googleapis.com@evil.example/token'],
    ['Google without TLS', 'http://oauth2.googleapis.com/token'],
    ['no address', 'token'],
  ])('a login is signed for nobody but Google: %s', async (_, address) => {
    const { account, seen } = await fakeGoogle()
    const configDir = folder()
    writeFileSync(join(configDir, 'sa.json'), account({ token_uri: address }), { mode: 0o600 })
    const env = { GOOGLE_APPLICATION_CREDENTIALS: join(configDir, 'sa.json') }
    const found = problem((await gather([entry], { env, configDir, connections: {} })).get('A'))
    expect(found).toMatchObject({ code: 'not-configured', message: expect.stringMatching(/not of Google/) })
    expect(JSON.stringify(found)).not.toMatch(/evil|PRIVATE/)
    expect(seen).toEqual([])
  })

  test('where a token service sends on to, nothing is sent', async () => {
    const { account } = await fakeGoogle()
    const last = await fakeServer(() => ({ status: 200, json: { access_token: 'x' } }))
    const next = await fakeServer(() => ({ status: 307, headers: { location: `${last.url}/token` } }))
    const configDir = folder()
    writeFileSync(join(configDir, 'sa.json'), account({ token_uri: next.url }), { mode: 0o600 })
    const env = { GOOGLE_APPLICATION_CREDENTIALS: join(configDir, 'sa.json') }
    const found = problem((await gather([entry], { env, configDir, connections: {} })).get('A'))
    expect(found).toMatchObject({ message: expect.stringMatching(/status 307/) })
    expect([next.seen.length, last.seen.length]).toEqual([1, 0])
  })

  test('the metadata server is asked on this machine, and nowhere else without TLS', async () => {
    const env = { GCE_METADATA_HOST: 'metadata.evil.example', HOME: folder() }
    const found = problem((await gather([entry], { env, configDir: '/', connections: {} })).get('A'))
    expect(found).toMatchObject({ code: 'not-configured', message: expect.stringMatching(/without TLS/) })
  })

  test('a disabled version, a token that is not accepted, and no project are told apart', async () => {
    const google = await fakeGoogle()
    const context = (token: string) => ({
      env: { GOOGLE_OAUTH_ACCESS_TOKEN: token },
      configDir: '/',
      connections: { gcp: { endpoint: google.url } },
    })
    expect(problem((await gather([entry], context('other'))).get('A'))).toMatchObject({ code: 'denied' })
    google.state.disabled = true
    expect(problem((await gather([entry], context('ya29.test'))).get('A'))).toMatchObject({
      code: 'missing',
      message: expect.stringMatching(/disabled/),
    })
    const bare = { ...entry, where: { secret: 's' } }
    expect(problem((await gather([bare], context('ya29.test'))).get('A'))).toMatchObject({
      code: 'not-configured',
    })
  })
})

/** Azure's Key Vault and token service, as their REST reference has them. */
async function fakeAzure() {
  const secrets = new Map<string, string>()
  const state = { token: 'eyJ.azure', forbidsWrites: false }
  const deleted = new Set<string>()
  const given = new Map<string, object>()
  const error = (status: number, code: string): Said => ({ status, json: { error: { code } } })
  const server = await fakeServer(({ url, headers, body, method }) => {
    const { pathname, searchParams } = new URL(url, 'http://x')
    if (pathname === '/tenant/oauth2/v2.0/token') {
      const form = new URLSearchParams(body)
      const proof = form.get('client_secret') === 'cs' || form.get('client_assertion') === 'federated'
      const good =
        proof && form.get('client_id') === 'agw' && form.get('scope') === 'https://vault.azure.net/.default'
      return good ? { status: 200, json: { access_token: state.token } } : error(401, 'invalid_client')
    }
    if (pathname === '/msi') {
      const good =
        headers['x-identity-header'] === 'ih' && searchParams.get('resource') === 'https://vault.azure.net'
      return good ? { status: 200, json: { access_token: state.token } } : error(400, 'bad_request')
    }
    if (searchParams.get('api-version') === null) return error(400, 'BadParameter')
    if (headers.authorization !== `Bearer ${state.token}`) return error(401, 'Unauthorized')
    if (method !== 'GET' && state.forbidsWrites) return error(403, 'Forbidden')
    if (method === 'PUT') {
      if (deleted.has(pathname)) return error(409, 'Conflict')
      const { value: next, ...others } = JSON.parse(body)
      secrets.set(pathname, next)
      given.set(pathname, others)
    }
    const value = secrets.get(pathname)
    if (method === 'DELETE' && secrets.delete(pathname)) deleted.add(pathname)
    return value === undefined
      ? error(404, 'SecretNotFound')
      : { status: 200, json: { value, id: pathname, ...given.get(pathname) } }
  })
  return { ...server, secrets, state, given }
}

const principal = { AZURE_TENANT_ID: 'tenant', AZURE_CLIENT_ID: 'agw' }

contract(
  'azure',
  async () => {
    const { url, secrets, state } = await fakeAzure()
    return {
      forbidWrites: () => {
        state.forbidsWrites = true
      },
      context: {
        env: { ...principal, AZURE_CLIENT_SECRET: 'cs', AZURE_AUTHORITY_HOST: url },
        configDir: '/',
        connections: { azure: { endpoint: url } },
      },
      where: secret => ({ vault: 'my-vault', secret }),
      put: (name, value) => void secrets.set(`/secrets/${name}`, value),
      take: name => void secrets.delete(`/secrets/${name}`),
    }
  },
  { fake: 'a fake Key Vault and token service' },
)

describe('the source azure, on a fake', () => {
  test('a new version keeps content type and tags; what was deleted before has to be purged first', async () => {
    const { url, secrets, given } = await fakeAzure()
    secrets.set('/secrets/s', 'sk-old')
    given.set('/secrets/s', { contentType: 'text/plain', tags: { team: 'llm' } })
    const env = { ...principal, AZURE_CLIENT_SECRET: 'cs', AZURE_AUTHORITY_HOST: url }
    const context = { env, configDir: '/', connections: { azure: { endpoint: url } } }
    const place = { variable: 'A', kind: 'azure', where: { vault: 'v-1', secret: 's' } } as const
    await azureSource.store?.(place, new Secret('sk-new'), context)
    expect([secrets.get('/secrets/s'), given.get('/secrets/s')]).toEqual([
      'sk-new',
      { contentType: 'text/plain', tags: { team: 'llm' } },
    ])
    await azureSource.remove?.(place, context)
    await expect(azureSource.store?.(place, new Secret('sk-3'), context)).rejects.toMatchObject({
      message: expect.stringMatching(/deleted there/),
      hint: expect.stringMatching(/purge/),
    })
    await expect(
      azureSource.store?.({ ...place, where: entry.where }, new Secret('x'), context),
    ).rejects.toThrow(/names one version/)
  })

  const entry = {
    variable: 'A',
    kind: 'azure',
    where: { vault: 'v-1', secret: 's', version: 'abc' },
    ...rest,
  } as const

  test('logs in with a federated token, and as a managed identity', async () => {
    const { url, secrets } = await fakeAzure()
    secrets.set('/secrets/s/abc', 'sk-1')
    const configDir = folder()
    writeFileSync(join(configDir, 'token'), 'federated\n', { mode: 0o600 })
    const federated = {
      ...principal,
      AZURE_FEDERATED_TOKEN_FILE: join(configDir, 'token'),
      AZURE_AUTHORITY_HOST: url,
    }
    const managed = { IDENTITY_ENDPOINT: `${url}/msi`, IDENTITY_HEADER: 'ih' }
    for (const env of [federated, managed]) {
      const found = await gather([entry], { env, configDir, connections: { azure: { endpoint: url } } })
      expect([...found.values()].map(said)).toEqual(['sk-1'])
    }
  })

  test.each([
    ['another machine without TLS', 'http://10.0.0.1/msi', /without TLS/],
    ['no address', 'msi', /address to ask is none/],
  ])('the header of a managed identity goes to nobody on the network: %s', async (_, endpoint, message) => {
    const env = { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: 'canary' }
    const found = problem((await gather([entry], { env, configDir: '/', connections: {} })).get('A'))
    expect(found).toMatchObject({ code: 'not-configured', message: expect.stringMatching(message) })
    expect(JSON.stringify(found)).not.toContain('canary')
  })

  test('a client secret is sent over TLS only', async () => {
    const env = { ...principal, AZURE_CLIENT_SECRET: 'canary', AZURE_AUTHORITY_HOST: 'http://login.example' }
    const found = problem((await gather([entry], { env, configDir: '/', connections: {} })).get('A'))
    expect(found).toMatchObject({ code: 'not-configured', message: expect.stringMatching(/without TLS/) })
    expect(JSON.stringify(found)).not.toContain('canary')
  })

  test('a login that is not accepted is told without the login', async () => {
    const { url } = await fakeAzure()
    const env = { ...principal, AZURE_CLIENT_SECRET: 'canary', AZURE_AUTHORITY_HOST: url }
    const found = problem(
      (await gather([entry], { env, configDir: '/', connections: { azure: { endpoint: url } } })).get('A'),
    )
    expect(found).toMatchObject({ code: 'denied', message: expect.stringMatching(/401/) })
    expect(JSON.stringify(found)).not.toContain('canary')
  })
})
