import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gather } from '../../../src/secrets/gather.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import { parameterSource, secretsManagerSource } from '../../../src/secrets/sources/aws.ts'
import { freePort } from '../../helpers/free-port.ts'
import { unless } from '../../helpers/needs.ts'
import { contract, problem, said } from './contract.ts'
import { LOGIN, type Moto, noMoto, startMoto } from './moto.ts'

describe.skipIf(noMoto !== undefined)(`AWS on moto, an emulator${unless(noMoto)}`, () => {
  let moto: Moto
  let url = ''
  const before = { ...process.env }
  beforeAll(async () => {
    moto = await startMoto()
    url = moto.url
    // The SDK looks for its login in the process itself.
    Object.assign(process.env, LOGIN)
  })
  afterAll(async () => {
    await moto.stop()
    for (const name of Object.keys(LOGIN)) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
  })

  const context = () => ({ env: LOGIN, configDir: '/', connections: { aws: { endpoint: url } } })
  const options = () => moto.client
  let count = 0

  contract(
    'aws-secretsmanager',
    async () => {
      const sdk = await import('@aws-sdk/client-secrets-manager')
      const client = new sdk.SecretsManagerClient(options())
      count += 1
      const id = (name: string): string => `agw/${count}/${name}`
      return {
        get context() {
          return context()
        },
        where: name => ({ id: id(name) }),
        put: async (name, value) => {
          await client
            .send(new sdk.CreateSecretCommand({ Name: id(name), SecretString: value }))
            .catch(() =>
              client.send(new sdk.PutSecretValueCommand({ SecretId: id(name), SecretString: value })),
            )
        },
        take: async name => {
          await client.send(
            new sdk.DeleteSecretCommand({ SecretId: id(name), ForceDeleteWithoutRecovery: true }),
          )
        },
      }
    },
    { fake: 'moto', largest: 60_000, noEmpty: true },
  )

  contract(
    'aws-ssm',
    async () => {
      const sdk = await import('@aws-sdk/client-ssm')
      const client = new sdk.SSMClient(options())
      count += 1
      const name = (one: string): string => `/agw/${count}/${one}`
      return {
        get context() {
          return context()
        },
        where: one => ({ name: name(one) }),
        put: async (one, Value) => {
          await client.send(
            new sdk.PutParameterCommand({ Name: name(one), Value, Type: 'SecureString', Overwrite: true }),
          )
        },
        take: async one => {
          await client.send(new sdk.DeleteParameterCommand({ Name: name(one) }))
        },
      }
    },
    { fake: 'moto', largest: 4000, noEmpty: true },
  )

  const secret = (where: { id: string; field?: string; stage?: string }) =>
    ({
      variable: JSON.stringify(where),
      kind: 'aws-secretsmanager',
      where,
      refreshMs: undefined,
      timeoutMs: undefined,
    }) as const

  test('a key of a JSON secret, and the version before', async () => {
    const sdk = await import('@aws-sdk/client-secrets-manager')
    const client = new sdk.SecretsManagerClient(options())
    await client.send(new sdk.CreateSecretCommand({ Name: 'json', SecretString: '{"a":"old"}' }))
    await client.send(
      new sdk.PutSecretValueCommand({ SecretId: 'json', SecretString: '{"a":"new","n":5,"m":{}}' }),
    )
    const places = [
      { id: 'json', field: 'a' },
      { id: 'json', field: 'n' },
      { id: 'json', field: 'a', stage: 'AWSPREVIOUS' },
      { id: 'json', field: 'z' },
      { id: 'json', field: 'm' },
    ]
    const found = await gather(places.map(secret), context())
    expect([...found.values()].map(said)).toEqual(['new', '5', 'old', 'missing', 'malformed'])
  })

  test('one key of a JSON secret is written, the others stay; what was deleted is restored', async () => {
    const sdk = await import('@aws-sdk/client-secrets-manager')
    const client = new sdk.SecretsManagerClient(options())
    await client.send(new sdk.CreateSecretCommand({ Name: 'keys', SecretString: '{"a":"old","n":5}' }))
    const text = async () =>
      (await client.send(new sdk.GetSecretValueCommand({ SecretId: 'keys' }))).SecretString
    const place = secret({ id: 'keys', field: 'a' })
    await secretsManagerSource.store?.(place, new Secret('new'), context())
    expect(await text()).toBe('{"a":"new","n":5}')
    await secretsManagerSource.remove?.(place, context())
    expect(await text()).toBe('{"n":5}')
    await secretsManagerSource.remove?.(secret({ id: 'keys', field: 'n' }), context())
    expect([...(await gather([place], context())).values()].map(said)).toEqual(['missing'])
    await secretsManagerSource.store?.(place, new Secret('again'), context())
    expect(await text()).toBe('{"a":"again"}')
    await client.send(new sdk.PutSecretValueCommand({ SecretId: 'keys', SecretString: 'no JSON' }))
    await expect(secretsManagerSource.store?.(place, new Secret('x'), context())).rejects.toThrow(/not JSON/)
    expect(await text()).toBe('no JSON')
    const before = secret({ id: 'keys', stage: 'AWSPREVIOUS' })
    await expect(secretsManagerSource.store?.(before, new Secret('x'), context())).rejects.toThrow(
      /one version/,
    )
  })

  test('a parameter keeps its key of encryption, and one in clear text is not written', async () => {
    const sdk = await import('@aws-sdk/client-ssm')
    const client = new sdk.SSMClient(options())
    const at = (name: string) => ({ variable: 'A', kind: 'aws-ssm', where: { name } }) as const
    const own = { Name: '/own', Value: 'old', Type: 'SecureString', KeyId: 'alias/mine' } as const
    await client.send(new sdk.PutParameterCommand(own))
    await parameterSource.store?.(at('/own'), new Secret('new'), context())
    const filters = [{ Key: 'Name', Option: 'Equals', Values: ['/own'] }]
    const described = await client.send(new sdk.DescribeParametersCommand({ ParameterFilters: filters }))
    expect(described.Parameters).toMatchObject([{ KeyId: 'alias/mine', Type: 'SecureString', Version: 2 }])
    await client.send(new sdk.PutParameterCommand({ Name: '/clear', Value: 'old', Type: 'String' }))
    await expect(parameterSource.store?.(at('/clear'), new Secret('new'), context())).rejects.toThrow(
      /clear text/,
    )
  })

  test('more parameters than one call takes', async () => {
    const sdk = await import('@aws-sdk/client-ssm')
    const client = new sdk.SSMClient(options())
    const names = Array.from({ length: 12 }, (_, index) => `/many/${index}`)
    for (const Name of names)
      await client.send(new sdk.PutParameterCommand({ Name, Value: `v${Name}`, Type: 'SecureString' }))
    const entries = [...names, '/many/none'].map(
      name =>
        ({
          variable: name,
          kind: 'aws-ssm',
          where: { name },
          refreshMs: undefined,
          timeoutMs: undefined,
        }) as const,
    )
    const found = await gather(entries, context())
    expect([...found.values()].map(said)).toEqual([...names.map(name => `v${name}`), 'missing'])
  })
})

describe('AWS that cannot be reached', () => {
  const entry = {
    variable: 'A',
    kind: 'aws-secretsmanager',
    where: { id: 'x' },
    refreshMs: undefined,
    timeoutMs: 3000,
  } as const

  test('is told as that, without a word of the SDK', async () => {
    Object.assign(process.env, LOGIN)
    const connections = { aws: { endpoint: `http://127.0.0.1:${await freePort()}` } }
    const found = problem((await gather([entry], { env: LOGIN, configDir: '/', connections })).get('A'))
    for (const name of Object.keys(LOGIN)) delete process.env[name]
    expect(found).toMatchObject({ code: 'unreachable', message: expect.stringMatching(/ECONNREFUSED/) })
  })
})
