/** Field number → its last value: numbers as they are, everything else as bytes. */
type Fields = ReadonlyMap<number, number | Buffer>

/** The fields of a protobuf message: https://protobuf.dev/programming-guides/encoding/. Throws where it is none. */
function fieldsOf(bytes: Buffer): Fields {
  const fields = new Map<number, number | Buffer>()
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes.readUInt8(at++)
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError('cut off')
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const tag = varint()
    const type = tag & 7
    const value = type === 0 ? varint() : type === 2 ? take(varint()) : take(type === 1 ? 8 : 4)
    fields.set(Math.floor(tag / 8), value)
  }
  return fields
}

const inner = (fields: Fields, field: number): Buffer => {
  const value = fields.get(field)
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0)
}

/**
 * Milliseconds that a server asks to wait: `google.rpc.RetryInfo` as the last detail of a `google.rpc.Status`
 * (https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto). Undefined when it does not.
 */
export function retryDelay(details: Buffer | undefined): number | undefined {
  if (details === undefined) return undefined
  try {
    const detail = fieldsOf(inner(fieldsOf(details), 3))
    if (!inner(detail, 1).toString().endsWith('/google.rpc.RetryInfo')) return undefined
    const delay = fieldsOf(inner(fieldsOf(inner(detail, 2)), 1))
    const milliseconds = Number(delay.get(1) ?? 0) * 1000 + Number(delay.get(2) ?? 0) / 1e6
    return Number.isFinite(milliseconds) ? milliseconds : undefined
  } catch {
    return undefined
  }
}
