import { describe, expect, it, onTestFinished } from 'vitest'
import { UPSTREAM_FAILURES, upstreamFailure } from '../../src/gateway/failures.ts'
import { startGateway } from '../../src/gateway/gateway.ts'
import { HostTable } from '../../src/gateway/routing/host-table.ts'
import { RouteTable } from '../../src/gateway/routing/router.ts'
import type { Listener, Route } from '../../src/gateway/runtime.ts'
import type { AccessEvent } from '../../src/gateway/telemetry/access-event.ts'
import { refusingPort } from '../helpers/refusing-port.ts'
import { makeCertificate } from '../helpers/tls.ts'
import { call, rawClient } from './kit/client.ts'
import { runtimeOf } from './kit/config.ts'
import { toHost } from './kit/configs.ts'
import { startTestGateway } from './kit/gateway.ts'
import { startRawUpstream } from './kit/raw-upstream.ts'
import { startUpstream } from './kit/upstream.ts'

const TLS_TO = (root: string) => ({ backendTLS: { root } })

/** What an upstream does, and what the client is told. */
const CASES: readonly {
  readonly title: string
  /** Starts what is called; gives its address. */
  readonly upstream: () => Promise<string>
  readonly policies?: object
  readonly status: number
  readonly body: string
  readonly reason?: string
}[] = [
  {
    title: 'nobody listens',
    upstream: async () => `127.0.0.1:${(await refusingPort()).port}`,
    status: 503,
    body: 'upstream call failed: connection refused',
  },
  {
    title: 'a name that does not resolve',
    upstream: async () => 'no-such-host.invalid:80',
    status: 503,
    body: 'backends required DNS resolution which failed',
    reason: 'NoHealthyBackend',
  },
  {
    title: 'the connection is closed before an answer',
    upstream: async () => `127.0.0.1:${(await startRawUpstream(socket => socket.end())).port}`,
    status: 503,
    body: 'upstream call failed: connection closed before the answer',
  },
  {
    title: 'the connection is reset before an answer',
    upstream: async () => `127.0.0.1:${(await startRawUpstream(socket => socket.resetAndDestroy())).port}`,
    status: 503,
    body: 'upstream call failed: connection reset',
  },
  {
    title: 'an answer that is no HTTP',
    upstream: async () => `127.0.0.1:${(await startRawUpstream(socket => socket.end('SSH-2.0-x\r\n'))).port}`,
    status: 503,
    body: 'upstream call failed: the answer is not HTTP/1.1',
  },
  {
    title: 'a head that is cut off',
    upstream: async () =>
      `127.0.0.1:${(await startRawUpstream(socket => socket.end('HTTP/1.1 200 OK\r\ncontent-le'))).port}`,
    status: 503,
    body: 'upstream call failed: connection closed before the answer',
  },
  {
    title: 'a head that is too large',
    upstream: async () =>
      `127.0.0.1:${
        (await startRawUpstream(socket => socket.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)))
          .port
      }`,
    status: 503,
    body: 'upstream call failed: the headers of the answer are too large',
  },
  {
    title: 'both length and chunked in an answer',
    upstream: async () =>
      `127.0.0.1:${
        (
          await startRawUpstream(socket =>
            socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\nok'),
          )
        ).port
      }`,
    status: 503,
    body: 'upstream call failed: the answer is not HTTP/1.1',
  },
  {
    title: 'no answer within backendRequestTimeout',
    upstream: async () => `127.0.0.1:${(await startRawUpstream(() => {})).port}`,
    policies: { timeout: { backendRequestTimeout: '30ms' } },
    status: 504,
    body: 'upstream call timeout',
    reason: 'Timeout',
  },
  {
    title: 'no answer within requestTimeout',
    upstream: async () => `127.0.0.1:${(await startRawUpstream(() => {})).port}`,
    policies: { timeout: { requestTimeout: '30ms', backendRequestTimeout: '10s' } },
    status: 504,
    body: 'request timeout',
    reason: 'Timeout',
  },
  {
    title: 'the nearer of the two deadlines',
    upstream: async () => `127.0.0.1:${(await startRawUpstream(() => {})).port}`,
    policies: { timeout: { requestTimeout: '10s', backendRequestTimeout: '30ms' } },
    status: 504,
    body: 'upstream call timeout',
    reason: 'Timeout',
  },
  {
    title: 'TLS with a server that does not speak it',
    upstream: async () => `127.0.0.1:${(await startUpstream()).port}`,
    policies: { backendTLS: {} },
    status: 503,
    body: 'upstream call failed: TLS: the handshake failed',
  },
  {
    title: 'a certificate from an unknown authority',
    upstream: async () =>
      `127.0.0.1:${(await startUpstream(undefined, makeCertificate(['127.0.0.1']))).port}`,
    policies: { backendTLS: {} },
    status: 503,
    body: 'upstream call failed: TLS: a certificate of the chain is self-signed',
  },
]

