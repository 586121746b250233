import type { GatewayRequest } from '../http1/gateway-request.ts'
import type { OutgoingHead } from '../watcher.ts'
import { HOP_BY_HOP, headersWhere, listedNames, NameTable } from './header-names.ts'

/** One change to a list of headers, as a modifier writes it. */
export type ModifierEdit =
  | { readonly do: 'set' | 'add'; readonly name: string; readonly value: string }
  | { readonly do: 'remove'; readonly name: string }

/** Values may be secrets: keep edits inside the classes below. */
export type HeaderEdit =
  | ModifierEdit
  | { readonly do: 'cookie'; readonly name: string; readonly value: string }

const KEEP = 0
const DROP = 1

/** Names seen on nearly every API request, so that keeping them costs one look-up. */
const COMMON_REQUEST = [
  'accept',
  'accept-encoding',
  'accept-language',
  'content-type',
  'user-agent',
  'x-request-id',
  'x-stainless-lang',
  'x-stainless-os',
  'x-stainless-arch',
  'x-stainless-runtime',
  'x-stainless-runtime-version',
  'x-stainless-package-version',
  'x-stainless-retry-count',
  'x-stainless-timeout',
  'openai-organization',
  'openai-project',
  'anthropic-beta',
  'traceparent',
]

/** What every request loses: the connection's own headers and what the client side of the gateway writes itself. */
const NEVER_FORWARDED = [...HOP_BY_HOP, 'content-length', 'expect']

/** What headers lose, what is put in their place, and what follows the values that are there. */
interface Settled {
  readonly dropped: ReadonlySet<string>
  readonly own: readonly string[]
  readonly added: readonly string[]
  readonly cookies: readonly string[]
}

/** The edits in order, boiled down. */
function settle(edits: readonly HeaderEdit[]): Settled {
  const dropped = new Set<string>()
  let own: string[] = []
  const cookies: string[] = []
  for (const edit of edits) {
    const name = edit.name.toLowerCase()
    if (edit.do === 'cookie') {
      cookies.push(edit.name, edit.value)
      continue
    }
    if (edit.do !== 'add') {
      dropped.add(name)
      own = headersWhere(own, one => one !== name)
    }
    if (edit.do !== 'remove') own.push(edit.name, edit.value)
  }
  const isPlaced = (name: string): boolean => dropped.has(name)
  const added = headersWhere(own, name => !isPlaced(name))
  return { dropped, own: headersWhere(own, isPlaced), added, cookies }
}

/** `a=1; b=2` with the given cookies put in, replacing those of the same name. */
export function withCookies(header: string | undefined, cookies: readonly string[]): string {
  let parts = header === undefined ? [] : header.split(';').map(part => part.trim())
  for (let i = 0; i < cookies.length; i += 2) {
    parts = parts.filter(part => part !== '' && !part.startsWith(`${cookies[i]}=`))
    parts.push(`${cookies[i]}=${cookies[i + 1]}`)
  }
  return parts.join('; ')
}

/** The headers of requests to one destination. Holds the key and shows it to nobody but `build`. */
export class RequestHeaders {
  readonly #fates: NameTable<number>
  readonly #own: readonly string[]
  readonly #added: readonly string[]
  readonly #cookies: readonly string[] | undefined

  /** `refused` are names of client headers that are left out besides. */
  constructor(edits: readonly HeaderEdit[], refused: readonly string[] = []) {
    const { dropped, own, added, cookies } = settle(edits)
    const fates = new Map<string, number>(
      [...NEVER_FORWARDED, ...refused, ...dropped].map(name => [name, DROP]),
    )
    fates.set('host', DROP)
    if (cookies.length > 0) fates.set('cookie', DROP)
    this.#fates = new NameTable(fates, KEEP, COMMON_REQUEST)
    this.#own = own
    this.#added = added
    this.#cookies = cookies.length > 0 ? cookies : undefined
  }

