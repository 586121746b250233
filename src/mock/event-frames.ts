import { crc32 } from 'node:zlib'

/** A header of an event stream whose value is a text. */
function header(name: string, value: string): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(Buffer.byteLength(value))
  const TEXT = 7
  return Buffer.concat([
    Buffer.from([name.length]),
    Buffer.from(name),
    Buffer.from([TEXT]),
    length,
    Buffer.from(value),
  ])
}

function checksum(bytes: Buffer): Buffer {
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(bytes))
  return sum
}

/** One event of `application/vnd.amazon.eventstream`. https://smithy.io/2.0/aws/amazon-eventstream.html */
export function frameOf(type: string, payload: object): Buffer {
  const headers = Buffer.concat([
    header(':event-type', type),
    header(':content-type', 'application/json'),
    header(':message-type', 'event'),
  ])
  const body = Buffer.from(JSON.stringify(payload))
  const lengths = Buffer.alloc(8)
  lengths.writeUInt32BE(headers.length + body.length + 16, 0)
  lengths.writeUInt32BE(headers.length, 4)
  const bytes = Buffer.concat([lengths, checksum(lengths), headers, body])
  return Buffer.concat([bytes, checksum(bytes)])
}
