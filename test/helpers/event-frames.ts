import { EventStreamCodec } from '@smithy/core/event-streams'

const codec = new EventStreamCodec(
  bytes => Buffer.from(bytes).toString(),
  text => Buffer.from(text),
)

/** One message of an event stream, as the SDK of AWS writes it. */
export function frame(headers: Readonly<Record<string, string>>, payload: unknown): Buffer {
  const texts = Object.entries(headers).map(([name, value]) => [name, { type: 'string' as const, value }])
  const body = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload))
  return Buffer.from(codec.encode({ headers: Object.fromEntries(texts), body }))
}

/** An event of a stream of answers. */
export function event(type: string, payload: unknown): Buffer {
  return frame(
    { ':message-type': 'event', ':event-type': type, ':content-type': 'application/json' },
    payload,
  )
}

/** What breaks such a stream off. */
export function exception(type: string, message: string): Buffer {
  return frame({ ':message-type': 'exception', ':exception-type': type }, { message })
}
