import { lists } from './field-lines.ts'

/** Of a field or a method. */
export const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** What would end a line, or be read as something else by some. */
export const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/

/** What the fields of an answer say of its framing. */
export interface ResponseFields {
  /** As lines, each with its end. */
  readonly lines: string
  /** Bytes of the body; undefined where nothing is said of them, no number where nobody can be sure. */
  readonly length: number | undefined
  readonly hasDate: boolean
  readonly hasConnection: boolean
  /** They tell the client that the connection ends. */
  readonly tellsClose: boolean
}

/** One byte a character. Throws a TypeError with Node's code ERR_INVALID_CHAR for what would not be one field. */
export function fieldLines(headers: readonly string[]): ResponseFields {
  let lines = ''
  let length: number | undefined
  let hasDate = false
  let hasConnection = false
  let tellsClose = false
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    const value = headers[i + 1] as string
    if (!NAME.test(name) || NOT_IN_VALUE.test(value))
      throw illegal(`the header ${JSON.stringify(name)} holds`)
    lines += `${name}: ${value}\r\n`
    // Their lengths tell most names from these.
    if (name.length === 14 && name.toLowerCase() === 'content-length')
      length = length === undefined ? Number(value) : Number.NaN
    else if (name.length === 4) hasDate ||= name.toLowerCase() === 'date'
    else if (name.length === 10 && name.toLowerCase() === 'connection') {
      hasConnection = true
      tellsClose ||= lists(value, 'close')
    }
  }
  return { lines, length, hasDate, hasConnection, tellsClose }
}

/** `what` is as `the header "x" holds`. */
export function illegal(what: string): Error {
  return Object.assign(new TypeError(`${what} what HTTP does not allow`), { code: 'ERR_INVALID_CHAR' })
}

let dateSecond = 0
let dateLine = ''

/** `Date: …`, made once a second. */
export function dateNow(): string {
  const now = Date.now()
  const second = now - (now % 1000)
  if (second !== dateSecond) {
    dateSecond = second
    dateLine = `Date: ${new Date(second).toUTCString()}\r\n`
  }
  return dateLine
}
