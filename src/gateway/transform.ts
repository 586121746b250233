import type { CelContext, Expression } from './cel/cel.ts'
import { celContext } from './cel/context.ts'
import { UnsignedInt } from './cel/library.ts'
import { celValue, jsonValue, textOf } from './cel/values.ts'
import type { Exchange } from './exchange.ts'
import { FRAMING, headersWhere } from './headers/header-names.ts'
import { headerText } from './headers/header-text.ts'
import { addRequestHeader, remember, removeRequestHeader, setRequestHeader } from './headers/request-edits.ts'
import { hostOf } from './routing/host-name.ts'
import { noteCredentials } from './telemetry/client-credentials.ts'
import type { OutgoingHead } from './watcher.ts'

/** Changes to one message; each value is an expression. */
export interface CompiledTransform {
  readonly metadata: readonly (readonly [string, Expression])[]
  readonly replace: Expression | undefined
  readonly add: readonly (readonly [string, Expression])[]
  readonly set: readonly (readonly [string, Expression])[]
  readonly remove: readonly string[]
  readonly body: Expression | undefined
  /** What is secret in its expressions. */
  readonly secrets: readonly string[]
}

/** What the headers of a message, and what stands beside them, are changed by. */
interface Message {
  /** Undefined takes the header out: what failed must not let the client's own value pass. */
  set(name: string, value: string | undefined): void
  add(name: string, value: string | undefined): void
  clear(): void
  context(): CelContext
}

/** Changes a request before it goes on. Its body, where the change concerns it, must be here. */
export function transformRequest(exchange: Exchange, transform: CompiledTransform): void {
  remember(exchange.request, transform.secrets)
  noteCredentials(exchange)
  apply(exchange, transform, requestMessage(exchange))
  if (transform.body === undefined) return
  exchange.body = changedBody(transform.body, celContext(exchange))
  exchange.json = undefined
  exchange.bodyMayTell = true
}

/** Changes the head of an answer before it goes to the client. */
export function transformAnswer(
  exchange: Exchange,
  head: OutgoingHead,
  transform: CompiledTransform,
  body?: Buffer,
): void {
  noteCredentials(exchange, head.headers)
  apply(exchange, transform, answerMessage(exchange, head, body))
}

/** The body of an answer as an expression makes it. */
export function answerBody(
  exchange: Exchange,
  { status, headers }: OutgoingHead,
  body: Buffer,
  expression: Expression,
): Buffer {
  return changedBody(expression, celContext(exchange, { response: { status, headers, body } }))
}

function apply(exchange: Exchange, transform: CompiledTransform, message: Message): void {
  for (const [name, expression] of transform.metadata) {
    const value = jsonFrom(expression, message.context())
    if (value === undefined) continue
    exchange.metadata ??= Object.create(null) as Record<string, unknown>
    exchange.metadata[name] = celValue(value)
  }
  if (transform.replace !== undefined) replaceAll(transform.replace, message)
  for (const [name, expression] of transform.add)
    message.add(name, valueFor(name, expression, message.context()))
  for (const [name, expression] of transform.set)
    message.set(name, valueFor(name, expression, message.context()))
  for (const name of transform.remove) message.set(name, undefined)
}

/** All headers anew; those there are stay when the expression fails or yields no map. */
function replaceAll(expression: Expression, message: Message): void {
  const headers = jsonFrom(expression, message.context())
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) return
  message.clear()
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) continue
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      // Here they come as JSON, where agentgateway takes numbers as well.
      const text = sendable(typeof one === 'number' || typeof one === 'boolean' ? String(one) : one)
      if (text !== undefined) message.add(name.toLowerCase(), text)
    }
  }
}

function requestMessage(exchange: Exchange): Message {
  const { request } = exchange
  return {
    context: () => celContext(exchange),
    clear() {
      const { host } = request.headers
      for (const name of Object.keys(request.headers)) removeRequestHeader(request, name)
      // Where the request goes is no matter of its headers.
      if (host !== undefined) setRequestHeader(request, 'host', host)
    },
    add(name, value) {
      if (FRAMING.has(name)) return
      if (name.startsWith(':')) setPseudo(exchange, name, value)
      else if (value === undefined) removeRequestHeader(request, name)
      else addRequestHeader(request, name, value)
    },
    set(name, value) {
      if (FRAMING.has(name)) return
      if (name.startsWith(':')) setPseudo(exchange, name, value)
      else if (value === undefined) removeRequestHeader(request, name)
      else setRequestHeader(request, name, value)
    },
  }
}

