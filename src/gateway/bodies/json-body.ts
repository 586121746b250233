import type { Exchange } from '../exchange.ts'

/** As agentgateway's parser: what is nested deeper is refused. It also keeps what walks a body from running out of stack. */
const MOST_NESTED = 128

/**
 * The request's body as a JSON object, parsed once; undefined where it is none, or names two models: parsers differ in
 * which one counts, and a provider must not be asked for another one than was looked at here (RFC 8259 §4).
 */
export function jsonOf(exchange: Exchange): Record<string, unknown> | undefined {
  if (exchange.json !== undefined) return exchange.json
  try {
    const text = exchange.body?.toString() ?? ''
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined
    if (isDeeper(parsed, MOST_NESTED) || namesTwoModels(text)) return undefined
    exchange.json = parsed as Record<string, unknown>
    return exchange.json
  } catch {
    return undefined
  }
}

/** Whether the body is refused for the models it names, for those who say why. */
export function hasTwoModels({ body }: Exchange): boolean {
  try {
    return body !== undefined && namesTwoModels(body.toString())
  } catch {
    // A name that cannot be read: the body is no JSON.
    return false
  }
}

/** Whether a field is read as the model: some parsers, Go's encoding/json among them, look at no case. */
export function isModelName(name: unknown): boolean {
  return typeof name === 'string' && name.toLowerCase() === 'model'
}

const PLAIN_NAME = /"model"/i
/** Each letter of the name, in either case, can be written so. */
const ESCAPED_LETTER = /\\u00[46]/

/** Whether an object in JSON has two fields for the model. Two searches tell of nearly every body that it has not. */
function namesTwoModels(json: string): boolean {
  const first = json.search(PLAIN_NAME)
  const isPlain = first < 0 || !PLAIN_NAME.test(json.slice(first + 1))
  if (isPlain && !ESCAPED_LETTER.test(json)) return false
  let depth = 0
  let found = 0
  for (let at = 0; at < json.length; at++) {
    const sign = json[at]
    if (sign === '{' || sign === '[') depth++
    else if (sign === '}' || sign === ']') depth--
    else if (sign === '"') {
      const start = at
      at = endOfText(json, start)
      if (depth === 1 && isModelField(json, start, at)) found++
    }
  }
  return found > 1
}

/** Where the text that starts at a quotation mark ends: the index of the other one. */
function endOfText(json: string, start: number): number {
  let at = start + 1
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1
  return at
}

/** `model` with all letters escaped, in quotation marks. */
const LONGEST_NAME = 5 * 6 + 2

function isModelField(json: string, start: number, end: number): boolean {
  const text = json.slice(start, end + 1)
  if (text.length > LONGEST_NAME || !/^\s*:/.test(json.slice(end + 1))) return false
  return isModelName(JSON.parse(text))
}

/** In loops, which make no lists and no functions on their way: every body is walked through. */
function isDeeper(value: unknown, left: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (left === 0) return true
  if (Array.isArray(value)) {
    for (const one of value) if (isDeeper(one, left - 1)) return true
    return false
  }
  for (const name in value) if (isDeeper((value as Record<string, unknown>)[name], left - 1)) return true
  return false
}