describe('a call that fails', () => {
  it.each(CASES)('$title', async ({ upstream, policies, status, body, reason = 'UpstreamFailure' }) => {
    const { port, nextEvent } = await startTestGateway(toHost(await upstream(), policies))
    const answer = await call(port, { path: '/p?key=s3cret', body: 'x' })
    expect(answer).toMatchObject({ status, body, headers: { 'content-type': 'text/plain' } })
    expect(await nextEvent()).toMatchObject({ status, error: body, reason, path: '/p?key=<redacted>' })
  })

  it('a certificate for another name', async () => {
    const certificate = makeCertificate(['other.test'])
    const upstream = await startUpstream(undefined, certificate)
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`, TLS_TO('ca.pem')), {
      compile: { readFile: () => certificate.ca },
    })
    expect(await call(port)).toMatchObject({
      status: 503,
      body: 'upstream call failed: TLS: the certificate is for another name',
    })
  })

  it('no answer within the requestTimeout of its backend', async () => {
    const upstream = await startRawUpstream(() => {})
    const config = JSON.parse(toHost(`127.0.0.1:${upstream.port}`))
    config.binds[0].listeners[0].routes[0].backends[0].policies = { http: { requestTimeout: '30ms' } }
    const { port, nextEvent } = await startTestGateway(JSON.stringify(config))
    expect(await call(port)).toMatchObject({ status: 504, body: 'upstream call timeout' })
    expect(await nextEvent()).toMatchObject({ reason: 'Timeout' })
  })

  it('a connection that is not made within connectTimeout', async () => {
    const upstream = await startRawUpstream(() => {})
    const config = JSON.parse(toHost(`127.0.0.1:${upstream.port}`, { backendTLS: {} }))
    config.config = { backend: { connectTimeout: '50ms' } }
    const { port, nextEvent } = await startTestGateway(JSON.stringify(config))
    expect(await call(port)).toMatchObject({ status: 504, body: 'upstream call timeout' })
    expect(await nextEvent()).toMatchObject({ reason: 'Timeout' })
  })

  it('a limit of more than timers can wait is none that is up at once', async () => {
    const upstream = await startUpstream(response => void setTimeout(() => response.end('late'), 30))
    const config = JSON.parse(
      toHost(`127.0.0.1:${upstream.port}`, {
        timeout: { requestTimeout: '8760h', backendRequestTimeout: '9000h' },
      }),
    )
    config.config = {
      backend: { connectTimeout: '8760h', poolIdleTimeout: '8760h' },
      connectionTerminationDeadline: '8760h',
    }
    const { port } = await startTestGateway(JSON.stringify(config))
    expect(await call(port)).toMatchObject({ status: 200, body: 'late' })
    expect(await call(port)).toMatchObject({ status: 200, body: 'late' })
    expect(upstream.connections).toHaveLength(1)
  })

  it('a connection that may not be idle at all is one for each request', async () => {
    const upstream = await startUpstream()
    const config = JSON.parse(toHost(`127.0.0.1:${upstream.port}`))
    config.config = { backend: { poolIdleTimeout: '0s' } }
    const { port } = await startTestGateway(JSON.stringify(config))
    expect(await call(port)).toMatchObject({ status: 200 })
    await expect.poll(() => upstream.connections[0]?.destroyed).toBe(true)
    expect(await call(port)).toMatchObject({ status: 200 })
    expect(upstream.connections).toHaveLength(2)
  })

  it('after a timeout the call upstream is given up', async () => {
    const upstream = await startRawUpstream(() => {})
    const { port } = await startTestGateway(
      toHost(`127.0.0.1:${upstream.port}`, { timeout: { requestTimeout: '20ms' } }),
    )
    await call(port)
    await expect.poll(() => upstream.sockets[0]?.destroyed).toBe(true)
  })

  it('a timeout while the body still comes is the end of the request', async () => {
    const upstream = await startUpstream()
    const { port, nextEvent } = await startTestGateway(
      toHost(`127.0.0.1:${upstream.port}`, { timeout: { requestTimeout: '500ms' } }),
    )
    const client = await rawClient(port)
    client.socket.write('POST /1 HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nda')
    expect(await client.until(text => text.endsWith('request timeout'))).toMatch(/^HTTP\/1.1 504 /)
    client.socket.write('ta')
    await nextEvent()
    // The connection goes on, with the next request, and only that one reaches the upstream.
    client.socket.write('GET /2 HTTP/1.1\r\nhost: a\r\n\r\n')
    await client.until(text => text.includes('200 OK'))
    expect(upstream.seen.map(seen => seen.url)).toEqual(['/2'])
  })

  it('an answer that comes before the upstream has read the whole body reaches the client', async () => {
    const upstream = await startRawUpstream(socket => {
      socket.pause()
      socket.write('HTTP/1.1 413 Payload Too Large\r\ncontent-length: 3\r\n\r\nbig')
    })
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    const size = 32 << 20
    client.socket.write(`PUT /1 HTTP/1.1\r\nhost: a\r\ncontent-length: ${size}\r\n\r\n`)
    client.socket.write(Buffer.alloc(size))
    await client.until(text => text.endsWith('big'))
    // The rest of the body is out of the way of the next request.
    client.socket.write('GET /2 HTTP/1.1\r\nhost: a\r\n\r\n')
    const received = await client.until(text => text.split('big').length === 3)
    expect(received.match(/HTTP\/1.1 413 /g)).toHaveLength(2)
  })

  it('a bug in the way of one request is told to its client alone', async () => {
    const upstream = await startUpstream()
    const runtime = runtimeOf(toHost(`127.0.0.1:${upstream.port}`))
    const listener = runtime.binds[0]?.listeners.get(undefined)
    const route = listener?.routes.entries()[0]?.[1][0]?.route
    if (listener === undefined || route?.action.kind !== 'destinations') throw new Error('no such route')
    const choices = route.action.choices.map(choice => ({
      ...choice,
      authority: ({ path }: { readonly path: string }): string => {
        if (path !== '/bug') return 'fine.test'
        throw new TypeError('sk-secret')
      },
    }))
    const listeners = new HostTable<Listener>()
    const routes = new RouteTable<Route>([{ ...route, action: { ...route.action, choices } }])
    listeners.set(undefined, { ...listener, routes })
    const events: AccessEvent[] = []
    const gateway = await startGateway(
      { ...runtime, binds: [{ key: 'bind/3000', port: 3000, tls: undefined, listeners }] },
      { ports: new Map([[3000, 0]]), onAccess: event => events.push(event) },
    )
    onTestFinished(() => gateway.close({ drainMs: 0 }))
    const { port } = gateway.addresses[0] ?? { port: 0 }
    const answers = await Promise.all([
      call(port, { path: '/bug', body: 'x' }),
      call(port, { path: '/fine', body: 'x' }),
    ])
    expect(answers).toMatchObject([
      { status: 503, body: 'processing failed: internal error' },
      { status: 200 },
    ])
    await expect
      .poll(() => events.find(({ path }) => path === '/bug'))
      .toMatchObject({
        reason: 'Internal',
        error: 'processing failed: internal error (TypeError)',
      })
  })

  it('a timeout ends with the head of the answer', async () => {
    const upstream = await startUpstream(response => {
      response.writeHead(200).write('a')
      setTimeout(() => response.end('b'), 120)
    })
    const { port } = await startTestGateway(
      toHost(`127.0.0.1:${upstream.port}`, { timeout: { requestTimeout: '60ms' } }),
    )
    expect(await call(port)).toMatchObject({ status: 200, body: 'ab' })
  })
})

describe('the failure table', () => {
  it.each(Object.entries(UPSTREAM_FAILURES))('%s has fixed words', (code, failure) => {
    const error = Object.assign(new Error('secret sk-123 at https://host/path'), { code })
    expect(upstreamFailure(error)).toBe(failure)
    expect(failure.body).not.toMatch(/sk-|https?:/)
  })

  it.each([
    ['a family of parser errors', { code: 'HPE_INVALID_CONSTANT' }, 'the answer is not HTTP/1.1'],
    ['a family of TLS errors', { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }, 'TLS: the handshake failed'],
    ['several attempts', new AggregateError([{ code: 'ECONNREFUSED' }]), 'connection refused'],
    ['something unheard of', new Error('secret'), 'unexpected error'],
    ['nothing', undefined, 'unexpected error'],
  ])('knows %s', (_title, error, words) => {
    expect(upstreamFailure(error)).toMatchObject({ status: 503, body: `upstream call failed: ${words}` })
  })
})
