import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Chunks } from '../../../src/gateway/http1/chunks.ts'

interface Read {
  readonly body: string
  readonly fault: string | undefined
  readonly isOver: boolean
  /** What is behind it. */
  readonly rest: string
}

function read(pieces: readonly string[]): Read {
  const chunks = new Chunks()
  let body = ''
  let rest = ''
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, 'latin1')
    const end = chunks.read(bytes, 0, {
      onPiece: part => {
        expect(part.length).toBeGreaterThan(0)
        body += part.toString('latin1')
      },
    })
    if (chunks.fault === undefined) rest += bytes.toString('latin1', end)
  }
  return { body, fault: chunks.fault, isOver: chunks.isOver, rest }
}

/** Whole, and byte by byte: there must be no difference. */
function readTwice(text: string): Read {
  const whole = read([text])
  expect(read([...text])).toEqual(whole)
  return whole
}

it.each<[string, string]>([
  ['0\r\n\r\n', ''],
  ['5\r\nhello\r\n0\r\n\r\n', 'hello'],
  ['1\r\na\r\n000000000002\r\nbc\r\n0000\r\n\r\n', 'abc'],
  [`${'0'.repeat(31)}1;a\r\na\r\n0000000000000002\r\nbc\r\n${'0'.repeat(20)}\r\n\r\n`, 'abc'],
  ['A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n', '01234567890123456789'],
  ['2\r\n\r\n\r\n0\r\n\r\n', '\r\n'],
  ['5\r\n0\r\n\r\n\r\n0\r\n\r\n', '0\r\n\r\n'],
  ['1;a\r\nx\r\n0\r\n\r\n', 'x'],
  ['1;a=b;c="d;e \t\xff"\r\nx\r\n0;f\r\n\r\n', 'x'],
  ['0\r\nx: y\r\nz:\r\n\r\n', ''],
  ['0\r\nx: \t\x80\r\n\r\n', ''],
])('%j is %j', (text, body) => {
  expect(readTwice(text)).toEqual({ body, fault: undefined, isOver: true, rest: '' })
  expect(readTwice(`${text}GET / HTTP/1.1`)).toMatchObject({ body, isOver: true, rest: 'GET / HTTP/1.1' })
})

describe('is refused', () => {
  it.each([
    '\r\n',
    '\n',
    ' 1\r\nx\r\n',
    '1 \r\nx\r\n',
    '1\t\r\nx\r\n',
    '1\nx\r\n',
    '1\rx\r\n',
    '0x1\r\nx\r\n',
    '+1\r\nx\r\n',
    '-1\r\nx\r\n',
    '1g\r\nx\r\n',
    '1.\r\nx\r\n',
    'ffffffffffffffff\r\n',
    '0001000000000000\r\n',
    '00x1\r\n',
    `${'0'.repeat(32)}1\r\nx\r\n`,
    '1\r\nxy\r\n',
    '1\r\nx\n',
    '1\r\nx\r\r\n',
    '1\r\nx0\r\n\r\n',
    '1;\r\n',
    '1;a=\r\n',
    '1;=b\r\n',
    '1; a\r\n',
    '1 ;a\r\n',
    '1;a b\r\n',
    '1;a="b\r\n',
    '1;a="\\""\r\n',
    '1;a="\x7f"\r\n',
    '1;a\n',
    '1;a="\n"\r\n',
    '1;\xe9\r\n',
    '0\r\nx\r\n\r\n',
    '0\r\n x: y\r\n\r\n',
    '0\r\nx : y\r\n\r\n',
    '0\r\nx: y\n\r\n',
    '0\r\nx: \0\r\n\r\n',
    '0\r\nx: a\rb\r\n\r\n',
    '0\r\n\n',
    '0\r\ncontent-length: 5\r\n\r\n',
    '0\r\nTransfer-Encoding: chunked\r\n\r\n',
    '0\r\nHost: a\r\n\r\n',
  ])('what is malformed: %j', text => {
    expect(readTwice(text)).toMatchObject({ fault: 'malformed', isOver: false })
    expect(readTwice(`2\r\nab\r\n${text}`)).toMatchObject({
      body: expect.stringMatching(/^ab/),
      fault: 'malformed',
    })
  })

  it.each<[string, string, string]>([
    ['one extension that is too long', `1;a=${'b'.repeat(20_000)}`, 'extensions'],
    ['extensions that are too many', '1;a=bcdefghij\r\nx\r\n'.repeat(2000), 'extensions'],
    ['one trailer that is too long', `0\r\nx: ${'y'.repeat(70_000)}`, 'trailers'],
    ['trailers that are too many', `0\r\n${'x: yyyyyyyyyyyyyyy\r\n'.repeat(4000)}`, 'trailers'],
  ])('%s', (_, text, fault) => {
    expect(readTwice(text)).toMatchObject({ fault, isOver: false })
  })
})

it('is the same however it is cut', () => {
  const data = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 })
  const extension = fc.constantFrom('', '', ';a', ';a=b', ';a="\r"', ';', ' ')
  const chunk = fc
    .tuple(data, extension)
    .map(([text, behind]) => `${text.length.toString(16)}${behind}\r\n${text}\r\n`)
  const body = fc
    .tuple(fc.array(chunk, { maxLength: 6 }), fc.constantFrom('', 'x: y\r\n', 'x\r\n'))
    .map(([chunks, trailers]) => `${chunks.join('')}0\r\n${trailers}\r\nGET`)
  fc.assert(
    fc.property(body, fc.array(fc.nat(200)), (text, cuts) => {
      const places = [0, ...new Set(cuts.map(cut => cut % text.length).sort((a, b) => a - b)), text.length]
      const pieces = places.slice(1).map((place, i) => text.slice(places[i], place))
      expect(read(pieces)).toEqual(readTwice(text))
    }),
  )
})
