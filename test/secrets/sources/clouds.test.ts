import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { gather } from '../../../src/secrets/gather.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import { azureSource } from '../../../src/secrets/sources/azure.ts'
import { tempFolders } from '../folders.ts'
import { contract, problem, said } from './contract.ts'
import { access, fakeAzure, fakeGoogle } from './fake-clouds.ts'
import { fakeServer } from './fake-server.ts'

const folder = tempFolders()
const rest = { refreshMs: undefined, timeoutMs: 2000 }

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
