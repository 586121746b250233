import { type IncomingHttpHeaders, METHODS } from 'node:http'
import { canBeLines, lists, readFieldLines } from './field-lines.ts'
import { addField, Fields } from './fields.ts'

/** `host:80`, as far as its characters go. */
const AUTHORITY = "(?:@?[\\w\\-.!~*'()%;:&=+$,[\\]])+@?"

/** A path or `*` with what may follow, `http://host/path?query`, or (of `CONNECT`) an authority: RFC 9112 §3.2. */
const TARGET = new RegExp(`^(?:[/*][\\x21-\\x7e]*|[A-Za-z]+://${AUTHORITY}(?:[/?][\\x21-\\x7e]*)?)$`)
/** A path, too: it is refused as every `CONNECT` is, and told so. */
const CONNECT_TARGET = new RegExp(`^(?:/[\\x21-\\x7e]*|${AUTHORITY})$`)

const KNOWN: ReadonlySet<string> = new Set(METHODS)

/** ` HTTP/1.1` */
const VERSION_LENGTH = 9

/** How long a body is that comes in chunks, as far as its head tells. */
export const IN_CHUNKS = -1

/** What the head of a request says, names and values one byte a character. */
export interface RequestHead {
  readonly method: string
  readonly url: string
  readonly httpVersionMinor: 0 | 1
  /** Names and values in turn, as they came. */
  readonly rawHeaders: string[]
  /** By names in lower case, joined as Node joins them. */
  readonly headers: IncomingHttpHeaders
  /** Bytes, or `IN_CHUNKS`. */
  readonly bodyLength: number
  /** The client takes further answers over this connection. */
  readonly keepsAlive: boolean
  /** It would go on in another protocol. */
  readonly offersUpgrade: boolean
}

/**
 * Reads a head: `text` is that, one byte a character, and ends with the first empty line, which begins at `end`. Undefined
 * where it is none by RFC 9112, or where somebody in front or behind might find another end of it or of its body: of lengths
 * there is one, in digits; of codings, too, and the last in it is `chunked`; and never both.
 */
export function readHead(text: string, end: number): RequestHead | undefined {
  const lineEnd = text.indexOf('\r\n')
  const line = readLine(text, lineEnd)
  if (line === undefined) return undefined
  const rawHeaders = readFieldLines(text, lineEnd + 2, end)
  if (rawHeaders === undefined) return undefined
  const headers = new Fields() as IncomingHttpHeaders
  let isTwofold = false
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase()
    if (!addField(headers, name, rawHeaders[i + 1] as string)) isTwofold = true
  }
  const bodyLength = lengthOf(headers)
  if (isTwofold || bodyLength === undefined) return undefined
  const { connection } = headers
  const isLatest = line.httpVersionMinor === 1
  return {
    method: line.method,
    url: line.url,
    httpVersionMinor: line.httpVersionMinor,
    rawHeaders,
    headers,
    bodyLength,
    keepsAlive: !lists(connection, 'close') && (isLatest || lists(connection, 'keep-alive')),
    offersUpgrade: headers.upgrade !== undefined && lists(connection, 'upgrade'),
  }
}

/** Whether a head that begins so can still become one. What is in front of `from` has been looked at. */
export function canBeHead(text: string, from: number): boolean {
  if (!canBeLines(text, from)) return false
  const lineEnd = text.indexOf('\r\n')
  return lineEnd < 0 || lineEnd < from - 1 || readLine(text, lineEnd) !== undefined
}

/** `POST /path HTTP/1.1`, with one space between each two. */
function readLine(
  text: string,
  lineEnd: number,
): Pick<RequestHead, 'method' | 'url' | 'httpVersionMinor'> | undefined {
  const methodEnd = text.indexOf(' ')
  const urlEnd = lineEnd - VERSION_LENGTH
  if (methodEnd < 0 || urlEnd <= methodEnd + 1) return undefined
  const method = text.slice(0, methodEnd)
  const url = text.slice(methodEnd + 1, urlEnd)
  const form = method === 'CONNECT' ? CONNECT_TARGET : TARGET
  if (!KNOWN.has(method) || !form.test(url)) return undefined
  if (text.startsWith(' HTTP/1.1', urlEnd)) return { method, url, httpVersionMinor: 1 }
  return text.startsWith(' HTTP/1.0', urlEnd) ? { method, url, httpVersionMinor: 0 } : undefined
}

/** Of the body; undefined where nobody can be sure. */
function lengthOf(headers: IncomingHttpHeaders): number | undefined {
  const { 'content-length': length, 'transfer-encoding': coding } = headers
  if (length === undefined) {
    if (coding === undefined) return 0
    // Once, and last (RFC 9112 §7).
    return /(?:^|,[\t ]*)chunked$/i.test(coding) && !/chunked./i.test(coding) ? IN_CHUNKS : undefined
  }
  if (coding !== undefined || !/^\d+$/.test(length)) return undefined
  const bytes = Number(length)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}
