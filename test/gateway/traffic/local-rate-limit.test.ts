import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { call, post, rawClient } from '../kit/client.ts'
import { runtimeOf } from '../kit/config.ts'
import { toHost, toModel } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream, type Upstream } from '../kit/upstream.ts'
import { eventually } from '../kit/wait.ts'

const HOUR = '1h'
const HOURLY = expect.stringMatching(/^(?:3600|359\d)$/)
const requests = (maxTokens: number) => ({ maxTokens, tokensPerFill: 1, fillInterval: HOUR })
const tokens = (maxTokens: number) => ({ ...requests(maxTokens), type: 'tokens' })

/** An upstream whose answers cost so many tokens. */
function costing(input: number, output: number): Promise<Upstream> {
  const usage = JSON.stringify({ prompt_tokens: input, completion_tokens: output })
  return startUpstream(response => response.end(`{"model":"m","usage":${usage}}`))
}

const CHAT = '/v1/chat/completions'
const ask = (port: number, more: object = {}) => post(port, CHAT, { model: 'm', messages: [], ...more })
const standing = ({ headers }: { headers: Record<string, unknown> }) =>
  ['limit', 'remaining', 'reset'].map(name => headers[`x-ratelimit-${name}`])

it('tokens of a body that comes in pieces, and is not looked into, are those of all of it', async () => {
  const upstream = await startUpstream()
  const policies = { localRateLimit: [tokens(100)], ai: { routes: { '*': 'passthrough' } } }
  const config = JSON.parse(toModel(`127.0.0.1:${upstream.port}`, policies))
  const small = { ...config, frontendPolicies: { http: { maxBufferSize: 4 } } }
  const { port, nextEvent } = await startTestGateway(JSON.stringify(small))
  const client = await rawClient(port)
  client.socket.write('POST /p HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n')
  client.socket.write('14\r\n20 bytes of a prompt\r\n')
  await eventually(() => upstream.connections.length === 1)
  client.socket.write('14\r\nand then 20 more....\r\n0\r\n\r\n')
  expect(await client.until(text => text.includes('{}'))).toMatch(/\r\nx-ratelimit-remaining: 95\r\n/)
  await nextEvent()
  expect((await call(port, { body: 'four' })).headers['x-ratelimit-remaining']).toBe('89')
})

