import { describe, expect, it } from 'vitest'
import type { AccessEvent } from '../../../src/gateway/telemetry/access-event.ts'
import { Metrics } from '../../../src/gateway/telemetry/metrics.ts'
import { refusingPort } from '../../helpers/refusing-port.ts'
import { makeCertificate } from '../../helpers/tls.ts'
import { call, post, rawClient } from '../kit/client.ts'
import { toHost, toModel } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'
import { startUpstream } from '../kit/upstream.ts'
import { eventually } from '../kit/wait.ts'

const SERVER = makeCertificate(['127.0.0.1'])
const compile = { readFile: () => SERVER.ca }

/** A gateway that counts, and how often it has counted what: `kind="Primary",subtype="Http"` → 1. */
async function counting(config: string) {
  const metrics = new Metrics()
  const { port, nextEvent } = await startTestGateway(config, { onUpstream: metrics.upstream, compile })
  const counts = (): Record<string, number> => {
    const { calls, connects } = metrics.snapshot()
    const all = [...calls, ...connects].map(({ labels, duration }) => {
      expect(duration.sum).toBeGreaterThanOrEqual(0)
      return [labels, duration.counts.reduce((a, b) => a + b)] as const
    })
    return Object.fromEntries(all.filter(([, count]) => count > 0))
  }
  return { port, nextEvent, counts }
}

const HTTP = 'kind="Primary",subtype="Http"'
const LLM = 'kind="Primary",subtype="Llm"'
const MIRROR = 'kind="Mirror",subtype="Http"'
const PLAIN = 'transport="plaintext"'
const TLS = 'transport="tls"'

/** Which parts of a request were measured; they lie within the whole. */
function parts({ requestProcessing: before, responseProcessing: after, duration }: AccessEvent): string[] {
  expect(before ?? 0).toBeGreaterThanOrEqual(0)
  expect(after ?? 0).toBeGreaterThanOrEqual(0)
  expect((before ?? 0) + (after ?? 0)).toBeLessThanOrEqual(duration)
  return [...(before === undefined ? [] : ['request']), ...(after === undefined ? [] : ['response'])]
}

describe('the times of upstreams', () => {
  it('count each call, and the connection that they share once', async () => {
    const { port: upstream } = await startUpstream()
    const { port, nextEvent, counts } = await counting(toHost(`127.0.0.1:${upstream}`))
    for (let i = 0; i < 3; i++) {
      await call(port, { body: 'x' })
      expect(parts(await nextEvent())).toEqual(['request', 'response'])
    }
    expect(counts()).toEqual({ [HTTP]: 3, [PLAIN]: 1 })
  })

  it('tell calls of models from others', async () => {
    const { port: upstream } = await startUpstream()
    const { port, nextEvent, counts } = await counting(toModel(`127.0.0.1:${upstream}`))
    await post(port, '/v1/chat/completions', { model: 'm' })
    expect(parts(await nextEvent())).toEqual(['request', 'response'])
    expect(counts()).toEqual({ [LLM]: 1, [PLAIN]: 1 })
  })

  it.each([
    [
      'that is gathered for an expression',
      toHost,
      { transformations: { response: { body: '"a" + string(response.body)' } } },
    ],
    [
      'that guards have to see whole',
      toModel,
      { ai: { promptGuard: { response: [{ regex: { action: 'mask', rules: [{ pattern: 'x' }] } }] } } },
    ],
  ])('have the end of an answer %s', async (_title, config, policies) => {
    const { port: upstream } = await startUpstream()
    const { port, nextEvent } = await counting(config(`127.0.0.1:${upstream}`, policies))
    await post(port, '/v1/chat/completions', { model: 'm', messages: [] })
    expect(parts(await nextEvent())).toEqual(['request', 'response'])
  })

  it('count a call that fails, but no connection that does', async () => {
    const { port, nextEvent, counts } = await counting(toHost(`127.0.0.1:${(await refusingPort()).port}`))
    expect(await call(port)).toMatchObject({ status: 503 })
    expect(parts(await nextEvent())).toEqual(['request'])
    expect(counts()).toEqual({ [HTTP]: 1 })
  })

  it('count a call once whose answer breaks off', async () => {
    const upstream = await startRawUpstream(socket => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf', () => socket.resetAndDestroy())
    })
    const { port, nextEvent, counts } = await counting(toHost(`127.0.0.1:${upstream.port}`))
    await call(port).catch(() => {})
    expect(parts(await nextEvent())).toContain('request')
    expect(counts()).toEqual({ [HTTP]: 1, [PLAIN]: 1 })
  })

  it('count each of several calls, and what the gateway did before the first', async () => {
    const { port: upstream } = await startUpstream(response => response.writeHead(503).end())
    const { port, nextEvent, counts } = await counting(
      toHost(`127.0.0.1:${upstream}`, { retry: { codes: [503], attempts: 2 } }),
    )
    await call(port, { body: 'x' })
    expect(parts(await nextEvent())).toEqual(['request', 'response'])
    expect(counts()).toMatchObject({ [HTTP]: 3 })
  })

  it.each([
    ['whose own time is up', { backendRequestTimeout: '20ms' }, 1],
    ['not where that of its request is up', { requestTimeout: '20ms' }, undefined],
  ])('count a call %s', async (_title, timeout, count) => {
    const { port: upstream } = await startRawUpstream(() => {})
    const { port, nextEvent, counts } = await counting(toHost(`127.0.0.1:${upstream}`, { timeout }))
    expect(await call(port)).toMatchObject({ status: 504 })
    expect(parts(await nextEvent())).toEqual(['request'])
    expect(counts()[HTTP]).toBe(count)
  })

  it('count no call whose client has left', async () => {
    const upstream = await startRawUpstream(() => {})
    const { port, nextEvent, counts } = await counting(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await eventually(() => upstream.bytes() !== '')
    client.socket.destroy()
    expect(parts(await nextEvent())).toEqual(['request'])
    expect(counts()).toEqual({ [PLAIN]: 1 })
  })

  it('tell nothing of what is answered here', async () => {
    const { port, nextEvent, counts } = await counting(
      toHost('127.0.0.1:1', { directResponse: { status: 200, body: 'x' } }),
    )
    await call(port)
    expect(parts(await nextEvent())).toEqual([])
    expect(counts()).toEqual({})
  })

  it.each([
    ['that is answered', async () => (await startUpstream()).port],
    ['that cannot be sent', async () => (await refusingPort()).port],
  ])('count a copy %s for itself', async (_title, target) => {
    const { port: upstream } = await startUpstream()
    const requestMirror = { backend: { host: `127.0.0.1:${await target()}` }, percentage: 1 }
    const { port, counts } = await counting(toHost(`127.0.0.1:${upstream}`, { requestMirror }))
    await call(port)
    await eventually(() => counts()[MIRROR] !== undefined)
    expect(counts()).toMatchObject({ [HTTP]: 1, [MIRROR]: 1 })
  })

  it('tell connections with TLS, once its handshake has succeeded', async () => {
    const { port: upstream } = await startUpstream(undefined, SERVER)
    const address = `127.0.0.1:${upstream}`
    const trusted = await counting(toHost(address, { backendTLS: { root: 'ca.pem' } }))
    expect(await call(trusted.port)).toMatchObject({ status: 200 })
    expect(trusted.counts()).toEqual({ [HTTP]: 1, [TLS]: 1 })
    const unknown = await counting(toHost(address, { backendTLS: {} }))
    expect(await call(unknown.port)).toMatchObject({ status: 503 })
    expect(unknown.counts()).toEqual({ [HTTP]: 1 })
  })
})
