import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { newVirtualKey } from '../../src/clients/index.ts'
import { fingerprint } from '../../src/secrets/secret.ts'
import { agw, type Run } from '../helpers/agw.ts'
import { folder, KEY, mock, put, seen, testRoute, useRouteScene } from '../helpers/route-scene.ts'
import { toOpenAi } from '../helpers/serving.ts'

useRouteScene()

const VIRTUAL = 'agw_sk_of-the-blue-team'
const HASH = `sha256:${createHash('sha256').update(VIRTUAL).digest('hex')}`
/** One of a gateway that is not this one. */
const OTHER = newVirtualKey().reveal()
const PAIR = 'ann:password'

const test = (args: readonly string[], MINE = '', input = ''): Promise<Run> =>
  testRoute(args, { env: { MINE }, input })

describe('a route that passes the credential of the client on', () => {
  const passthrough = (auth = 'passthrough: {}'): Promise<void> =>
    put(toOpenAi({ port: 3000, upstream: `127.0.0.1:${mock.port}`, auth }))

  it('is not tried without one: the message says how to give it', async () => {
    await passthrough()
    const run = await test([])
    expect(run.stderr).toMatch(
      /openai passes the client's own credential on.*\n.*--key-from-env VAR.*--key-from-stdin/,
    )
    expect(run.status).toBe(2)
    expect(seen).toEqual([])
  })

  it.each([
    ['from a variable', ['--key-from-env', 'MINE'], KEY, ''],
    ['from standard input', ['--key-from-stdin'], '', `${KEY}\n`],
    ['in a header', ['--header', `authorization: Bearer ${KEY}`], '', ''],
  ])('takes it %s', async (_, args, mine, input) => {
    await passthrough()
    const run = await test(args, mine, input)
    expect(run.status, run.stderr).toBe(0)
    expect(seen[0]?.headers).toMatchObject({ authorization: `Bearer ${fingerprint(KEY)}` })
    expect(run.stdout + run.stderr).not.toContain(KEY)
  })

  it.each([
    ['header', '{ header: { name: x-provider-key } }', KEY],
    ['cookie', '{ cookie: { name: provider-key } }', `provider-key=${KEY}`],
    ['parameter', '{ queryParameter: { name: provider-key } }', KEY],
  ])('puts it into the %s that the config names', async (_, location, sent) => {
    await passthrough(`passthrough: { location: ${location} }`)
    const run = await test(['--key-from-env', 'MINE'], KEY)
    expect(JSON.stringify(seen[0])).toContain(fingerprint(sent).slice(-8))
    expect(seen[0]?.headers['authorization']).toBeUndefined()
    expect(run.stdout + run.stderr).not.toContain(KEY)
  })

  it('is tried without one where its refusal is what is expected', async () => {
    await passthrough()
    const run = await test(['--expect-status', '401'])
    expect(run.status, run.stderr).toBe(0)
    expect(run.stdout).toContain('--key-from-env')
  })

  it('is explained without one', async () => {
    await passthrough()
    const run = await test(['--explain'])
    expect(run.status, run.stderr).toBe(0)
    expect(run.stdout).toContain("the client's own credential goes upstream")
  })
})

const htpasswd = 'ann:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g='
const apiKey = (location?: object) => ({ apiKey: { mode: 'strict', keys: [{ key: VIRTUAL }], ...location } })
const basicAuth = (location?: object) => ({ basicAuth: { mode: 'strict', htpasswd, ...location } })
const header = (name: string, prefix?: string) => ({ header: { name, prefix } })

