import type { Handler } from './handler.ts'
import { Duration, UnsignedInt } from './library.ts'
import { entriesOf, isCelMap } from './values.ts'

/*
 * Texts and conversions as Rust does them: characters are code points, sizes bytes, and a text that is no number in its
 * whole length is an error. They have names of their own, as the library has others of the same name.
 */

function size(value: unknown): bigint {
  if (typeof value === 'string') return BigInt(Buffer.byteLength(value))
  if (value instanceof Uint8Array || Array.isArray(value)) return BigInt(value.length)
  if (value instanceof Set) return BigInt(value.size)
  if (isCelMap(value)) return BigInt(entriesOf(value).length)
  throw new TypeError('size: neither text, bytes, list nor map')
}

function charAt(text: string, index: bigint): string {
  const letter = [...text][unsigned(index)]
  if (letter === undefined) throw new RangeError('charAt: no such index')
  return letter
}

function unsigned(value: bigint): number {
  if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError('an index below 0')
  return Number(value)
}

function substring(text: string, from: bigint, to?: bigint): string {
  const letters = [...text]
  const [start, end] = [unsigned(from), to === undefined ? letters.length : unsigned(to)]
  if (end < start) throw new RangeError('substring: the end is before the start')
  return letters.slice(start, end).join('')
}

function indexOf(text: string, part: string, from = 0n): bigint {
  const letters = [...text]
  const start = unsigned(from)
  if (start >= letters.length) return -1n
  const head = letters.slice(0, start).join('').length
  return letterIndex(text, text.indexOf(part, head))
}

function lastIndexOf(text: string, part: string, from?: bigint): bigint {
  if (from === undefined) return letterIndex(text, text.lastIndexOf(part))
  const letters = [...text]
  const start = unsigned(from)
  if (start >= letters.length) return -1n
  const head = letters.slice(0, start + [...part].length).join('')
  return letterIndex(head, head.lastIndexOf(part))
}

function letterIndex(text: string, index: number): bigint {
  return index < 0 ? -1n : BigInt([...text.slice(0, index)].length)
}

/** An empty separator stands between all characters, and at both ends. */
function split(text: string, by: string, limit = -1n): string[] {
  const parts = by === '' ? ['', ...text, ''] : text.split(by)
  if (limit < 0n || limit >= parts.length) return parts
  const kept = Number(limit)
  return kept === 0 ? [] : [...parts.slice(0, kept - 1), parts.slice(kept - 1).join(by)]
}

const LARGEST = 2n ** 63n - 1n
const LARGEST_UNSIGNED = 2n ** 64n - 1n

function int(value: unknown): bigint {
  const whole = wholeOf(value, /^[+-]?\d+$/)
  if (whole < -LARGEST - 1n || whole > LARGEST) throw new RangeError('integer overflow')
  return whole
}

function uint(value: unknown): UnsignedInt {
  const whole = wholeOf(value, /^\+?\d+$/)
  if (whole < 0n || whole > LARGEST_UNSIGNED) throw new RangeError('unsigned integer overflow')
  return new UnsignedInt(whole)
}

function wholeOf(value: unknown, form: RegExp): bigint {
  if (typeof value === 'bigint') return value
  if (value instanceof UnsignedInt) return value.value
  if (typeof value === 'string' && form.test(value)) return wholeIn(value)
  // Nothing that is no number has a whole part: BigInt throws.
  if (typeof value === 'number') return BigInt(Math.trunc(value))
  throw new TypeError('no whole number')
}

/** More digits than any whole number has: to read a million of them takes half a second. */
const MOST_DIGITS = 40

function wholeIn(text: string): bigint {
  const digits = text.replace(/^[+-]?0*/, '')
  if (digits.length > MOST_DIGITS) throw new RangeError('too many digits')
  return BigInt(`${digits || 0}`) * (text.startsWith('-') ? -1n : 1n)
}

/** Each digit can be read in one way. */
const FLOAT = /^[+-]?(?:\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|inf|infinity|nan)$/i

function double(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof UnsignedInt) return Number(value.value)
  if (typeof value !== 'string' || !FLOAT.test(value)) throw new TypeError('no number')
  if (/inf/i.test(value)) return value.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return Number(value)
}

function string(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return floatText(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString()
  if (value instanceof Date) return value.toISOString().replace(/\.?0*Z$/, 'Z')
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  // Unsigned numbers, durations, addresses, networks and hidden values have a text of their own.
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !isCelMap(value)) {
    if (Object.hasOwn(Object.getPrototypeOf(value) ?? {}, 'toString')) return String(value)
  }
  throw new TypeError('no text')
}