describe('localRateLimit of requests', () => {
  it('lets as many through as the bucket holds, and tells how it stands with each answer', async () => {
    const { port } = await startTestGateway(
      toHost(`127.0.0.1:${(await startUpstream()).port}`, { localRateLimit: [requests(2)] }),
    )
    const [first, second, third] = [await call(port), await call(port), await call(port)]
    expect([first.status, second.status, third.status]).toEqual([200, 200, 429])
    expect(standing(first)).toEqual(['2', '1', HOURLY])
    expect(standing(second)).toEqual(['2', '0', HOURLY])
    expect(standing(third)).toEqual(['2', '0', HOURLY])
    expect(third).toMatchObject({ body: 'rate limit exceeded', headers: { 'content-type': 'text/plain' } })
  })

  it('is filled again after its interval', async () => {
    const { port } = await startTestGateway(
      toHost(`127.0.0.1:${(await startUpstream()).port}`, {
        localRateLimit: [{ maxTokens: 1, tokensPerFill: 1, fillInterval: '50ms' }],
      }),
    )
    expect((await call(port)).status).toBe(200)
    await new Promise(resolve => setTimeout(resolve, 80))
    expect((await call(port)).status).toBe(200)
  })

  it('of several limits tells the one that leaves least, and a refusal takes from none', async () => {
    const { port } = await startTestGateway(
      toHost(`127.0.0.1:${(await startUpstream()).port}`, { localRateLimit: [requests(9), requests(1)] }),
    )
    expect(standing(await call(port))).toEqual(['1', '0', HOURLY])
    expect((await call(port)).status).toBe(429)
    expect((await call(port)).status).toBe(429)
  })

  it('says so in the log', async () => {
    const { port, nextEvent } = await startTestGateway(
      toHost('127.0.0.1:1', { localRateLimit: [requests(0)] }),
    )
    await call(port)
    expect(await nextEvent()).toMatchObject({
      status: 429,
      reason: 'RateLimit',
      error: 'rate limit exceeded',
    })
  })

  it('stays as it is over a reload that does not touch it, and starts full when it was changed', async () => {
    const upstream = await startUpstream()
    const config = (maxTokens: number, header: string) =>
      toHost(`127.0.0.1:${upstream.port}`, {
        localRateLimit: [requests(maxTokens)],
        requestHeaderModifier: { set: { 'x-config': header } },
      })
    const { gateway, port } = await startTestGateway(config(1, 'one'))
    expect((await call(port)).status).toBe(200)
    await gateway.reload(runtimeOf(config(1, 'two')))
    expect((await call(port)).status).toBe(429)
    await gateway.reload(runtimeOf(config(2, 'three')))
    expect((await call(port)).status).toBe(200)
    expect(upstream.seen.at(-1)?.headers['x-config']).toBe('three')
  })

  it('counts all the routes that a targeted one is for together, also over a reload', async () => {
    const { port: to } = await startUpstream()
    const config = (spare: string) => {
      const route = (path: string) => ({
        matches: [{ path: { pathPrefix: path } }],
        backends: [{ host: `127.0.0.1:${to}` }],
      })
      const target = { gateway: { gatewayName: 'default', gatewayNamespace: 'default' } }
      const policy = { localRateLimit: [requests(2)] }
      return JSON.stringify({
        policies: [{ name: { name: 'all', namespace: '' }, target, policy }],
        binds: [{ port: 3000, listeners: [{ routes: [route('/a'), route('/b'), route(spare)] }] }],
      })
    }
    const { gateway, port } = await startTestGateway(config('/c'))
    const statuses = []
    for (const path of ['/a', '/b', '/a']) statuses.push((await call(port, { path })).status)
    await gateway.reload(runtimeOf(config('/d')))
    statuses.push((await call(port, { path: '/d' })).status)
    expect(statuses).toEqual([200, 200, 429, 429])
  })

  it('counts a route, and the llm section, for all their gateways together, and each route for itself', async () => {
    const { port: to } = await startUpstream()
    const policies = { localRateLimit: [requests(1)] }
    const route = { name: 'r', policies, backends: [{ host: `127.0.0.1:${to}` }] }
    const both = ['a', 'b']
    const gateways = { a: { port: 3000 }, b: { port: 3001 }, c: { port: 3002 } }
    const routes = [
      { ...route, gateways: both },
      { ...route, gateways: 'c' },
    ]
    const llm = { gateways: both, policies, models: [] }
    for (const [config, path, wanted] of [
      [{ gateways, routes }, '/', [200, 429, 200]],
      [{ gateways, llm }, '/v1/models', [200, 429, 404]],
    ] as const) {
      const { gateway } = await startTestGateway(JSON.stringify(config))
      const statuses = []
      for (const { port } of gateway.addresses) statuses.push((await call(port, { path })).status)
      expect(statuses).toEqual(wanted)
    }
  })

  it('counts each route for itself', async () => {
    const { port: to } = await startUpstream()
    const route = (path: string) => ({
      matches: [{ path: { pathPrefix: path } }],
      policies: { localRateLimit: [requests(1)] },
      backends: [{ host: `127.0.0.1:${to}` }],
    })
    const { port } = await startTestGateway(
      JSON.stringify({ binds: [{ port: 3000, listeners: [{ routes: [route('/a'), route('/b')] }] }] }),
    )
    const statuses = []
    for (const path of ['/a', '/b', '/a']) statuses.push((await call(port, { path })).status)
    expect(statuses).toEqual([200, 200, 429])
  })
})

