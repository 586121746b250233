import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { refusingPort } from '../../helpers/refusing-port.ts'
import { call, post, rawClient } from '../kit/client.ts'
import { toHost, toModel } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'
import { startUpstream } from '../kit/upstream.ts'
import { eventually, settled } from '../kit/wait.ts'

/** An upstream that answers with each status in turn, and with the last one from then on. */
async function answering(...statuses: number[]) {
  let at = 0
  return startUpstream(response => {
    const status = statuses[Math.min(at++, statuses.length - 1)] ?? 200
    response.writeHead(status, { 'x-try': String(at) }).end(`answer ${at}`)
  })
}

const gatewayTo = async (port: number, policies: object) =>
  startTestGateway(toHost(`127.0.0.1:${port}`, policies))

describe('retry', () => {
  it('makes the tries that attempts names after the first one, and passes the last answer on', async () => {
    const upstream = await answering(503)
    const { port, nextEvent } = await gatewayTo(upstream.port, { retry: { codes: [503], attempts: 2 } })
    expect(await call(port, { body: 'b' })).toMatchObject({ status: 503, body: 'answer 3' })
    expect(upstream.seen.map(({ headers }) => headers['x-retry-attempt'])).toEqual([undefined, '1', '2'])
    expect(upstream.seen.map(({ body }) => body)).toEqual(['b', 'b', 'b'])
    expect(await nextEvent()).toMatchObject({ retries: 2, status: 503, reason: 'Upstream' })
  })

  it('marks a further try in place of what the client may call so, and the backend may take the mark out', async () => {
    const upstream = await answering(503)
    const retry = { codes: [503] }
    const config = JSON.parse(toHost(`127.0.0.1:${upstream.port}`, { retry }))
    const { port } = await startTestGateway(JSON.stringify(config))
    await call(port, { headers: { 'x-retry-attempt': '9' } })
    expect(upstream.seen.map(({ headers }) => headers['x-retry-attempt'])).toEqual(['9', '1'])
    const policies = { requestHeaderModifier: { remove: ['x-retry-attempt'] } }
    config.binds[0].listeners[0].routes[0].backends[0].policies = policies
    const silent = await startTestGateway(JSON.stringify(config))
    await call(silent.port)
    expect(upstream.seen[3]?.headers).not.toHaveProperty('x-retry-attempt')
  })

  it('makes one when attempts is not set', async () => {
    const upstream = await answering(500)
    const { port } = await gatewayTo(upstream.port, { retry: { codes: [500] } })
    await call(port)
    expect(upstream.seen).toHaveLength(2)
  })

  it('ends with the first answer that is not to be tried again', async () => {
    const upstream = await answering(503, 200)
    const { port } = await gatewayTo(upstream.port, { retry: { codes: [503], attempts: 5 } })
    expect(await call(port)).toMatchObject({ status: 200, body: 'answer 2', headers: { 'x-try': '2' } })
    expect(upstream.seen).toHaveLength(2)
  })

  it('leaves other statuses alone', async () => {
    const upstream = await answering(500)
    const { port } = await gatewayTo(upstream.port, { retry: { codes: [503], attempts: 5 } })
    expect((await call(port)).status).toBe(500)
    expect(upstream.seen).toHaveLength(1)
  })

  it('uses the connection of an answer that it did not want again', async () => {
    const upstream = await answering(503, 503, 200)
    const { port } = await gatewayTo(upstream.port, { retry: { codes: [503], attempts: 5 } })
    expect((await call(port)).status).toBe(200)
    expect(upstream.connections.length).toBeLessThanOrEqual(2)
  })

  it('tries a refused connection again, whatever the codes', async () => {
    const held = await refusingPort()
    const { port, nextEvent } = await gatewayTo(held.port, {
      retry: { codes: [], attempts: 250, backoff: '20ms' },
    })
    // The client's own connection, and two of the gateway's, of which the first has been refused.
    let opened = 0
    const count = (): void => void opened++
    subscribe('net.client.socket', count)
    onTestFinished(() => void unsubscribe('net.client.socket', count))
    const answer = call(port)
    await eventually(() => opened > 2)
    await held.release(createServer((_request, response) => response.end('up')))
    expect(await answer).toMatchObject({ status: 200, body: 'up' })
    expect((await nextEvent()).retries).toBeGreaterThan(0)
  })

  it('tries a name again that does not resolve', async () => {
    const { port, nextEvent } = await startTestGateway(
      toHost('no-such-host.invalid:80', { retry: { codes: [], attempts: 2 } }),
    )
    expect(await call(port)).toMatchObject({
      status: 503,
      body: 'backends required DNS resolution which failed',
    })
    expect((await nextEvent()).retries).toBe(2)
  })

  it('waits for the backoff between two calls', async () => {
    const times: number[] = []
    const upstream = await startUpstream(response => {
      times.push(performance.now())
      response.writeHead(503).end()
    })
    const { port } = await gatewayTo(upstream.port, {
      retry: { codes: [503], attempts: 1, backoff: '50ms' },
    })
    await call(port)
    const [first = 0, second = 0] = times
    // Timers may be a millisecond early; how late they are says nothing.
    expect(second - first).toBeGreaterThanOrEqual(45)
  })

  const breaking: readonly [how: string, breakOff: (socket: Socket) => unknown][] = [
    ['closes the connection', socket => socket.end()],
    ['resets it', socket => socket.resetAndDestroy()],
    ['breaks off within the head of an answer', socket => socket.end('HTTP/1.1 200 OK\r\ncontent-le')],
    ['answers what is no HTTP', socket => socket.end('nonsense\r\n\r\n')],
  ]
  it.each(breaking)('sends a request again when the upstream reads it and %s', async (_, breakOff) => {
    let calls = 0
    const upstream = await startRawUpstream(socket => {
      if (++calls < 3) breakOff(socket)
      else socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nup')
    })
    const { port, nextEvent } = await gatewayTo(upstream.port, { retry: { codes: [], attempts: 2 } })
    expect(await call(port, { body: 'the body' })).toMatchObject({ status: 200, body: 'up' })
    expect(upstream.bytes().split('the body')).toHaveLength(3 + 1)
    expect(await nextEvent()).toMatchObject({ retries: 2, status: 200, reason: 'Upstream' })
  })

  it('says why the last call failed when none is left', async () => {
    const upstream = await startRawUpstream(socket => socket.destroy())
    const { port } = await gatewayTo(upstream.port, { retry: { codes: [503], attempts: 2 } })
    expect(await call(port, { body: 'b' })).toMatchObject({
      status: 503,
      body: 'upstream call failed: connection closed before the answer',
    })
    expect(upstream.sockets).toHaveLength(3)
  })

  it('sends a body over 64 KiB once, whatever the upstream does', async () => {
    const upstream = await startRawUpstream(socket => socket.destroy())
    const { port } = await gatewayTo(upstream.port, { retry: { codes: [503], attempts: 2 } })
    expect((await call(port, { body: 'x'.repeat(64 * 1024 + 1) })).status).toBe(503)
    expect(upstream.sockets).toHaveLength(1)
  })

  it('does not repeat a call that was answered, even while the client has nothing of the answer', async () => {
    const upstream = await startRawUpstream(socket =>
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'),
    )
    const { port } = await gatewayTo(upstream.port, {
      retry: { codes: [503], attempts: 2 },
      transformations: { response: { body: 'string(response.body)' } },
    })
    expect((await call(port)).status).toBe(503)
    expect(upstream.sockets).toHaveLength(1)
  })

  it('tries again when a call takes too long, within the time of the request', async () => {
    const upstream = await startUpstream((response, _seen, request) => {
      if (request.headers['x-retry-attempt'] === '2') response.end('at last')
    })
    const { port } = await gatewayTo(upstream.port, {
      timeout: { requestTimeout: '60s', backendRequestTimeout: '500ms' },
      retry: { codes: [503], attempts: 2 },
    })
    expect(await call(port)).toMatchObject({ status: 200, body: 'at last' })
  })

  it('gives up when the time of the request is up, be it between two calls', async () => {
    const upstream = await answering(503)
    const { port } = await gatewayTo(upstream.port, {
      timeout: { requestTimeout: '1s' },
      retry: { codes: [503], attempts: 100, backoff: '1h' },
    })
    expect(await call(port)).toMatchObject({ status: 504, body: 'request timeout' })
    expect(upstream.seen).toHaveLength(1)
  })

  it('gives up when the client has gone', async () => {
    const upstream = await answering(503)
    const { port, nextEvent } = await gatewayTo(upstream.port, {
      retry: { codes: [503], attempts: 100, backoff: '30ms' },
    })
    const client = await rawClient(port)
    client.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await eventually(() => upstream.seen.length > 0)
    client.socket.destroy()
    expect(await nextEvent()).toMatchObject({ error: 'client disconnected' })
    // What was on its way may still arrive.
    await settled(() => upstream.seen.length)
    expect(upstream.seen.length).toBeLessThan(50)
  })

  it('is not made for a call that ended with the gateway', async () => {
    const upstream = await startUpstream(() => {})
    const { port, gateway } = await gatewayTo(upstream.port, { retry: { codes: [503], attempts: 5 } })
    const answer = call(port, { body: 'pay' })
    await eventually(() => upstream.seen.length > 0)
    const closed = gateway.close({ drainMs: 10 })
    expect(await answer).toMatchObject({ status: 503, body: expect.stringContaining('shutting down') })
    await closed
    await settled(() => upstream.seen.length)
    expect(upstream.seen).toHaveLength(1)
  })

  it('does not keep a body over 64 KiB to send it again', async () => {
    const upstream = await answering(503)
    const { port } = await gatewayTo(upstream.port, { retry: { codes: [503], attempts: 2 } })
    await call(port, { body: 'x'.repeat(64 * 1024 + 1) })
    expect(upstream.seen).toHaveLength(1)
    await call(port, { body: 'x'.repeat(64 * 1024) })
    expect(upstream.seen).toHaveLength(1 + 3)
  })

  it('never tries again once a byte has gone to the client', async () => {
    const upstream = await startUpstream(response => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half', () => response.socket?.destroy())
    })
    const { port } = await gatewayTo(upstream.port, { retry: { codes: [503], attempts: 3 } })
    await expect(call(port)).rejects.toThrow()
    expect(upstream.seen).toHaveLength(1)
  })

  it('gives up the connection of a long answer that it did not want', async () => {
    const held: ServerResponse[] = []
    let taken = 0
    const upstream = await startUpstream(response => {
      if (held.length > 0) return void response.end('fine')
      held.push(response)
      response.writeHead(503)
      const write = (): void => {
        taken += 65_536
        if (!response.destroyed) response.write('x'.repeat(65_536), () => setImmediate(write))
      }
      write()
    })
    const { port } = await gatewayTo(upstream.port, { retry: { codes: [503] } })
    expect((await call(port)).body).toBe('fine')
    await eventually(() => held[0]?.destroyed === true)
    // What the system has room for, and a little more.
    expect(taken).toBeLessThan(16 * 1024 * 1024)
  })

  it('asks the precondition before the first try, and the condition about each answer', async () => {
    const upstream = await answering(418)
    const { port } = await gatewayTo(upstream.port, {
      retry: {
        codes: [],
        precondition: 'request.method == "GET"',
        condition: 'response.code == 418 && response.headers["x-try"] != "2"',
        attempts: 5,
      },
    })
    expect((await call(port, { method: 'POST', body: 'x' })).body).toBe('answer 1')
    expect((await call(port, { method: 'GET' })).body).toBe('answer 2')
  })

  it('keeps nothing of what the backend made of host and metadata for the next try', async () => {
    const upstream = await answering(503, 200)
    const request = {
      metadata: { n: 'string(size(metadata)) + request.host' },
      set: { 'x-n': 'metadata.n', ':authority': "'other.test'" },
    }
    const host = `127.0.0.1:${upstream.port}`
    const { port } = await startTestGateway(
      JSON.stringify({
        binds: [
          {
            port: 3000,
            listeners: [
              {
                routes: [
                  {
                    backends: [{ host, policies: { transformations: { request } } }],
                    policies: {
                      retry: { codes: [503], attempts: 1 },
                      transformations: { request: { metadata: { a: "'a'" } } },
                    },
                  },
                ],
              },
            ],
          },
        ],
      }),
    )
    expect((await call(port)).status).toBe(200)
    const [first, second] = upstream.seen.map(({ headers }) => headers['x-n'])
    expect(first).toMatch(/^1127\.0\.0\.1/)
    expect(second).toBe(first)
  })

  it.each([
    ['is repeated', 'true', 3],
    ['is excluded', 'false', 1],
  ])(
    'makes no copy of what a body says for a request that %s, and adds to none twice',
    async (_, precondition, calls) => {
      const upstream = await answering(503)
      const prompts = { append: [{ role: 'user', content: 'be kind' }] }
      const retry = { codes: [503], attempts: 2, precondition }
      const { port } = await startTestGateway(
        toModel(`127.0.0.1:${upstream.port}`, { retry, ai: { prompts } }),
      )
      const copies = vi.spyOn(globalThis, 'structuredClone')
      onTestFinished(() => copies.mockRestore())
      const asked = { role: 'user', content: 'hi' }
      await post(port, '/v1/chat/completions', { model: 'm', messages: [asked] })
      expect(upstream.seen.map(({ body }) => JSON.parse(body).messages)).toEqual(
        Array(calls).fill([asked, ...prompts.append]),
      )
      expect(copies).not.toHaveBeenCalled()
    },
  )

  it('sends a request to a model again as the client sent it, translated anew', async () => {
    const upstream = await answering(503, 503, 200)
    const { port } = await startTestGateway(
      toModel(`127.0.0.1:${upstream.port}`, { retry: { codes: [503], attempts: 2 } }),
    )
    await post(port, '/v1/chat/completions', { model: 'm', stream: true })
    const bodies = upstream.seen.map(({ body }) => JSON.parse(body))
    const sent = { model: 'm', stream: true, stream_options: { include_usage: true } }
    expect(bodies).toEqual([sent, sent, sent])
    expect(upstream.seen.map(({ headers }) => headers['authorization'])).toEqual(
      Array(3).fill('Bearer sk-gateway-key'),
    )
  })
})
