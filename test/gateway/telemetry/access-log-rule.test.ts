import { describe, expect, it } from 'vitest'
import { call } from '../kit/client.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'

async function logged(accessLog: object, headers: Record<string, string> = {}, config: object = {}) {
  const { port: to } = await startUpstream()
  const whole = { ...JSON.parse(toHost(`127.0.0.1:${to}`)), frontendPolicies: { accessLog }, config }
  const { port, nextEvent } = await startTestGateway(JSON.stringify(whole))
  await call(port, { method: 'GET', path: '/a?key=secret', headers })
  return (await nextEvent()).log
}

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

  it('still filters by them', async () => {
    const filter = 'request.headers["x-api-key"] == "k"'
    expect(await logged({ filter }, { 'x-api-key': 'k' })).toMatchObject({ isWanted: true })
  })

  it('refuses an expression that does not compile, with its place', async () => {
    await expect(logged({ filter: 'request.(' })).rejects.toThrow(/frontendPolicies\.accessLog\.filter/)
  })
})