describe('localRateLimit of tokens', () => {
  it('charges what the answer says it cost', async () => {
    const upstream = await costing(30, 20)
    const { port } = await startTestGateway(
      toModel(`127.0.0.1:${upstream.port}`, { localRateLimit: [tokens(100)] }),
    )
    const [first, second, third] = [await ask(port), await ask(port), await ask(port)]
    expect([first.status, second.status, third.status]).toEqual([200, 200, 429])
  })

  it('owes what an answer cost too much, so that the limit holds on average', async () => {
    const upstream = await costing(500, 10_000_000)
    const limit = { maxTokens: 100, tokensPerFill: 100, fillInterval: '20ms', type: 'tokens' }
    const { port } = await startTestGateway(
      toModel(`127.0.0.1:${upstream.port}`, { localRateLimit: [limit] }),
    )
    expect((await ask(port)).status).toBe(200)
    await new Promise(resolve => setTimeout(resolve, 60))
    // Some fills have come; a hundred thousand are owed.
    expect((await ask(port)).status).toBe(429)
  })

  it.each(['whole', 'streamed'])('settles when the answer is %s', async kind => {
    const upstream = await startUpstream(response => {
      const usage = '"usage":{"prompt_tokens":90,"completion_tokens":9}'
      if (kind === 'whole') return void response.end(`{"model":"m",${usage}}`)
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: {"choices":[]}\n\n')
      response.end(`data: {"choices":[],${usage}}\n\ndata: [DONE]\n\n`)
    })
    const { port, nextEvent } = await startTestGateway(
      toModel(`127.0.0.1:${upstream.port}`, { localRateLimit: [tokens(100)] }),
    )
    await ask(port, { stream: kind === 'streamed' })
    await nextEvent()
    const [, remaining] = standing(await ask(port))
    // One was left, and the second request has reserved it.
    expect(remaining).toBe('0')
    expect((await ask(port)).status).toBe(429)
  })

  it('reserves before it is answered, so that requests at the same time do not overshoot', async () => {
    const held: ServerResponse[] = []
    const upstream = await startUpstream(response => held.push(response))
    const { port } = await startTestGateway(
      toModel(`127.0.0.1:${upstream.port}`, { localRateLimit: [tokens(100)] }),
    )
    const first = ask(port, { max_tokens: 200 })
    await eventually(() => held.length === 1)
    expect((await ask(port)).status).toBe(429)
    held[0]?.end('{"usage":{"prompt_tokens":3,"completion_tokens":2}}')
    expect((await first).status).toBe(200)
    // What was reserved and not used is there again.
    const third = ask(port, { max_tokens: 10 })
    await eventually(() => held.length === 2)
    held[1]?.end('{}')
    expect((await third).status).toBe(200)
  })

  it('gives everything back when the provider refused', async () => {
    let status = 500
    const upstream = await startUpstream(response => response.writeHead(status).end('{}'))
    const { port } = await startTestGateway(
      toModel(`127.0.0.1:${upstream.port}`, { localRateLimit: [tokens(50)] }),
    )
    for (let i = 0; i < 5; i++) expect((await ask(port, { max_tokens: 50 })).status).toBe(500)
    status = 200
    expect((await ask(port, { max_tokens: 50 })).status).toBe(200)
  })

  it('asks the provider for an answer that can be read', async () => {
    const upstream = await startUpstream()
    const { port } = await startTestGateway(
      toModel(`127.0.0.1:${upstream.port}`, { localRateLimit: [tokens(50)] }),
    )
    await post(port, CHAT, { model: 'm' }, { 'accept-encoding': 'gzip' })
    expect(upstream.seen[0]?.headers['accept-encoding']).toBe('identity')
  })

  it('does not concern requests that go to no model', async () => {
    const upstream = await startUpstream()
    const { port } = await startTestGateway(
      toHost(`127.0.0.1:${upstream.port}`, { localRateLimit: [tokens(0)] }),
    )
    expect((await call(port)).status).toBe(200)
  })

  it('beside one of requests: each refuses for itself', async () => {
    const upstream = await costing(1, 1)
    const { port } = await startTestGateway(
      toModel(`127.0.0.1:${upstream.port}`, { localRateLimit: [requests(2), tokens(1000)] }),
    )
    expect(standing(await ask(port))).toEqual(['2', '1', HOURLY])
    await ask(port)
    expect((await ask(port)).status).toBe(429)
  })
})