  /** Names and values to send upstream; those that are added follow what the client sent. */
  build(request: GatewayRequest, authority: string | undefined): string[] {
    const out = this.#own.slice()
    const host = authority ?? request.headers.host
    // A client of HTTP/1.0 may name none: that of the upstream is put in.
    if (host !== undefined) out.push('host', host)
    const raw = request.rawHeaders
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i] as string
      if (this.#fates.get(name) === KEEP) out.push(name, raw[i + 1] as string)
    }
    for (const text of this.#added) out.push(text)
    if (this.#cookies !== undefined) out.push('cookie', withCookies(request.headers.cookie, this.#cookies))
    return out
  }
}

const LENGTH = 3
const DATE = 4
const TYPE = 5
const ENCODING = 6
const CONNECTION = 7
/** The type of an answer whose header the config takes away: the bytes are of that type still. */
const TYPE_DROPPED = 8

const TRANSFER = 9

/** What a client is told of a transfer: that it is in chunks, which are made anew. */
const PLAIN_TRANSFER = /^[\s,]*(?:identity[\s,]*)*(?:chunked\s*)?$/i

/** An answer in events, whose upstream may tell of an error when the status has long gone. */
const STREAM = /^(?:text\/event-stream|application\/vnd\.amazon\.eventstream)/i

const COMMON_ANSWER = ['server', 'cache-control', 'vary', 'x-request-id', 'openai-processing-ms', 'cf-ray']

/** The head of an answer, ready to be sent on, and what the relay must know of it. */
export interface AnswerHead extends OutgoingHead {
  /** -1 when the upstream gave none. */
  contentLength: number
  hasDate: boolean
  /** In events of any form; the upstream's word on its bytes, whatever the config makes of the header. */
  isStream: boolean
  /** In server-sent events. */
  isEventStream: boolean
  isEncoded: boolean
  /** Its bytes are in a transfer coding that no client would be told of. */
  isTransferCoded: boolean
}

/** The headers of answers from one destination. */
export class AnswerHeaders {
  readonly #fates: NameTable<number>
  readonly #own: readonly string[]
  readonly #added: readonly string[]
  readonly #hasEdits: boolean

  constructor(edits: readonly HeaderEdit[] = []) {
    this.#hasEdits = edits.length > 0
    const { dropped, own, added } = settle(edits)
    const fates = new Map<string, number>(HOP_BY_HOP.map(name => [name, DROP]))
    fates
      .set('connection', CONNECTION)
      .set('transfer-encoding', TRANSFER)
      .set('content-length', LENGTH)
      .set('date', DATE)
    fates.set('content-type', TYPE).set('content-encoding', ENCODING)
    for (const name of dropped) fates.set(name, DROP)
    if (dropped.has('content-type')) fates.set('content-type', TYPE_DROPPED)
    this.#fates = new NameTable(fates, KEEP, COMMON_ANSWER)
    this.#own = own
    this.#added = added
  }

  /** The config changes something; without it answers go as they come. */
  get hasEdits(): boolean {
    return this.#hasEdits
  }

  /** Of names and values in turn. */
  build(raw: readonly string[], status = 200): AnswerHead {
    const headers = this.#own.slice()
    const head = {
      status,
      headers,
      contentLength: -1,
      hasDate: false,
      isStream: false,
      isEventStream: false,
      isEncoded: false,
      isTransferCoded: false,
    }
    let connection: string | undefined
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i] as string
      const fate = this.#fates.get(name)
      if (fate === DROP) continue
      const value = raw[i + 1] as string
      if (fate === CONNECTION) {
        connection = connection === undefined ? value : `${connection},${value}`
        continue
      }
      if (fate !== KEEP) note(head, fate, value)
      if (fate !== TYPE_DROPPED && fate !== TRANSFER) headers.push(name, value)
    }
    const listed = listedNames(connection)
    if (listed !== undefined) head.headers = headersWhere(headers, name => !listed.has(name))
    // RFC 9110 §8.6: it has none.
    if (status === 204 && head.contentLength >= 0) {
      head.headers = headersWhere(head.headers, name => name !== 'content-length')
      head.contentLength = -1
    }
    head.headers.push(...this.#added)
    return head
  }

  /** The edits alone, on the headers of an answer that the gateway gives itself. */
  apply(headers: readonly string[]): string[] {
    return this.build(headers).headers
  }
}

function note(head: AnswerHead, fate: number, value: string): void {
  if (fate === LENGTH) head.contentLength = Number(value)
  else if (fate === DATE) head.hasDate = true
  else if (fate === TYPE || fate === TYPE_DROPPED) {
    head.isStream = STREAM.test(value)
    head.isEventStream = head.isStream && /^text/i.test(value)
  } else if (fate === TRANSFER) head.isTransferCoded ||= !PLAIN_TRANSFER.test(value)
  else if (fate === ENCODING) head.isEncoded ||= value !== 'identity'
}
