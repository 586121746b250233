import type { Exchange } from '../exchange.ts'

/** As agentgateway's parser: what is nested deeper is refused. It also keeps what walks a body from running out of stack. */
const MOST_NESTED = 128

/** A body that is not taken as JSON. To read it may take a second, and many may ask for it. */
export interface RefusedBody {
  readonly body: Buffer
  /** It is refused for the models that it names. */
  readonly namesTwoModels: boolean
}

/**
 * The request's body as a JSON object, parsed once; undefined where it is none, or names two models: parsers differ in
 * which one counts, and a provider must not be asked for another one than was looked at here (RFC 8259 §4).
 */
export function jsonOf(exchange: Exchange): Record<string, unknown> | undefined {
  const { body, json } = exchange
  if (json !== undefined) return json
  if (body === undefined || body === exchange.refusedBody?.body) return undefined
  const { object, namesTwoModels } = readObject(body)
  if (object === undefined) exchange.refusedBody = { body, namesTwoModels }
  else exchange.json = object
  return object
}

interface ReadObject {
  readonly object: Record<string, unknown> | undefined
  readonly namesTwoModels: boolean
}

/** The same of bytes. */
export function readObject(body: Buffer): ReadObject {
  let hasTwo = false
  try {
    const text = body.toString()
    const parsed: unknown = JSON.parse(text)
    if (isObject(parsed)) {
      hasTwo = namesTwoModels(text, parsed)
      if (!hasTwo && !isDeeper(parsed, MOST_NESTED)) return { object: parsed, namesTwoModels: false }
    }
  } catch {
    // It is no JSON.
  }
  return { object: undefined, namesTwoModels: hasTwo }
}

/** Whether the body is refused for the models it names, for those who say why. */
export function hasTwoModels(exchange: Exchange): boolean {
  return jsonOf(exchange) === undefined && exchange.refusedBody?.namesTwoModels === true
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a field is read as the model: some parsers, Go's encoding/json among them, look at no case. */
export function namesModel(name: unknown): boolean {
  return typeof name === 'string' && name.length === 5 && name.toLowerCase() === 'model'
}

/**
 * The name, or what may be a letter of it, for each can be written so in either case. As one pattern, for V8 takes four times
 * as long to look for the name alone.
 */
const NAME_OR_LETTER = /"model"|\\u00[46]/g

/**
 * Whether an object in JSON has two fields for the model. Of two with the same name the parser keeps one: its name stands
 * twice in the text then, or is escaped, which a search tells that nearly every body is not.
 */
function namesTwoModels(json: string, parsed: Record<string, unknown>): boolean {
  let name: string | undefined
  for (const field in parsed) {
    if (!namesModel(field)) continue
    if (name !== undefined) return true
    name = field
  }
  if (name === undefined) return false
  if (name === 'model' && isWrittenOnce(json)) return false
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

/** Surely once, and no other time with escaped letters. */
function isWrittenOnce(json: string): boolean {
  NAME_OR_LETTER.lastIndex = 0
  const isName = NAME_OR_LETTER.test(json) && json.endsWith('"', NAME_OR_LETTER.lastIndex)
  return isName && !NAME_OR_LETTER.test(json)
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
  return namesModel(JSON.parse(text))
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
