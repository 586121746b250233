import { beforeEach, describe, expect, it } from 'vitest'
import { newVirtualKey } from '../../src/clients/index.ts'
import { fingerprint } from '../../src/secrets/secret.ts'
import { agw, type Run } from '../helpers/agw.ts'
import { folder, KEY, mock, put, seen, testRoute, useRouteScene } from '../helpers/route-scene.ts'

useRouteScene()

const VIRTUAL = 'agw_sk_of-the-blue-team'
/** One of a gateway that is not this one. */
const OTHER = newVirtualKey().reveal()
const PAIR = 'ann:password'
const CANARIES = [KEY, VIRTUAL, OTHER, PAIR, Buffer.from(PAIR).toString('base64')]

type Place =
  | { header: { name: string } }
  | { cookie: { name: string } }
  | { queryParameter: { name: string } }

const basicAuth = {
  mode: 'strict',
  htpasswd: 'ann:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=',
  authorizationLocation: { header: { name: 'x-user', prefix: 'Basic ' } },
}
const apiKey = (mode: string, location: Place) => ({ mode, location, keys: [{ key: VIRTUAL }] })
const team: Place = { header: { name: 'x-team' } }

/** One route to a provider; `auth` is what its backend has in `backendAuth`. */
const putRoute = (policies: object, auth?: object, provider: object = { openAI: {} }): Promise<void> => {
  const backend = {
    ai: { name: 'backend', provider, hostOverride: `127.0.0.1:${mock.port}` },
    ...(auth && { policies: { backendAuth: auth } }),
  }
  return put({ gateways: { default: { port: 3000 } }, routes: [{ policies, backends: [backend] }] })
}

const ENV = { KEY, VIRTUAL, OTHER, PAIR }

/** With the credentials of those variables; nothing of them is printed. */
async function test(given: readonly string[], ...args: string[]): Promise<Run> {
  const flags = given.flatMap(name => ['--key-from-env', name])
  const run = await testRoute([...flags, ...args], { env: ENV })
  for (const canary of CANARIES) expect(run.stdout + run.stderr).not.toContain(canary)
  return run
}

describe('a gateway that asks for two credentials', () => {
  beforeEach(() => putRoute({ basicAuth, apiKey: apiKey('strict', team) }, { key: KEY }))

  it.each([[['PAIR', 'VIRTUAL']], [['VIRTUAL', 'PAIR']]])('is shown both: %j', async given => {
    for (const args of [[], ['--explain']]) {
      const { status, stdout, stderr } = await test(given, ...args)
      expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' })
    }
    expect(seen[0]?.headers['authorization']).toBe(`Bearer ${fingerprint(KEY)}`)
  })

  it('that is given one says that it asks for another, and how that is given', async () => {
    const { status, stdout } = await test(['PAIR'], '--explain')
    expect(status).toBe(1)
    expect(stdout).toMatch(
      /asks its clients for another credential besides: one more --key-from-env VAR.*x-team/,
    )
  })

  it('takes both from the variable of the flag', async () => {
    const run = await agw(['test-route', '--explain'], {
      cwd: folder,
      env: { ...ENV, AGW_KEY_FROM_ENV: 'PAIR,VIRTUAL' },
    })
    expect(run.status, run.stdout).toBe(0)
  })

  it('tells of a third that nobody is shown it', async () => {
    expect((await test(['PAIR', 'VIRTUAL', 'OTHER'])).stderr).toMatch(/not all keys that were given/)
  })
})

describe('a gateway that asks who a client is, and passes another credential of it on', () => {
  it.each(['strict', 'optional', 'permissive'])(
    'is given both, and each is for one of them: %s',
    async mode => {
      await putRoute({ apiKey: apiKey(mode, team) }, { passthrough: {} })
      const { status, stdout, stderr } = await test(['VIRTUAL', 'KEY'])
      expect(status, stdout + stderr).toBe(0)
      expect(seen[0]?.headers['authorization']).toBe(`Bearer ${fingerprint(KEY)}`)
      expect(seen[0]?.headers['x-team']).toBeUndefined()
    },
  )
})

