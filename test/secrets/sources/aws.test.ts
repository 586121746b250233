import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AgwError } from '../../../src/errors.ts'
import { gather } from '../../../src/secrets/gather.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import { parameterSource, secretsManagerSource } from '../../../src/secrets/sources/aws.ts'
import { unless } from '../../helpers/needs.ts'
import { refusingPort } from '../../helpers/refusing-port.ts'
import { contract, problem, said } from './contract.ts'
import { fakeServer, type Said } from './fake-server.ts'
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
    // A field that was taken away is not back, though its secret is.
    expect(await text()).toBe('{"a":"again"}')
    await client.send(
      new sdk.PutSecretValueCommand({ SecretId: 'keys', SecretString: '{"n":5,"a":"again"}' }),
    )
    const gone = () => client.send(new sdk.DeleteSecretCommand({ SecretId: 'keys' }))
    await gone()
    expect(await secretsManagerSource.remove?.(place, context())).toMatchObject({ changed: false })
    await secretsManagerSource.store?.(secret({ id: 'keys', field: 'n' }), new Secret('6'), context())
    expect(await text()).toBe('{"n":"6","a":"again"}')
    await gone()
    await secretsManagerSource.store?.(place, new Secret('again'), context())
    expect(await text()).toBe('{"n":"6","a":"again"}')
    await client.send(new sdk.PutSecretValueCommand({ SecretId: 'keys', SecretString: 'no JSON' }))
    await expect(secretsManagerSource.store?.(place, new Secret('x'), context())).rejects.toThrow(/not JSON/)
    expect(await text()).toBe('no JSON')
    await gone()
    await expect(secretsManagerSource.store?.(place, new Secret('x'), context())).rejects.toThrow(/not JSON/)
    await expect(text()).rejects.toThrow(/marked deleted/)
    await secretsManagerSource.store?.(secret({ id: 'keys' }), new Secret('whole'), context())
    expect(await text()).toBe('whole')
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
    const connections = { aws: { endpoint: `http://127.0.0.1:${(await refusingPort()).port}` } }
    const found = problem((await gather([entry], { env: LOGIN, configDir: '/', connections })).get('A'))
    for (const name of Object.keys(LOGIN)) delete process.env[name]
    expect(found).toMatchObject({ code: 'unreachable', message: expect.stringMatching(/ECONNREFUSED/) })
  })

  test.each([
    ['agw.yaml', { aws: { endpoint: 'http://aws.example' } }, {}],
    ['the environment', {}, { AWS_ENDPOINT_URL: 'http://aws.example' }],
    ['the environment, for one service', {}, { AWS_ENDPOINT_URL_SSM: 'http://aws.example' }],
  ])('an address without TLS is not called, for no service: it is from %s', async (_, connections, env) => {
    const parameter = { ...entry, variable: 'B', kind: 'aws-ssm', where: { name: '/b' } } as const
    const found = await gather([entry, parameter], { env: { ...LOGIN, ...env }, configDir: '/', connections })
    for (const name of ['A', 'B'])
      expect(problem(found.get(name))).toMatchObject({
        code: 'not-configured',
        message: expect.stringMatching(/aws\.example would be called without TLS/),
      })
    const place = { variable: 'A', kind: 'aws-secretsmanager', where: { id: 'x' } } as const
    await expect(
      secretsManagerSource.store?.(place, new Secret('x'), { env, configDir: '/', connections }),
    ).rejects.toThrow(/without TLS/)
  })

  test.each([
    ['a secret', entry],
    ['a parameter', { ...entry, kind: 'aws-ssm', where: { name: '/x' } } as const],
  ])('an answer without end is cut off: %s', async (_, one) => {
    Object.assign(process.env, LOGIN)
    let sent = 0
    const endless = createServer((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('k'.repeat(64 * 1024))) sent += 64 * 1024
      }
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' })
      response.on('drain', more)
      more()
    }).listen(0, '127.0.0.1')
    await once(endless, 'listening')
    const endpoint = `http://127.0.0.1:${(endless.address() as AddressInfo).port}`
    const context = { env: LOGIN, configDir: '/', connections: { aws: { endpoint } } }
    const found = problem((await gather([{ ...one, timeoutMs: 20_000 }], context)).get('A'))
    for (const name of Object.keys(LOGIN)) delete process.env[name]
    expect(found).toMatchObject({ code: 'too-large', message: expect.stringMatching(/more than 1 MiB/) })
    endless.close()
    await once(endless, 'close')
    expect(sent).toBeLessThan(32 * 1024 * 1024)
  })

  describe('a deleted secret that could not be set', () => {
    const place = { variable: 'A', kind: 'aws-secretsmanager', where: { id: 'prod' } } as const
    const never = new Promise<Said>(() => {})
    /** Answers as AWS does, but for a step that is named `silent`: the time is up when that is asked for. */
    const aws = async (silent: string, refused: Readonly<Record<string, string>> = {}) => {
      let isDeleted = true
      const time = new AbortController()
      const { url, seen } = await fakeServer(({ headers }) => {
        const step = String(headers['x-amz-target']).split('.')[1] ?? ''
        const refusal = refused[step]
        if (refusal !== undefined) return { status: 400, json: { __type: refusal } }
        if (step === 'RestoreSecret') isDeleted = false
        if (step === 'DeleteSecret') isDeleted = true
        if (step === silent) {
          time.abort(new DOMException('the time is up', 'TimeoutError'))
          return never
        }
        if (step === 'DescribeSecret') return { status: 200, json: isDeleted ? { DeletedDate: 1 } : {} }
        if (step !== 'GetSecretValue') return { status: 200, json: {} }
        if (isDeleted) return { status: 400, json: { __type: 'InvalidRequestException' } }
        return { status: 200, json: { SecretString: 'sk-old' } }
      })
      const steps = (): string[] =>
        seen.map(({ headers }) => String(headers['x-amz-target']).split('.')[1] ?? '')
      const store = async (): Promise<AgwError> => {
        Object.assign(process.env, LOGIN)
        const connections = { aws: { endpoint: url } }
        const context = { env: LOGIN, configDir: '/', connections, signal: time.signal }
        const failed = await Promise.resolve(
          secretsManagerSource.store?.(place, new Secret('sk-new'), context),
        ).catch(error => error)
        for (const name of Object.keys(LOGIN)) delete process.env[name]
        return failed as AgwError
      }
      return { store, steps, isDeleted: () => isDeleted }
    }

    test.each(['PutSecretValue', 'RestoreSecret'])(
      'is deleted again when the time is up at %s',
      async silent => {
        const { store, isDeleted, steps } = await aws(silent)
        expect(await store()).toMatchObject({ message: expect.stringMatching(/did not answer in time$/) })
        expect([isDeleted(), steps().at(-1)]).toEqual([true, 'DeleteSecret'])
      },
    )

    test('is named where it cannot be deleted again', async () => {
      const { store } = await aws('PutSecretValue', { DeleteSecret: 'AccessDeniedException' })
      expect(await store()).toMatchObject({
        code: 'WRITE_FAILED',
        message: expect.stringMatching(/in time, and aws-secretsmanager prod, .* old key may be readable/),
        hint: expect.stringMatching(/delete-secret --secret-id prod/),
      })
    })

    test('is left alone where it may not be restored', async () => {
      const { store, steps } = await aws('', { RestoreSecret: 'AccessDeniedException' })
      expect(await store()).toMatchObject({ message: expect.stringMatching(/AccessDeniedException/) })
      expect(steps()).not.toContain('DeleteSecret')
    })
  })

  // The emulator leaves the selector out of its answer; this one answers as the reference of the API says.
  test('a parameter by version and by label is told from the newest', async () => {
    Object.assign(process.env, LOGIN)
    const selectors: Record<string, string> = { '/k': 'v3', '/k:1': 'v1', '/k:good': 'v2' }
    const { url } = await fakeServer(({ body }) => {
      const { Names } = JSON.parse(body) as { Names: string[] }
      const known = Names.filter(name => selectors[name] !== undefined).reverse()
      const json = {
        Parameters: known.map(name => {
          const [Name = '', selector] = name.split(':')
          return { Name, Type: 'SecureString', Value: selectors[name], Selector: selector && `:${selector}` }
        }),
      }
      return { status: 200, json }
    })
    const names = ['/k', '/k:1', '/k:good', '/k:9']
    const entries = names.map(
      name => ({ ...entry, variable: name, kind: 'aws-ssm', where: { name } }) as const,
    )
    const connections = { aws: { endpoint: url } }
    const found = await gather(entries, { env: LOGIN, configDir: '/', connections })
    for (const name of Object.keys(LOGIN)) delete process.env[name]
    expect(names.map(name => said(found.get(name) as never))).toEqual(['v3', 'v1', 'v2', 'missing'])
  })

  test('parameters are asked for apart when one name makes the whole call fail', async () => {
    Object.assign(process.env, LOGIN)
    const { url, seen } = await fakeServer(({ body }) => {
      const { Names } = JSON.parse(body) as { Names: string[] }
      if (Names.includes('/bad')) return { status: 400, json: { __type: 'ValidationException' } }
      const json = { Parameters: Names.map(Name => ({ Name, Type: 'SecureString', Value: `v${Name}` })) }
      return { status: 200, json }
    })
    const entries = ['/a', '/bad', '/b'].map(
      name => ({ ...entry, variable: name, kind: 'aws-ssm', where: { name } }) as const,
    )
    const connections = { aws: { endpoint: url } }
    const found = await gather(entries, { env: LOGIN, configDir: '/', connections })
    for (const name of Object.keys(LOGIN)) delete process.env[name]
    expect([...found.values()].map(said)).toEqual(['v/a', 'unreadable', 'v/b'])
    expect(seen).toHaveLength(4)
  })

  test('no login at all is told as that', async () => {
    const kept = { ...process.env }
    const nothing = {
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/nonexistent/config',
      AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
      AWS_REGION: 'eu-central-1',
    }
    Object.assign(process.env, nothing)
    const { url, seen } = await fakeServer(() => ({ status: 500 }))
    const connections = { aws: { endpoint: url } }
    const found = problem((await gather([entry], { env: nothing, configDir: '/', connections })).get('A'))
    for (const name of Object.keys(nothing)) {
      if (kept[name] === undefined) delete process.env[name]
      else process.env[name] = kept[name]
    }
    expect(found).toMatchObject({
      code: 'not-configured',
      message: expect.stringMatching(/no login for AWS/),
    })
    expect(seen).toEqual([])
  })
})
