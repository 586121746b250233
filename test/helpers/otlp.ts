import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A span as a collector gets it. */
export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly traceState: string
  readonly name: string
  readonly kind: number
  /** Nanoseconds since 1970. */
  readonly start: bigint
  readonly end: bigint
  readonly attributes: Readonly<Record<string, unknown>>
  readonly status: { readonly code: number; readonly message: string }
  readonly resource: Readonly<Record<string, unknown>>
  readonly scope: string
}

/** Field number → its values: numbers as bigint, everything else as bytes. */
type Message = ReadonlyMap<number, readonly (bigint | Buffer)[]>

/** Reads a protobuf message without its schema: https://protobuf.dev/programming-guides/encoding/ */
function read(bytes: Buffer): Message {
  const fields = new Map<number, (bigint | Buffer)[]>()
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const take = (length: number): Buffer => {
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const type = tag & 7
    if (![0, 1, 2, 5].includes(type)) throw new Error(`a field of type ${type}`)
    const value = type === 0 ? varint() : type === 1 ? take(8) : type === 5 ? take(4) : take(Number(varint()))
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), value])
  }
  return fields
}

const all = (message: Message, field: number): Buffer[] =>
  (message.get(field) ?? []).filter(one => Buffer.isBuffer(one))
const bytesOf = (message: Message, field: number): Buffer => all(message, field)[0] ?? Buffer.alloc(0)
const numberOf = (message: Message, field: number): bigint => {
  const value = message.get(field)?.[0]
  return typeof value === 'bigint' ? value : (value?.readBigUInt64LE() ?? 0n)
}

/** AnyValue of opentelemetry/proto/common/v1: string 1, bool 2, int 3, double 4. */
function anyValue(message: Message): unknown {
  if (message.has(2)) return numberOf(message, 2) === 1n
  if (message.has(3)) return Number(BigInt.asIntN(64, numberOf(message, 3)))
  if (message.has(4)) return bytesOf(message, 4).readDoubleLE()
  return bytesOf(message, 1).toString()
}

function attributesOf(message: Message, field: number): Record<string, unknown> {
  const pairs = all(message, field).map(read)
  return Object.fromEntries(pairs.map(one => [bytesOf(one, 1).toString(), anyValue(read(bytesOf(one, 2)))]))
}

/** ExportTraceServiceRequest → its spans, by the field numbers of opentelemetry/proto/trace/v1. */
export function spansOf(body: Buffer): ReceivedSpan[] {
  return all(read(body), 1)
    .map(read)
    .flatMap(group => {
      const resource = attributesOf(read(bytesOf(group, 1)), 1)
      return all(group, 2)
        .map(read)
        .flatMap(scope => {
          const name = bytesOf(read(bytesOf(scope, 1)), 1).toString()
          return all(scope, 2).map(one => spanOf(read(one), resource, name))
        })
    })
}

function spanOf(span: Message, resource: Record<string, unknown>, scope: string): ReceivedSpan {
  const status = read(bytesOf(span, 15))
  return {
    traceId: bytesOf(span, 1).toString('hex'),
    spanId: bytesOf(span, 2).toString('hex'),
    traceState: bytesOf(span, 3).toString(),
    parentSpanId: bytesOf(span, 4).toString('hex'),
    name: bytesOf(span, 5).toString(),
    kind: Number(numberOf(span, 6)),
    start: numberOf(span, 7),
    end: numberOf(span, 8),
    attributes: attributesOf(span, 9),
    status: { code: Number(numberOf(status, 3)), message: bytesOf(status, 2).toString() },
    resource,
    scope,
  }
}

/** A line of a log as a collector gets it. */
export interface ReceivedLine {
  readonly scope: string
  /** Nanoseconds since 1970. */
  readonly time: bigint
  readonly severity: readonly [number: number, text: string]
  readonly hasBody: boolean
  readonly attributes: Readonly<Record<string, unknown>>
  readonly traceId: string
  readonly spanId: string
  readonly resource: Readonly<Record<string, unknown>>
}

/** ExportLogsServiceRequest → its lines, by the field numbers of opentelemetry/proto/logs/v1. */
export function linesOf(body: Buffer): ReceivedLine[] {
  return all(read(body), 1)
    .map(read)
    .flatMap(group => {
      const resource = attributesOf(read(bytesOf(group, 1)), 1)
      return all(group, 2)
        .map(read)
        .flatMap(scope =>
          all(scope, 2)
            .map(read)
            .map(line => ({
              scope: bytesOf(read(bytesOf(scope, 1)), 1).toString(),
              time: numberOf(line, 1),
              severity: [Number(numberOf(line, 2)), bytesOf(line, 3).toString()] as const,
              hasBody: line.has(5),
              attributes: attributesOf(line, 6),
              traceId: bytesOf(line, 9).toString('hex'),
              spanId: bytesOf(line, 10).toString('hex'),
              resource,
            })),
        )
    })
}

/** A fake collector, OTLP over HTTP in protobuf, on a port of its own. */
export interface FakeCollector {
  readonly host: string
  readonly spans: ReceivedSpan[]
  readonly lines: ReceivedLine[]
  /** Paths and content types of the calls. */
  readonly calls: string[]
  /** Everything that came, as text. */
  readonly bytes: () => string
}

/** Closed when the test is over. `status` is what it answers. */
export async function startFakeCollector(status = 200): Promise<FakeCollector> {
  const spans: ReceivedSpan[] = []
  const lines: ReceivedLine[] = []
  const calls: string[] = []
  const bodies: Buffer[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    bodies.push(body)
    calls.push(`${request.method} ${request.url} ${request.headers['content-type']}`)
    if (status === 200 && request.url?.includes('logs')) lines.push(...linesOf(body))
    else if (status === 200) spans.push(...spansOf(body))
    response.writeHead(status, { 'content-type': 'application/x-protobuf' }).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    host: `127.0.0.1:${port}`,
    spans,
    lines,
    calls,
    bytes: () => Buffer.concat(bodies).toString('latin1'),
  }
}
