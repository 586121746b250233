import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { create, toBinary } from '@bufbuild/protobuf'
import { AnySchema, DurationSchema } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, it, onTestFinished } from 'vitest'
import { GrpcError } from '../../../src/serving/otlp/grpc-call.ts'
import { type GrpcTransportOptions, grpcTransport } from '../../../src/serving/otlp/grpc-transport.ts'
import { retryDelay } from '../../../src/serving/otlp/retry-delay.ts'
import { freePort } from '../../helpers/free-port.ts'
import { startGrpcCollector } from '../../helpers/otlp-grpc.ts'
import { makeCertificate } from '../../helpers/tls.ts'

function transport(host: string, more: Partial<GrpcTransportOptions> = {}) {
  const made = grpcTransport({
    url: `http://${host}`,
    path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    isCompressed: false,
    headers: async () => ({}),
    tls: async () => ({}),
    ...more,
  })
  onTestFinished(() => made.shutdown())
  return made
}

/** A server that lasts as long as the test, and its `host:port`. */
async function listening(server: Server): Promise<string> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** An HTTP/2 server that answers every call with these headers, and then these trailers. */
function answering(
  headers: Record<string, string | number>,
  trailers?: Record<string, string>,
): Promise<string> {
  const server = createHttp2Server()
  server.on('stream', stream => {
    stream.on('error', () => {})
    stream.respond(headers, { waitForTrailers: trailers !== undefined, endStream: trailers === undefined })
    if (trailers === undefined) return
    stream.on('wantTrailers', () => stream.sendTrailers(trailers))
    stream.end()
  })
  server.on('session', session => onTestFinished(() => session.destroy()))
  return listening(server)
}

/** An empty request for the export of spans, which is a request all the same. */
const NOTHING = new Uint8Array()

const failureCode = (response: { status: string; error?: Error | undefined }) =>
  response.error instanceof GrpcError ? response.error.code : response.status

