import { canBeLines, lists, readFieldLines } from '../http1/field-lines.ts'
import { IN_CHUNKS } from '../http1/request-head.ts'

/** How long a body is that goes to the end of its connection. */
export const TO_THE_END = -2

/** What the head of an answer says; names and values one byte a character. */
export interface ReadAnswerHead {
  readonly status: number
  /** The words behind it, as characters. */
  readonly statusText: string
  /** Names and values in turn, as they came. */
  readonly headers: readonly string[]
  /** Bytes, `IN_CHUNKS` or `TO_THE_END`. */
  readonly bodyLength: number
  /** The upstream takes further requests over this connection. */
  readonly keepsAlive: boolean
  /** For how long at least, in milliseconds, where it says so. */
  readonly idleMs: number | undefined
}

/** Whatever stands for words behind the status: they mean nothing, and some write them in letters of their own. */
const STATUS_LINE = /^HTTP\/1\.[01] [1-9]\d\d(?: [^\r\n]*)?$/
const VERSION = 'HTTP/1.'
/** What is here of such a line behind that, as long as its end is not. */
const REST_SO_FAR = /^(?:[01](?: (?:[1-9]\d{0,2}|[1-9]\d\d [^\r\n]*)?)?\r?)?$/

/** `timeout=5, max=100` */
const TIMEOUT = /(?:^|[\s,])timeout\s*=\s*(\d{1,9})(?:$|[\s,;])/i

/** Whether a head that begins so can still become one. What is in front of `from` has been looked at. */
export function canBeAnswer(text: string, from: number): boolean {
  const lineEnd = text.indexOf('\r\n')
  if (lineEnd >= 0) {
    const isLine = lineEnd < from - 1 || STATUS_LINE.test(text.slice(0, lineEnd))
    return isLine && canBeLines(text, Math.max(from, lineEnd + 2))
  }
  return VERSION.startsWith(text.slice(0, VERSION.length)) && REST_SO_FAR.test(text.slice(VERSION.length))
}

/**
 * Reads a head: `text` is that, and its first empty line begins at `end`. `hasBody` is false of an answer to HEAD. Undefined
 * where it is none by RFC 9112, or where somebody might find another end of it or of its body.
 */
export function readAnswerHead(text: string, end: number, hasBody: boolean): ReadAnswerHead | undefined {
  const lineEnd = text.indexOf('\r\n')
  const line = text.slice(0, lineEnd)
  if (!STATUS_LINE.test(line)) return undefined
  const headers = readFieldLines(text, lineEnd + 2, end)
  if (headers === undefined) return undefined
  const status = Number(line.slice(9, 12))
  let length: string | undefined
  let coding: string | undefined
  let connection: string | undefined
  let keepAlive: string | undefined
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    const value = headers[i + 1] as string
    // Their lengths tell most names from these.
    if (name.length === 10) {
      const lower = name.toLowerCase()
      if (lower === 'connection') connection = connection === undefined ? value : `${connection},${value}`
      else if (lower === 'keep-alive') keepAlive = keepAlive === undefined ? value : `${keepAlive},${value}`
    } else if (name.length === 14 && name.toLowerCase() === 'content-length') {
      if (length !== undefined) return undefined
      length = value
    } else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
      coding = coding === undefined ? value : `${coding},${value}`
    }
  }
  const isBodiless = !hasBody || status < 200 || status === 204 || status === 304
  const told = lengthOf(length, coding)
  if (told === undefined) return undefined
  const bodyLength = isBodiless ? 0 : told
  const isLatest = text.charCodeAt(7) === 0x31
  return {
    status,
    statusText: words(line.slice(13)),
    headers,
    bodyLength,
    keepsAlive:
      bodyLength !== TO_THE_END &&
      // Some send one for all that, and it would be taken for the next answer.
      !(isBodiless && told !== TO_THE_END && told !== 0) &&
      !lists(connection, 'close') &&
      (isLatest || lists(connection, 'keep-alive')),
    idleMs: keepAlive === undefined ? undefined : timeoutOf(keepAlive),
  }
}

/** Of the body, where there may be one; undefined where nobody can be sure. */
function lengthOf(length: string | undefined, coding: string | undefined): number | undefined {
  if (length === undefined) {
    if (coding === undefined) return TO_THE_END
    if (!/chunked/i.test(coding)) return TO_THE_END
    // Once, and last (RFC 9112 §7).
    return /(?:^|,[\t ]*)chunked$/i.test(coding) && !/chunked./i.test(coding) ? IN_CHUNKS : undefined
  }
  if (coding !== undefined || !/^\d+$/.test(length)) return undefined
  const bytes = Number(length)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** They are told in UTF-8, where not in ASCII. */
function words(text: string): string {
  return /[\x80-\xff]/.test(text) ? Buffer.from(text, 'latin1').toString() : text
}

function timeoutOf(keepAlive: string): number | undefined {
  const seconds = TIMEOUT.exec(keepAlive)?.[1]
  return seconds === undefined ? undefined : Number(seconds) * 1000
}