/** Parts of the request line; one whose expression fails stays as it is. */
function setPseudo(exchange: Exchange, name: string, value: string | undefined): void {
  if (value === undefined) return
  if (name === ':method' && /^[A-Z]+$/.test(value)) exchange.method = value
  else if (name === ':scheme' && /^[a-z][a-z\d+.-]*$/.test(value)) exchange.schemeSet = value
  else if (name === ':authority' && /^[^\s/@?#]+$/.test(value)) {
    setRequestHeader(exchange.request, 'host', value)
    exchange.host = hostOf(value)
  } else if (name === ':path' && /^\/[\x21-\x7e]*$/.test(value)) {
    const mark = value.indexOf('?')
    exchange.path = mark < 0 ? value : value.slice(0, mark)
    exchange.query = mark < 0 ? '' : value.slice(mark + 1)
  }
}

function answerMessage(exchange: Exchange, head: OutgoingHead, body: Buffer | undefined): Message {
  const seen = body === undefined ? {} : { body }
  const without = (name: string): string[] => headersWhere(head.headers, one => one !== name)
  return {
    context: () =>
      celContext(exchange, { response: { status: head.status, headers: head.headers, ...seen } }),
    clear() {
      // How long the body is, and how it is packed, is no matter of taste.
      head.headers = headersWhere(head.headers, name => OF_THE_BODY.has(name))
    },
    add(name, value) {
      if (name === ':status') setStatus(head, value)
      else if (value === undefined) head.headers = without(name)
      else if (!OF_THE_BODY.has(name)) head.headers.push(name, value)
    },
    set(name, value) {
      if (name === ':status') return setStatus(head, value)
      if (OF_THE_BODY.has(name)) return
      head.headers = without(name)
      if (value !== undefined) head.headers.push(name, value)
    },
  }
}

const OF_THE_BODY: ReadonlySet<string> = new Set([...FRAMING, 'content-encoding'])

function setStatus(head: OutgoingHead, value: string | undefined): void {
  const status = Number(value)
  if (!Number.isInteger(status) || status < 200 || status > 599) return
  // RFC 9110 §8.6: 204 has none. That of a 304 is no length of what follows, which is nothing.
  const hasNone = status === 204 || (head.status === 304 && status !== 304)
  head.status = status
  if (hasNone) head.headers = headersWhere(head.headers, name => name !== 'content-length')
}

function jsonFrom(expression: Expression, context: CelContext): unknown {
  try {
    return jsonValue(expression.evaluate(context))
  } catch {
    return undefined
  }
}

function valueFor(name: string, expression: Expression, context: CelContext): string | undefined {
  return name === ':status' ? statusFrom(expression, context) : textFrom(expression, context)
}

/** Digits of a whole number; undefined where the expression fails or yields anything else, as a text or a double. */
function statusFrom(expression: Expression, context: CelContext): string | undefined {
  try {
    const value = expression.evaluate(context)
    const isWhole = typeof value === 'bigint' || value instanceof UnsignedInt
    return isWhole && /^\d+$/.test(String(value)) ? String(value) : undefined
  } catch {
    return undefined
  }
}

/** Text for a header; undefined where the expression fails or yields what no header can carry. */
export function textFrom(expression: Expression, context: CelContext): string | undefined {
  try {
    return sendable(expression.evaluate(context))
  } catch {
    return undefined
  }
}

/** Text that a header can carry, as bytes. */
function sendable(value: unknown): string | undefined {
  const text = textOf(value)
  if (text === undefined || /[\0-\x08\x0a-\x1f\x7f]/.test(text)) return undefined
  return typeof value === 'string' ? headerText(text) : text
}

/** A text or bytes as they are, anything else as JSON; undefined when it fails. */
export function bodyFrom(expression: Expression, context: CelContext): Buffer | undefined {
  try {
    const value = expression.evaluate(context)
    if (typeof value === 'string') return Buffer.from(value)
    if (value instanceof Uint8Array) return Buffer.from(value)
    return Buffer.from(JSON.stringify(jsonValue(value)))
  } catch {
    return undefined
  }
}

/** An empty one when it fails: what was to be changed must not pass as it is. */
function changedBody(expression: Expression, context: CelContext): Buffer {
  return bodyFrom(expression, context) ?? Buffer.alloc(0)
}
