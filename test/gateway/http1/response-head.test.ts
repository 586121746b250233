import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import { dateNow, fieldLines } from '../../../src/gateway/http1/response-head.ts'

it('writes names and values as they are, and tells which of them are about the framing', () => {
  const { lines, ...told } = fieldLines(['Content-Length', '5', 'x', '', 'DATE', 'today', 'y', ' ü\t~ '])
  expect(lines).toBe('Content-Length: 5\r\nx: \r\nDATE: today\r\ny:  ü\t~ \r\n')
  expect(told).toEqual({ length: 5, hasDate: true, hasConnection: false, tellsClose: false })
  expect(fieldLines(['connection', 'Upgrade', 'content_length', '5'])).toMatchObject({
    length: undefined,
    hasDate: false,
    hasConnection: true,
    tellsClose: false,
  })
  expect(fieldLines(['Connection', 'x, Close'])).toMatchObject({ hasConnection: true, tellsClose: true })
})

it.each([
  ['x', 'a\r\nset-cookie: b'],
  ['x', 'a\nb'],
  ['x', 'a\rb'],
  ['x', 'a\0'],
  ['x', '\x7f'],
  ['x', '\x0b'],
  ['x', '\u0100'],
  ['x', '\u{1f600}'],
  ['x', 'a\u010d\u010ab'],
  ['', 'a'],
  ['x:', 'a'],
  ['x ', 'a'],
  [' x', 'a'],
  ['x\r\ny', 'a'],
  ['x\n', 'a'],
  ['ü', 'a'],
  ['x(', 'a'],
])('writes nothing that is not one field: %j: %j', (name, value) => {
  expect(() => fieldLines(['a', 'b', name, value])).toThrow(
    expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_CHAR' }),
  )
})

it('knows no length where several are told', () => {
  expect(fieldLines(['content-length', '5', 'content-length', '5']).length).toBeNaN()
})

it('refuses what Node refuses, and no more', () => {
  const characters = fc.string({
    unit: fc.integer({ min: 0, max: 300 }).map(code => String.fromCharCode(code)),
  })
  fc.assert(
    fc.property(characters, characters, (name, value) => {
      expect(isTaken(() => fieldLines([name, value]))).toBe(
        isTaken(() => new ServerResponse(new IncomingMessage(new Socket())).setHeader(name, value)),
      )
    }),
    { numRuns: 1000 },
  )
})

function isTaken(set: () => void): boolean {
  try {
    set()
    return true
  } catch {
    return false
  }
}

it('has the date of the second that it is', () => {
  vi.useFakeTimers({ now: new Date('2026-01-02T03:04:05.999Z') })
  try {
    expect(dateNow()).toBe('Date: Fri, 02 Jan 2026 03:04:05 GMT\r\n')
    vi.advanceTimersByTime(1)
    expect(dateNow()).toBe('Date: Fri, 02 Jan 2026 03:04:06 GMT\r\n')
    vi.setSystemTime(new Date('2025-12-31T23:59:59Z'))
    expect(dateNow()).toBe('Date: Wed, 31 Dec 2025 23:59:59 GMT\r\n')
  } finally {
    vi.useRealTimers()
  }
})