describe('a gateway that asks its clients who they are', () => {
  const asking = (policies: object): Promise<void> =>
    put({
      gateways: { default: { port: 3000 } },
      llm: {
        policies,
        models: [
          {
            name: '*',
            provider: 'openAI',
            params: { baseUrl: `http://127.0.0.1:${mock.port}/v1`, apiKey: KEY },
          },
        ],
      },
    })

  it.each<[where: string, policies: object, shown: string]>([
    ['where it is usual', apiKey(), VIRTUAL],
    ['in the header of the policy', apiKey({ location: header('X-Api-Key') }), VIRTUAL],
    ['behind the prefix of the policy', apiKey({ location: header('authorization', 'Key ') }), VIRTUAL],
    ['in a cookie', apiKey({ location: { cookie: { name: 'team' } } }), VIRTUAL],
    ['in the query', apiKey({ location: { queryParameter: { name: 'team' } } }), VIRTUAL],
    ['as user and password', basicAuth(), PAIR],
    ['as those, in another header', basicAuth({ authorizationLocation: header('x-user', 'Basic ') }), PAIR],
    ['as those, for a proxy', basicAuth({ authorizationLocation: header('proxy-authorization') }), PAIR],
    ['as those, in a cookie', basicAuth({ authorizationLocation: { cookie: { name: 'user' } } }), PAIR],
  ])('is shown a credential %s, and nothing of it is printed', async (_, policies, shown) => {
    await asking(policies)
    for (const [args, mine, input] of [
      [['--key-from-env', 'MINE'], shown, ''],
      [['--key-from-stdin'], '', `${shown}\n`],
    ] as const) {
      const run = await test(args, mine, input)
      expect({ status: run.status, stderr: run.stderr }, run.stdout).toEqual({ status: 0, stderr: '' })
      expect(seen.at(-1)?.headers['authorization']).toBe(`Bearer ${fingerprint(KEY)}`)
      const explained = await test(['--explain', ...args], mine, input)
      expect(explained.status, explained.stdout).toBe(0)
      const base64 = Buffer.from(shown).toString('base64')
      for (const canary of [shown, base64, encodeURIComponent(base64)])
        expect(run.stdout + explained.stdout).not.toContain(canary)
    }
  })

  it('is shown one that is given where it asks for none, but knows whom it would know by it', async () => {
    const rules = [{ require: 'apiKey.team == "blue"' }]
    const keys = [{ key: VIRTUAL, metadata: { team: 'blue' } }]
    await asking({ apiKey: { mode: 'optional', keys }, authorization: { rules } })
    const without = await test([])
    expect(without.status, without.stdout).toBe(1)
    for (const args of [[], ['--explain']]) {
      const run = await test(['--key-from-env', 'MINE', ...args], VIRTUAL)
      expect({ status: run.status, stderr: run.stderr }, run.stdout).toEqual({ status: 0, stderr: '' })
    }
  })

  it('does not know one that is given, and lets it pass: the provider is not shown it', async () => {
    await asking({ apiKey: { ...apiKey({ location: header('X-Team') }).apiKey, mode: 'permissive' } })
    const run = await test(['--key-from-env', 'MINE'], OTHER)
    expect(run.status, run.stdout).toBe(2)
    expect(run.stderr).toMatch(
      /the gateway lets what was given for it pass, and the provider would be shown it/,
    )
    expect(seen).toEqual([])
    expect(run.stdout + run.stderr).not.toContain(OTHER)
    expect((await test(['--key-from-env', 'MINE', '--mock'], OTHER)).status).toBe(0)
    expect((await test(['--key-from-env', 'MINE'], VIRTUAL)).status).toBe(0)
  })

  it('does not ask: what is given is not shown to anybody, and that is said', async () => {
    await asking({})
    const run = await test(['--key-from-env', 'MINE'], VIRTUAL)
    expect(run.status, run.stdout).toBe(0)
    expect(run.stderr).toBe(
      'the key that was given is shown to nobody: nothing on this way asks a client for one\n',
    )
    expect(JSON.stringify(seen)).not.toContain(fingerprint(VIRTUAL).slice(-8))
  })

  it('says how to give one, and blames no provider', async () => {
    await asking(apiKey())
    for (const args of [[], ['--explain']]) {
      const run = await test(args)
      expect(run.status).toBe(1)
      expect(run.stdout).toMatch(/the gateway asks its clients for a credential: --key-from-env VAR/)
      expect(run.stdout).not.toContain('the provider was given no key')
    }
  })

  it('refuses a wrong one as it refuses everybody', async () => {
    await asking(apiKey())
    const run = await test(['--key-from-env', 'MINE'], 'agw_sk_of-nobody')
    expect(run.status).toBe(1)
    expect(run.stdout).toContain('invalid credentials')
  })

  it('says what to do where an expression looks for it, which may be anywhere', async () => {
    await asking(apiKey({ location: { expression: 'request.headers["x-team"]' } }))
    const run = await test(['--key-from-env', 'MINE'], VIRTUAL)
    expect(run.status).toBe(1)
    expect(run.stdout).toContain('an expression of the config finds the credential')
    expect((await test(['-H', `x-team: ${VIRTUAL}`])).status).toBe(0)
  })
})

