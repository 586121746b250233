import { describe, expect, it } from 'vitest'
import { Redactor } from '../../../src/secrets/redactor.ts'
import { keySearch } from '../../../src/secrets/scan/search.ts'
import { SLICE_BYTES, SlicedSearch } from '../../../src/secrets/scan/sliced.ts'
import { fingerprint } from '../../../src/secrets/secret.ts'
import { keyLike } from '../../helpers/keys.ts'

const KEY = keyLike('openai', 'sliced')

function searched(bytes: Buffer, step: number) {
  const search = new SlicedSearch(keySearch(new Redactor(fingerprint)))
  for (let at = 0; at < bytes.length; at += step) search.push(bytes.subarray(at, at + step))
  return search.end()
}

describe('a search in slices', () => {
  // Wherever the key stands about the place where a slice ends, it is found once.
  it.each([-200, -140, -71, -2, 0, 1, 70])('finds a key %i bytes from the end of a slice, once', shift => {
    const before = 'word \n'.repeat(SLICE_BYTES).slice(0, SLICE_BYTES + shift - 1)
    const bytes = Buffer.from(`${before} ${KEY} # \n${'word \n'.repeat(20_000)}`)
    const { found } = searched(bytes, 65_536)
    const start = SLICE_BYTES + shift
    expect(found.map(one => one.range.start)).toEqual([
      { offset: start, line: Math.floor(start / 6) + 1, column: (start % 6) + 1 },
    ])
  })

  it('knows a comment on the other side of the end of a slice', () => {
    const before = 'word \n'.repeat(SLICE_BYTES).slice(0, SLICE_BYTES - 70)
    const { found } = searched(Buffer.from(`${before}\n${KEY} # agw:allow\n`), 65_536)
    expect(found.map(one => one.allowed)).toEqual([true])
  })

  it('takes characters apart nowhere', () => {
    const bytes = Buffer.from(`${'äé€\n'.repeat(SLICE_BYTES / 4)}ä ${KEY}`)
    expect(searched(bytes, 65_537).found.map(one => one.range.start.column)).toEqual([3])
  })

  it('finds a key among bytes that are no text', () => {
    const noise = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    const bytes = Buffer.concat([
      ...Array.from({ length: SLICE_BYTES / 200 }, () => noise),
      Buffer.from(`\n${KEY}\n`),
    ])
    expect(searched(bytes, 65_536).found).toHaveLength(1)
  })

  it('shows no key in the lines of a text', () => {
    const { lines } = searched(Buffer.from(`a ${KEY}\nb ${KEY}`), 100)
    expect([lines.line(1), lines.line(2)]).toEqual([
      `a ${'*'.repeat(KEY.length)}`,
      `b ${'*'.repeat(KEY.length)}`,
    ])
  })
})
