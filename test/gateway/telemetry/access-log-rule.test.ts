import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { call } from '../kit/client.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'

async function logged(
  accessLog: object | undefined,
  headers: Record<string, string> = {},
  config: object = {},
  policies: object = {},
  frontendPolicies: object = { accessLog },
) {
  const { port: to } = await startUpstream()
  const whole = {
    ...JSON.parse(toHost(`127.0.0.1:${to}`, policies)),
    frontendPolicies,
    config,
  }
  const { port, nextEvent } = await startTestGateway(JSON.stringify(whole))
  await call(port, { method: 'GET', path: '/a?key=secret', headers })
  return (await nextEvent()).log
}

describe('the other places of the access log', () => {
  const rule = { filter: 'response.code == 200', add: { two: '1 + 1' }, remove: ['http.path'] }
  const changed = { isWanted: true, added: { two: 2 }, removed: new Set(['http.path']) }

  it('are frontendPolicies.logging', async () => {
    expect(await logged(undefined, {}, {}, {}, { logging: rule })).toEqual(changed)
  })

  it('and config.logging', async () => {
    const { filter, ...fields } = rule
    const config = { logging: { level: 'info', format: 'text', filter, fields } }
    expect(await logged(undefined, {}, config, {}, {})).toEqual(changed)
  })

  it('which are named where an expression does not compile', () => {
    const start = (more: object) => () => startTestGateway(JSON.stringify({ binds: [], ...more }))
    const fields = { add: { a: '1 +' } }
    return Promise.all([
      expect(start({ config: { logging: { fields } } })).rejects.toThrow(/config\.logging\.fields\.add\.a/),
      expect(start({ frontendPolicies: { logging: fields } })).rejects.toThrow(
        /frontendPolicies\.logging\.add\.a/,
      ),
    ])
  })
})

describe('frontendPolicies.accessLog', () => {
  it.each([
    ['response.code == 200', true],
    ['response.code >= 500', false],
    ['request.path == "/a"', true],
    ['request.nothing == 1', false],
    ['"text"', false],
  ])('logs a request for which %s: %s', async (filter, isWanted) => {
    expect(await logged({ filter })).toMatchObject({ isWanted })
  })

  it('adds what its expressions yield, and leaves out those that fail', async () => {
    const add = { agent: 'request.headers["x-agent"]', code: 'response.code', broken: 'request.nothing' }
    const log = await logged({ add, remove: ['http.path'] }, { 'x-agent': 'me' })
    expect(log).toEqual({
      isWanted: true,
      added: { agent: 'me', code: 200 },
      removed: new Set(['http.path']),
    })
  })

  it('makes a field of each entry of what is flattened, and none of null', async () => {
    const add = {
      nothing: 'jwt',
      a: 'flatten({"x": 1, "y": {"z": 2}})',
      b: 'flattenRecursive([{"x": 1}, ["q"]])',
      all: 'string(variables().request.method)',
    }
    const log = await logged({ add })
    expect(log?.added).toEqual({ 'a.x': 1, 'a.y': { z: 2 }, 'b.0.x': 1, 'b.1.0': 'q', all: 'GET' })
  })

  it.each([
    'authorization',
    'Proxy-Authorization',
    'cookie',
    'x-api-key',
    'api-key',
    'x-goog-api-key',
    'x-own-secret',
  ])('never shows what a client sends in %s', async name => {
    const add = {
      one: `request.headers["${name}"]`,
      all: 'request.headers',
      again: `"Bearer " + request.headers["${name}"]`,
      uri: 'request.uri',
      target: 'request.pathAndQuery',
    }
    const log = await logged(
      { add },
      { [name]: 'canary-of-a-client' },
      { sensitiveHeaders: ['X-Own-Secret'] },
    )
    expect(log?.added).toMatchObject({ one: '<redacted>', again: 'Bearer <redacted>' })
    expect(JSON.stringify(log?.added)).not.toMatch(/canary|key=secret/)
  })

  it('never shows the key of a client, also where an expression asks for it', async () => {
    const add = {
      key: 'apiKey.key.unredacted()',
      part: 'apiKey.key.unredacted().substring(0, 6)',
      whole: 'apiKey',
      all: 'string(variables().apiKey.key.unredacted())',
      user: 'apiKey.user',
    }
    const apiKey = { mode: 'strict', keys: [{ key: 'canary-of-a-client', metadata: { user: 'alice' } }] }
    const filter = 'apiKey.key.unredacted() == "canary-of-a-client"'
    const log = await logged({ filter, add }, { authorization: 'Bearer canary-of-a-client' }, {}, { apiKey })
    expect(log).toMatchObject({ isWanted: true, added: { key: '<redacted>', user: 'alice' } })
    expect(JSON.stringify(log?.added)).not.toContain('canary')
  })

  it('still filters by them', async () => {
    const filter = 'request.headers["x-api-key"] == "k"'
    expect(await logged({ filter }, { 'x-api-key': 'k' })).toMatchObject({ isWanted: true })
  })

  it('knows of no answer where the client has left before there was one', async () => {
    let tell = (): void => {}
    const asked = new Promise<void>(resolve => {
      tell = resolve
    })
    const { port: to } = await startUpstream(() => tell())
    const add = { code: 'response.code', method: 'request.method' }
    const whole = { ...JSON.parse(toHost(`127.0.0.1:${to}`)), frontendPolicies: { accessLog: { add } } }
    const { port, nextEvent } = await startTestGateway(JSON.stringify(whole))
    const client = request({ host: '127.0.0.1', port }).on('error', () => {})
    client.end()
    await asked
    client.destroy()
    const { status, log } = await nextEvent()
    expect([status, log?.added]).toEqual([undefined, { method: 'GET' }])
  })

  it('refuses an expression that does not compile, with its place', async () => {
    await expect(logged({ filter: 'request.(' })).rejects.toThrow(/frontendPolicies\.accessLog\.filter/)
  })
})