describe('a call over gRPC', () => {
  it('is answered by a gRPC server, with the headers and over the one connection', async () => {
    const collector = await startGrpcCollector()
    const { send } = transport(collector.host, { headers: async () => ({ 'X-Team': 'blue' }) })
    expect(await send(NOTHING, 60_000)).toMatchObject({ status: 'success' })
    expect(await send(NOTHING, 60_000)).toMatchObject({ status: 'success' })
    expect(collector.calls).toHaveLength(2)
    expect(collector.sessions.size).toBe(1)
    const [call] = collector.calls
    expect(call?.get('x-team')).toBe('blue')
    expect(call?.get('content-type')).toBe('application/grpc')
    expect(call?.get('te')).toBe('trailers')
    expect(call?.get('grpc-timeout')).toMatch(/^\d{1,8}m$/)
  })

  it('leaves nothing behind on the connection that all calls share', async () => {
    const collector = await startGrpcCollector()
    const warnings: Error[] = []
    const note = (warning: Error): void => void warnings.push(warning)
    process.on('warning', note)
    onTestFinished(() => void process.off('warning', note))
    const { send } = transport(collector.host)
    for (let call = 0; call < 30; call += 1)
      expect(await send(NOTHING, 5000)).toMatchObject({ status: 'success' })
    await Promise.all(Array.from({ length: 30 }, () => send(NOTHING, 5000)))
    expect(collector.sessions.size).toBe(1)
    expect(warnings).toEqual([])
  })

  it('goes compressed where that is asked for', async () => {
    const collector = await startGrpcCollector()
    const { send } = transport(collector.host, { isCompressed: true })
    // Field 1, an empty group of spans; so long that gzip has something to do.
    const message = Buffer.from('0a00'.repeat(5000), 'hex')
    expect(await send(message, 60_000)).toMatchObject({ status: 'success' })
    expect(collector.calls[0]?.get('grpc-encoding')).toBe('gzip')
    expect(collector.bytes()).toBe(message.toString('latin1'))
  })

  it('goes over TLS to whom the certificate names, and to nobody else', async () => {
    const { ca, cert, key } = makeCertificate(['127.0.0.1'])
    const collector = await startGrpcCollector({ tls: { cert, key } })
    const url = `https://${collector.host}`
    const trusting = transport('', { url, tls: async () => ({ ca }) })
    expect(await trusting.send(NOTHING, 60_000)).toMatchObject({ status: 'success' })
    const wary = transport('', { url })
    expect(failureCode(await wary.send(NOTHING, 400))).toMatch(/^(?:UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/)
    expect(collector.calls).toHaveLength(1)
  })

  it.each([
    ['UNAVAILABLE', Code.Unavailable],
    ['ABORTED', Code.Aborted],
    ['DATA_LOSS', Code.DataLoss],
    ['OUT_OF_RANGE', Code.OutOfRange],
    ['CANCELLED', Code.Canceled],
    ['DEADLINE_EXCEEDED', Code.DeadlineExceeded],
  ])('is made again after %s', async (_, code) => {
    const collector = await startGrpcCollector({
      fail: call => (call === 1 ? new ConnectError('later', code) : undefined),
    })
    expect(await transport(collector.host).send(NOTHING, 5000)).toMatchObject({ status: 'success' })
    expect(collector.calls).toHaveLength(2)
  })

  it.each([
    ['INVALID_ARGUMENT', Code.InvalidArgument],
    ['UNAUTHENTICATED', Code.Unauthenticated],
    ['PERMISSION_DENIED', Code.PermissionDenied],
    ['UNIMPLEMENTED', Code.Unimplemented],
    ['INTERNAL', Code.Internal],
    ['RESOURCE_EXHAUSTED', Code.ResourceExhausted],
  ])('is not made again after %s, and repeats nothing of what was said', async (name, code) => {
    const collector = await startGrpcCollector({
      fail: () => new ConnectError('sk-said-by-the-server', code),
    })
    const response = await transport(collector.host).send(NOTHING, 5000)
    expect(failureCode(response)).toBe(name)
    expect(JSON.stringify(response) + String((response as { error?: Error }).error)).not.toContain('sk-said')
    expect(collector.calls).toHaveLength(1)
  })

  it('is made again after RESOURCE_EXHAUSTED when the server says when', async () => {
    const delay = create(DurationSchema, { nanos: 20_000_000 })
    // google.rpc.RetryInfo, whose field 1 is the delay.
    const info = Buffer.concat([Buffer.from([0x0a]), lengthOf(toBinary(DurationSchema, delay))])
    const collector = await startGrpcCollector({
      fail: call => {
        if (call > 1) return undefined
        const error = new ConnectError('later', Code.ResourceExhausted)
        error.details = [{ type: 'google.rpc.RetryInfo', value: info }]
        return error
      },
    })
    // With the usual pause there would be no second call in this time.
    expect(await transport(collector.host).send(NOTHING, 400)).toMatchObject({ status: 'success' })
    expect(collector.calls).toHaveLength(2)
  })

  it('ends when its time is over, and the next one takes a new connection', async () => {
    const collector = await startGrpcCollector({
      fail: async call => {
        if (call === 1) await new Promise(resolve => setTimeout(resolve, 2000).unref())
        return undefined
      },
    })
    const { send } = transport(collector.host)
    expect(failureCode(await send(NOTHING, 100))).toBe('DEADLINE_EXCEEDED')
    expect(await send(NOTHING, 5000)).toMatchObject({ status: 'success' })
  })

  it('ends in time where nobody says a word', async () => {
    const host = await listening(createTcpServer(socket => socket.on('error', () => {})))
    expect(failureCode(await transport(host).send(NOTHING, 100))).toBe('DEADLINE_EXCEEDED')
  })

  it('says that nobody listens, and finds a collector that has come', async () => {
    const port = await freePort()
    const { send } = transport(`127.0.0.1:${port}`)
    expect(failureCode(await send(NOTHING, 100))).toBe('ECONNREFUSED')
    const later = send(NOTHING, 5000)
    await startGrpcCollector({ port })
    expect(await later).toMatchObject({ status: 'success' })
  })

  it('goes on after the server has closed the connection', async () => {
    const collector = await startGrpcCollector()
    const { send } = transport(collector.host)
    await send(NOTHING, 1000)
    for (const session of collector.sessions) session.close()
    expect(await send(NOTHING, 5000)).toMatchObject({ status: 'success' })
    for (const session of collector.sessions) session.destroy()
    expect(await send(NOTHING, 5000)).toMatchObject({ status: 'success' })
  })

  it.each<[string, Record<string, string | number>, Record<string, string> | undefined, string]>([
    ['a status without a body', { ':status': 200, 'grpc-status': '7' }, undefined, 'PERMISSION_DENIED'],
    ['a status that there is none of', { ':status': 200 }, { 'grpc-status': '99' }, 'UNKNOWN'],
    ['no status', { ':status': 200 }, undefined, 'UNKNOWN'],
    ['a proxy that wants a login', { ':status': 401 }, undefined, 'status 401'],
    ['a proxy that finds nothing', { ':status': 404 }, undefined, 'status 404'],
  ])('told by %s', async (_, headers, trailers, code) => {
    const host = await answering(headers, trailers)
    expect(failureCode(await transport(host).send(NOTHING, 400))).toBe(code)
  })

  it('fails at a server of HTTP/1.1 with a code that tells it', async () => {
    const host = await listening(createHttpServer((_, response) => response.end()))
    expect(failureCode(await transport(host).send(NOTHING, 400))).toMatch(/^ERR_HTTP2/)
  })

  it('does not gather an answer without an end', async () => {
    const server = createHttp2Server()
    server.on('session', session => onTestFinished(() => session.destroy()))
    server.on('stream', stream => {
      stream.on('error', () => {})
      stream.respond({ ':status': 200 })
      const more = (): void => {
        if (!stream.destroyed) stream.write(Buffer.alloc(65_536), () => setImmediate(more))
      }
      more()
    })
    const host = await listening(server)
    const response = await transport(host).send(NOTHING, 5000)
    expect(response.status).toBe('failure')
  })
})

function lengthOf(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}

describe('the delay that a server asks for', () => {
  const detail = (typeUrl: string, value: Uint8Array): Buffer => {
    const any = toBinary(AnySchema, create(AnySchema, { typeUrl, value }))
    return Buffer.concat([Buffer.from([0x08, 8, 0x1a]), lengthOf(any)])
  }
  const info = (delay: { seconds?: bigint; nanos?: number }): Buffer =>
    Buffer.concat([Buffer.from([0x0a]), lengthOf(toBinary(DurationSchema, create(DurationSchema, delay)))])

  it.each<[string, Buffer | undefined, number | undefined]>([
    ['none', undefined, undefined],
    ['seconds', detail('type.googleapis.com/google.rpc.RetryInfo', info({ seconds: 2n })), 2000],
    [
      'a part of a second',
      detail('type.googleapis.com/google.rpc.RetryInfo', info({ seconds: 1n, nanos: 500_000_000 })),
      1500,
    ],
    ['another detail', detail('type.googleapis.com/google.rpc.DebugInfo', Buffer.from('x')), undefined],
    ['no message', Buffer.from('ffffffff', 'hex'), undefined],
    ['a message that is cut off', Buffer.from('1aff01', 'hex'), undefined],
  ])('%s', (_, details, expected) => {
    expect(retryDelay(details)).toBe(expected)
  })
})