describe('a credential that the gateway does not know and lets pass', () => {
  const places: [string, Place][] = [
    ['a header', team],
    ['a cookie', { cookie: { name: 'team' } }],
    ['the query', { queryParameter: { name: 'team' } }],
  ]
  it.each(places)('is not sent to a provider that would be shown it: in %s', async (_, location) => {
    await putRoute({ apiKey: apiKey('permissive', location) }, { key: KEY })
    const run = await test(['OTHER'])
    expect(run.status, run.stdout).toBe(2)
    expect(run.stderr).toMatch(/the gateway lets what was given for it pass, and the provider would be shown/)
    expect(seen).toEqual([])
    expect((await test(['OTHER'], '--mock')).status).toBe(0)
    expect((await test(['OTHER'], '--explain')).status).toBe(0)
    expect((await test(['VIRTUAL'])).status).toBe(0)
  })

  it('is not sent where the provider takes it from another header either', async () => {
    const location = { header: { name: 'authorization', prefix: 'Bearer ' } }
    await putRoute({ apiKey: apiKey('permissive', location) }, undefined, { anthropic: {} })
    const run = await test(['OTHER'], '/v1/messages')
    expect(run.status, run.stdout).toBe(2)
    expect(seen).toEqual([])
  })

  it('is not sent to whom copies go, where the key of the config takes its place for the provider alone', async () => {
    const location = { header: { name: 'authorization', prefix: 'Bearer ' } }
    const requestMirror = { percentage: 1, backend: { host: `127.0.0.1:${mock.port}` } }
    await putRoute({ apiKey: apiKey('permissive', location), requestMirror }, { key: KEY })
    const run = await test(['OTHER'])
    expect(run.status, run.stdout).toBe(2)
    expect(run.stderr).toMatch(/pass, and the host that requestMirror sends copies to would be shown it/)
    expect(seen).toEqual([])
    expect((await test(['OTHER'], '--mock')).status).toBe(0)
    expect((await test(['VIRTUAL'])).status).toBe(0)
  })

  it('is sent where the key of the config takes its place', async () => {
    const location = { header: { name: 'authorization', prefix: 'Bearer ' } }
    await putRoute({ apiKey: apiKey('permissive', location) }, { key: KEY })
    const run = await test(['OTHER'])
    expect(run.status, run.stdout + run.stderr).toBe(0)
    expect(JSON.stringify(seen)).not.toContain(fingerprint(OTHER).slice(-8))
  })
})

describe('--explain of a route that passes the credential of the client on', () => {
  it.each([
    ['header authorization', { openAI: {} }],
    ['header x-api-key', { anthropic: {} }],
  ])('tells the one that is given, and where the provider finds it: %s', async (placement, provider) => {
    await putRoute({}, { passthrough: {} }, provider)
    const { stdout, status } = await test(['KEY'], '--explain')
    expect(status).toBe(0)
    const print = fingerprint(KEY)
    expect(stdout).toContain(
      `none: the client's own credential goes upstream, ${print}; it goes into ${placement}\n`,
    )
    expect(stdout).toContain(`${placement.slice('header '.length)}: (not shown)\n`)
    const { stdout: json } = await test(['KEY'], '--explain', '--json')
    expect(JSON.parse(json)).toMatchObject({ key: null, clientKey: { fingerprint: print, placement } })
    expect(seen).toEqual([])
  })

  it('shows no provider a virtual key, and says so', async () => {
    await putRoute({}, { passthrough: {} })
    const { stdout, stderr, status } = await test(['OTHER'], '--explain')
    expect(status).toBe(0)
    expect(stderr).toMatch(/what was given is a virtual key, which gateways take: no provider is shown it/)
    expect(stdout).toMatch(/^key {8}none: the client's own credential goes upstream$/m)
  })
})
