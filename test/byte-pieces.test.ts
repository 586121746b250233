import { describe, expect, it } from 'vitest'
import { BytePieces } from '../src/byte-pieces.ts'

/** A piece as it comes from a socket: a view on all that was read with it. */
function read(size: number, fill: number): Buffer {
  return Buffer.from(new ArrayBuffer(64 * 1024), 0, size).fill(fill)
}

const held = (pieces: BytePieces): number =>
  [...new Set(pieces.list.map(({ buffer }) => buffer))].reduce((sum, { byteLength }) => sum + byteLength, 0)

const BETWEEN = [1, 100, 4095, 4096, 16_383, 16_384, 65_536]

describe('pieces of any size', () => {
  it.each([
    ['one byte each', 5000, [1]],
    ['one byte between large ones', 200, [16_384, 1]],
    ['all sizes', 100, BETWEEN],
    ['small ones that grow', 100, BETWEEN.slice(0, 5)],
  ])('%s are whole again, in their order, in bounded memory', (_, rounds, sizes) => {
    const pieces = new BytePieces()
    const given: Buffer[] = []
    for (let i = 0; i < rounds; i++) {
      for (const size of sizes) {
        const piece = read(size, given.length % 251)
        given.push(Buffer.from(piece))
        pieces.add(piece)
      }
    }
    const all = Buffer.concat(given)
    expect(pieces.size).toBe(all.length)
    expect(held(pieces)).toBeLessThan(5 * all.length + 200_000)
    expect(pieces.list.length).toBeLessThan(all.length / 4096 + 5)
    expect(pieces.whole().equals(all)).toBe(true)
    expect(pieces.take().equals(all)).toBe(true)
    expect([pieces.size, pieces.whole().length]).toEqual([0, 0])
  })

  it('keeps one that stands alone as it came', () => {
    const pieces = new BytePieces()
    const piece = read(10, 1)
    pieces.add(piece)
    expect(pieces.whole()).toBe(piece)
  })

  it('takes more after it was looked at', () => {
    const pieces = new BytePieces()
    for (const text of ['a', 'b', 'c']) {
      pieces.add(Buffer.from(text))
      pieces.whole()
    }
    expect(pieces.whole().toString()).toBe('abc')
  })
})
