import { crc32 } from 'node:zlib'
import { EventStreamCodec } from '@smithy/core/event-streams'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameReader } from '../../src/providers/event-frames.ts'
import { frame } from '../helpers/event-frames.ts'

interface Read {
  readonly headers: Record<string, string>
  readonly text: string
}

function read(
  bytes: Buffer,
  size = Math.max(bytes.length, 1),
): { frames: Read[]; wrong: string | undefined } {
  const frames: Read[] = []
  const reader = new FrameReader(({ headers, payload }) =>
    frames.push({ headers: Object.fromEntries(headers), text: payload.toString() }),
  )
  for (let at = 0; at < bytes.length; at += size) {
    // The caller's chunk may be written over once push has returned.
    const chunk = Buffer.from(bytes.subarray(at, at + size))
    const wrong = reader.push(chunk)
    chunk.fill(0xff)
    if (wrong !== undefined) return { frames, wrong }
  }
  return { frames, wrong: undefined }
}

/** A frame of its own making: lengths and bytes as they are given, with the checksums that fit. */
function made(total: number, headersLength: number, rest: Buffer): Buffer {
  const prelude = Buffer.alloc(12)
  prelude.writeUInt32BE(total, 0)
  prelude.writeUInt32BE(headersLength, 4)
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8)
  const bytes = Buffer.concat([prelude, rest])
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(bytes), 0)
  return Buffer.concat([bytes, sum])
}

describe('frames of an event stream', () => {
  it('are read as the SDK of AWS writes them, in any pieces', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 })
    const written = fc.record({ headers: fc.dictionary(fc.stringMatching(/^[:a-z-]{1,20}$/), text), text })
    fc.assert(
      fc.property(fc.array(written, { maxLength: 5 }), fc.integer({ min: 1, max: 70 }), (list, size) => {
        const bytes = Buffer.concat(list.map(one => frame(one.headers, Buffer.from(one.text))))
        const { frames, wrong } = read(bytes, size)
        expect(wrong).toBeUndefined()
        expect(frames).toEqual(list.map(one => ({ headers: { ...one.headers }, text: one.text })))
      }),
    )
  })

  it('have headers of other types, which are passed over', () => {
    const codec = new EventStreamCodec(
      bytes => Buffer.from(bytes).toString(),
      text => Buffer.from(text),
    )
    const bytes = codec.encode({
      headers: {
        yes: { type: 'boolean', value: true },
        no: { type: 'boolean', value: false },
        byte: { type: 'byte', value: 1 },
        short: { type: 'short', value: 2 },
        int: { type: 'integer', value: 3 },
        bytes: { type: 'binary', value: Buffer.from('abc') },
        at: { type: 'timestamp', value: new Date(0) },
        id: { type: 'uuid', value: '00000000-0000-4000-8000-000000000000' },
        ':event-type': { type: 'string', value: 'x' },
      },
      body: Buffer.from('p'),
    })
    expect(read(Buffer.from(bytes)).frames).toEqual([{ headers: { ':event-type': 'x' }, text: 'p' }])
  })

  const good = frame({ ':event-type': 'x' }, { a: 1 })
  const flipped = (at: number): Buffer => {
    const bytes = Buffer.from(good)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    return bytes
  }
  it.each<[string, Buffer, string]>([
    ['a length that was changed', flipped(2), 'whose length has a wrong checksum'],
    ['a header that was changed', flipped(15), 'with a wrong checksum'],
    ['a payload that was changed', flipped(good.length - 6), 'with a wrong checksum'],
    ['a checksum that was changed', flipped(good.length - 1), 'with a wrong checksum'],
    ['a huge length', made(0xffffffff, 0, Buffer.alloc(0)), 'that is too long'],
    ['a length above the limit', made(16 * 1024 * 1024 + 1, 0, Buffer.alloc(0)), 'that is too long'],
    ['a length of nothing', made(0, 0, Buffer.alloc(0)), 'that is shorter than its headers'],
    [
      'headers longer than the frame',
      made(16, 0xffffffff, Buffer.alloc(0)),
      'that is shorter than its headers',
    ],
    [
      'a name that goes beyond the headers',
      made(18, 2, Buffer.from([200, 7])),
      'whose headers cannot be read',
    ],
    [
      'a value that goes beyond the headers',
      made(21, 5, Buffer.from([1, 0x61, 7, 0xff, 0xff])),
      'whose headers cannot be read',
    ],
    ['a value without its length', made(19, 3, Buffer.from([1, 0x61, 7])), 'whose headers cannot be read'],
    ['a type that is none', made(19, 3, Buffer.from([1, 0x61, 77])), 'whose headers cannot be read'],
    [
      'another format',
      Buffer.from('event: message_start\ndata: {}\n\n'),
      'whose length has a wrong checksum',
    ],
  ])('with %s are refused', (_title, bytes, why) => {
    const whole = read(Buffer.concat([good, bytes]))
    expect(whole).toEqual({ frames: [{ headers: { ':event-type': 'x' }, text: '{"a":1}' }], wrong: why })
    expect(read(Buffer.concat([good, bytes]), 1).wrong).toBe(why)
  })

  it('that are cut are none', () => {
    for (let end = 0; end < good.length; end++)
      expect(read(good.subarray(0, end))).toEqual({ frames: [], wrong: undefined })
  })

  it('any bytes are read to an end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        read(Buffer.from(bytes), 3)
        read(made(16 + bytes.length, bytes.length, Buffer.from(bytes)))
      }),
    )
  })
})