/** Of the letters of ASCII alone. */
function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, letters => letters.toLowerCase())
}

function upperAscii(text: string): string {
  return text.replace(/[a-z]+/g, letters => letters.toUpperCase())
}

/** Without an exponent, as Rust writes it. */
function floatText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'inf' : '-inf'
  const text = String(value)
  const [digits = '', exponent] = text.split('e')
  if (exponent === undefined) return text
  if (Math.abs(value) >= 1) return BigInt(value).toString()
  const zeros = '0'.repeat(-Number(exponent) - 1)
  return `${value < 0 ? '-' : ''}0.${zeros}${digits.replace(/[.-]/g, '')}`
}

/** RFC 3339, or seconds since 1970. */
function timestamp(value: unknown): Date {
  if (value instanceof Date) return value
  const date = new Date(typeof value === 'bigint' ? Number(value) * 1000 : checkedTime(value))
  const year = date.getUTCFullYear()
  if (Number.isNaN(year) || year < 1 || year > 9999) throw new RangeError('a time out of range')
  return date
}

function checkedTime(value: unknown): string {
  const [, day] =
    /^\d{4}-\d\d-(\d\d)[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/.exec(String(value)) ?? []
  const text = String(value).toUpperCase()
  // JavaScript takes 30 February for 1 March.
  if (typeof value !== 'string' || new Date(`${text.slice(0, 10)}T00:00:00Z`).getUTCDate() !== Number(day))
    throw new SyntaxError('not a time')
  // JavaScript reads ten digits of a second as if there were no zeros in front.
  return text.replace(/(\.\d{3})\d+/, '$1')
}

const SECOND = 1_000_000_000n
const NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  ms: 1_000_000n,
  s: SECOND,
  m: 60n * SECOND,
  h: 3600n * SECOND,
}
const DURATION_PART = /(\d*)(?:\.(\d*))?(ns|us|µs|ms|s|m|h)/gy
/** Characters; the library reads a text of digits in time that grows with the cube of their number. */
const LONGEST_DURATION = 100

/** `-1h30m`, `1.5s` */
function duration(text: unknown): Duration {
  if (text instanceof Duration) return text
  if (typeof text !== 'string') throw new TypeError('not a duration')
  const unsigned = text.replace(/^[+-]/, '')
  const parts = text.length > LONGEST_DURATION ? [] : [...unsigned.matchAll(DURATION_PART)]
  if (unsigned === '' || parts.reduce((read, [part]) => read + part.length, 0) < unsigned.length)
    throw new SyntaxError('not a duration')
  let all = 0n
  for (const [, whole = '', decimals = '', unit = ''] of parts) {
    const nanoseconds = NANOSECONDS[unit] ?? 0n
    all += BigInt(whole) * nanoseconds
    all += (BigInt(decimals.slice(0, 13).padEnd(13, '0')) * nanoseconds) / 10n ** 13n
  }
  const sign = text.startsWith('-') ? -1n : 1n
  return new Duration((sign * all) / SECOND, Number((sign * all) % SECOND))
}

function bothWays(name: string, returns: string, handler: Handler): [string, Handler][] {
  return [
    [`rust_${name}(dyn): ${returns}`, handler],
    [`dyn.rust_${name}(): ${returns}`, handler],
  ]
}

export const TEXT_FUNCTIONS: readonly (readonly [string, Handler])[] = [
  ...bothWays('size', 'int', size),
  ...bothWays('int', 'int', int),
  ...bothWays('uint', 'uint', uint),
  ...bothWays('double', 'double', double),
  ...bothWays('string', 'string', string),
  ['rust_duration(dyn): google.protobuf.Duration', duration],
  ['rust_timestamp(dyn): google.protobuf.Timestamp', timestamp],
  ['string.charAt(int): string', charAt],
  ['string.rust_lowerAscii(): string', lowerAscii],
  ['string.rust_upperAscii(): string', upperAscii],
  ['string.rust_substring(int): string', substring],
  ['string.rust_substring(int, int): string', substring],
  ['string.rust_indexOf(string): int', indexOf],
  ['string.rust_indexOf(string, int): int', indexOf],
  ['string.rust_lastIndexOf(string): int', lastIndexOf],
  ['string.rust_lastIndexOf(string, int): int', lastIndexOf],
  ['string.rust_split(string): list<string>', split],
  ['string.rust_split(string, int): list<string>', split],
]

/** What is called `rust_…` where expressions are run. */
export const RUST_NAMES =
  'size int uint double string duration timestamp substring indexOf lastIndexOf split matches lowerAscii upperAscii'.split(
    ' ',
  )
