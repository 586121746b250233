import { createSecureServer, createServer, type Http2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { create, createFileRegistry, type DescMethodUnary, toBinary } from '@bufbuild/protobuf'
import { EmptySchema, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import type { ConnectError, ConnectRouter } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { onTestFinished } from 'vitest'
import { linesOf, type ReceivedLine, type ReceivedSpan, spansOf } from './otlp.ts'

const EMPTY = '.google.protobuf.Empty'

/** The service by its name alone: its messages come as unknown fields, which are kept, byte for byte. */
function exportMethod(signal: 'trace' | 'logs', service: string) {
  const name = `opentelemetry.proto.collector.${signal}.v1`
  const { proto } = EmptySchema.file
  const file = create(FileDescriptorProtoSchema, {
    name: `${signal}_service.proto`,
    package: name,
    dependency: [proto.name],
    service: [{ name: service, method: [{ name: 'Export', inputType: EMPTY, outputType: EMPTY }] }],
    syntax: 'proto3',
  })
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [proto, file] }))
  const method = registry.getService(`${name}.${service}`)?.method['export']
  return method as DescMethodUnary<typeof EmptySchema, typeof EmptySchema>
}

/** A fake collector of traces behind a real gRPC server, on a port of its own. */
export interface GrpcCollector {
  readonly host: string
  readonly spans: ReceivedSpan[]
  readonly lines: ReceivedLine[]
  /** The headers of each call. */
  readonly calls: Headers[]
  /** Connections that are open. */
  readonly sessions: ReadonlySet<Http2Session>
  /** Everything that came, as text. */
  readonly bytes: () => string
}

export interface GrpcCollectorOptions {
  /** Called before each answer, with the number of the call; what it gives is what the call fails with. */
  readonly fail?: (call: number) => ConnectError | Promise<ConnectError | undefined> | undefined
  readonly tls?: { readonly cert: string; readonly key: string }
  readonly port?: number
}

/** Closed when the test is over. */
export async function startGrpcCollector({
  fail,
  tls,
  port = 0,
}: GrpcCollectorOptions = {}): Promise<GrpcCollector> {
  const spans: ReceivedSpan[] = []
  const lines: ReceivedLine[] = []
  const calls: Headers[] = []
  const bodies: Buffer[] = []
  const sessions = new Set<Http2Session>()
  const routes = (router: ConnectRouter): void => {
    router.rpc(exportMethod('logs', 'LogsService'), async request => {
      const body = Buffer.from(toBinary(EmptySchema, request, { writeUnknownFields: true }))
      bodies.push(body)
      lines.push(...linesOf(body))
      return {}
    })
    router.rpc(exportMethod('trace', 'TraceService'), async (request, { requestHeader }) => {
      calls.push(requestHeader)
      const failure = await fail?.(calls.length)
      if (failure !== undefined) throw failure
      const body = Buffer.from(toBinary(EmptySchema, request, { writeUnknownFields: true }))
      bodies.push(body)
      spans.push(...spansOf(body))
      return {}
    })
  }
  const handler = connectNodeAdapter({ routes })
  const server = tls === undefined ? createServer(handler) : createSecureServer(tls, handler)
  server.on('session', session => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
  })
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  const address = server.address() as AddressInfo
  return {
    host: `127.0.0.1:${address.port}`,
    spans,
    lines,
    calls,
    sessions,
    bytes: () => Buffer.concat(bodies).toString('latin1'),
  }
}