describe('a gateway that asks who a client is, and passes another credential of it on', () => {
  const passing = (policies: object): Promise<void> =>
    put({
      binds: [
        {
          port: 3000,
          listeners: [
            {
              routes: [
                {
                  policies,
                  backends: [
                    {
                      ai: {
                        name: 'openai',
                        provider: { openAI: {} },
                        hostOverride: `127.0.0.1:${mock.port}`,
                      },
                      policies: { backendAuth: { passthrough: {} } },
                    },
                  ],
                },
              ],
            },
          ],
        },
      ],
    })

  it.each([
    ['x-team', ['--key-from-env', 'MINE'], VIRTUAL, ''],
    ['x-team', ['--key-from-stdin'], '', VIRTUAL],
    // Of its own name the provider is not given it either.
    ['x-api-key', ['--key-from-stdin'], '', VIRTUAL],
  ])('gives the provider not the one of the gateway: %s %j', async (name, args, mine, input) => {
    await passing(apiKey({ location: header(name) }))
    const run = await test(args, mine, input)
    expect(run.status, run.stdout).toBe(2)
    expect(run.stderr).toMatch(
      /openai passes the client's own credential on, and the key that was given is for the gateway\n.*AGW_REQUEST_HEADER/,
    )
    expect(seen).toEqual([])
  })

  it.each<[what: string, policies: object, given: string]>([
    ['a key', { apiKey: { ...apiKey({ location: header('x-team') }).apiKey, mode: 'optional' } }, VIRTUAL],
    ['no key', { apiKey: { ...apiKey({ location: header('x-team') }).apiKey, mode: 'permissive' } }, VIRTUAL],
    ['a key, in the same place', { apiKey: { ...apiKey().apiKey, mode: 'optional' } }, VIRTUAL],
    ['a key, and knows it by its hash', { apiKey: { mode: 'optional', keys: [{ keyHash: HASH }] } }, VIRTUAL],
    ['a key that is another one', { apiKey: { mode: 'optional', keys: [{ keyHash: HASH }] } }, OTHER],
    ['nothing', {}, OTHER],
    [
      'a password',
      { basicAuth: { mode: 'optional', htpasswd, authorizationLocation: header('x-user', 'Basic ') } },
      PAIR,
    ],
  ])('gives the provider none of the gateway where that needs %s', async (_, policies, given) => {
    await passing(policies)
    const run = await test(['--key-from-env', 'MINE', '--expect-status', '200'], given)
    expect(run.status, run.stdout).toBe(2)
    expect(run.stderr).toMatch(/openai passes the client's own credential on, and what was given is /)
    expect(seen).toEqual([])
    expect(run.stdout + run.stderr).not.toContain(given)
  })

  it('takes the one of the gateway as a header, the one of the provider as the key', async () => {
    await passing(apiKey({ location: header('x-team') }))
    const run = await agw(['test-route', '--key-from-stdin'], {
      cwd: folder,
      env: { AGW_REQUEST_HEADER: `x-team: ${VIRTUAL}` },
      input: KEY,
    })
    expect(run.status, run.stderr).toBe(0)
    expect(seen[0]?.headers).toMatchObject({ authorization: `Bearer ${fingerprint(KEY)}` })
    for (const canary of [KEY, VIRTUAL]) expect(run.stdout + run.stderr).not.toContain(canary)
  })

  it('has none for the provider where the gateway takes what is in its place', async () => {
    await passing(apiKey())
    const run = await test(['--key-from-env', 'MINE'], VIRTUAL)
    expect(run.status).toBe(1)
    expect(run.stdout).toContain('the gateway takes the credential of header authorization for itself')
    expect(seen[0]?.headers['authorization']).toBeUndefined()
  })
})
