import { expect, it } from 'vitest'
import { FrameReader } from '../../../src/gateway/websocket/frames.ts'
import { serverFrame } from '../kit/websocket.ts'

const LONG = 'x'.repeat(70_000)
const longFrame = (): Buffer => {
  const head = Buffer.alloc(10)
  head[0] = 0x81
  head[1] = 127
  head.writeBigUInt64BE(BigInt(LONG.length), 2)
  return Buffer.concat([head, Buffer.from(LONG)])
}

/** Frames, and the texts that they hold. */
const STREAMS: readonly (readonly [title: string, frames: readonly Buffer[], texts: readonly string[]])[] = [
  ['one', [serverFrame('one')], ['one']],
  ['an empty one', [serverFrame(''), serverFrame('next')], ['', 'next']],
  ['middle and long ones', [serverFrame('y'.repeat(300)), longFrame()], ['y'.repeat(300), LONG]],
  [
    'fragments with a ping between them',
    [serverFrame('a', 1, false), serverFrame('ping', 9), serverFrame('b', 0, false), serverFrame('c', 0)],
    ['abc'],
  ],
  ['bytes are no text', [serverFrame('b', 2, false), serverFrame('b', 0), serverFrame('text')], ['text']],
  ['a close', [serverFrame('t'), serverFrame(Buffer.from([3, 232]), 8)], ['t']],
]

it.each(STREAMS)('%s: the texts are read, however they are cut', (_title, frames, texts) => {
  const bytes = Buffer.concat(frames)
  for (const size of [1, 2, 3, 7, 64, bytes.length]) {
    const found: string[] = []
    const reader = new FrameReader(text => found.push(text.toString()))
    for (let at = 0; at < bytes.length; at += size) {
      reader.push(bytes.subarray(at, at + size))
      if (at + size < (frames[0] as Buffer).length) expect(reader.isBetween).toBe(false)
    }
    expect(found).toEqual(texts)
    expect(reader.isBetween).toBe(true)
  }
})

it.each<[string, Buffer]>([
  ['a masked frame', Buffer.from([0x81, 0x81, 1, 2, 3, 4, 5])],
  ['a compressed frame', Buffer.from([0xc1, 0x01, 0x41])],
  ['an opcode that nobody knows', Buffer.from([0x83, 0x01, 0x41])],
  ['a length that no number holds', Buffer.from([0x81, 127, 255, 255, 255, 255, 255, 255, 255, 255, 0x41])],
  ['HTTP', Buffer.from('HTTP/1.1 200 OK\r\n\r\n')],
])('%s is followed no further', (_title, bytes) => {
  const found: Buffer[] = []
  const reader = new FrameReader(text => found.push(text))
  reader.push(Buffer.concat([bytes, serverFrame('text')]))
  expect(found).toEqual([])
  expect(reader.isBetween).toBe(false)
})

it('a message of more than a megabyte is not kept, the next one is read', () => {
  const found: string[] = []
  const reader = new FrameReader(text => found.push(text.toString()))
  const part = 'z'.repeat(60_000)
  reader.push(serverFrame(part, 1, false))
  for (let i = 0; i < 20; i++) reader.push(serverFrame(part, 0, !(i < 19)))
  reader.push(serverFrame('next'))
  expect(found).toEqual(['next'])
})
