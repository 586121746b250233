import { createHash, randomUUID } from 'node:crypto'
import { parametersOf } from '../../query.ts'
import { compilePattern, type Pattern } from '../regex/pattern.ts'
import { Absent } from './absent.ts'
import type { Handler } from './handler.ts'
import { HEADER_FUNCTIONS } from './headers.ts'
import { Optional } from './library.ts'
import { NETWORK_FUNCTIONS } from './networks.ts'
import { NUMBER_FUNCTIONS } from './numbers.ts'
import { equals } from './operators.ts'
import { QUERY_FUNCTIONS } from './queries.ts'
import { TEXT_FUNCTIONS } from './texts.ts'
import { type CelMap, celValue, entriesOf, Flattened, jsonValue, type Redacted } from './values.ts'

function hash(algorithm: string): (text: string | Uint8Array) => string {
  return text => createHash(algorithm).update(text).digest('hex')
}

function stripPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text
}

function stripSuffix(text: string, suffix: string): string {
  return text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text
}

function replaceTimes(text: string, what: string, by: string, times: bigint): string {
  if (times < 0n) return text.replaceAll(what, () => by)
  let left = times
  return text.replaceAll(what, found => (left-- > 0n ? by : found))
}

/** How many patterns are kept compiled; a config has a handful, an expression that makes patterns up has many. */
const MOST_PATTERNS = 512

/** Patterns of `matches` and `regexReplace`, each compiled when it is first used. */
function patterns(): (written: string) => Pattern {
  const known = new Map<string, Pattern>()
  return written => {
    const found = known.get(written)
    if (found !== undefined) return found
    const made = compilePattern(written)
    if (known.size >= MOST_PATTERNS) known.clear()
    known.set(written, made)
    return made
  }
}

/** The functions that take a pattern; made anew for each config, as they remember its patterns. */
export function patternFunctions(): readonly (readonly [string, Handler])[] {
  const compiled = patterns()
  const matches = (text: string, pattern: string): boolean => compiled(pattern).test(text)
  return [
    ['string.rust_matches(string): bool', matches],
    ['rust_matches(string, string): bool', matches],
    [
      'string.regexReplace(string, string): string',
      (text: string, pattern: string, by: string) => compiled(pattern).replaceFirst(text, by),
    ],
  ]
}

function textIn(text: string | Uint8Array): string {
  return typeof text === 'string' ? text : Buffer.from(text).toString()
}

function parseJson(text: string | Uint8Array): unknown {
  return celValue(JSON.parse(textIn(text)))
}

function toJson(value: unknown): string {
  return JSON.stringify(jsonValue(value))
}

function merge(first: CelMap, second: CelMap): Record<string, unknown> {
  return Object.assign(Object.create(null), Object.fromEntries([...entriesOf(first), ...entriesOf(second)]))
}

function formEncode(map: CelMap): string {
  const form = new URLSearchParams()
  const entries = entriesOf(map).sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [key, value] of entries) {
    if (value === null) continue
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one !== 'string') throw new TypeError('form.encode: a value that is no text')
      form.append(key, one)
    }
  }
  return form.toString()
}

/** A key that is there several times has a list. */
function formDecode(form: string | Uint8Array): Record<string, unknown> {
  const map: Record<string, string | string[]> = Object.create(null)
  for (const [key, value] of parametersOf(textIn(form))) {
    const before = map[key]
    if (Array.isArray(before)) before.push(value)
    else map[key] = before === undefined ? value : [before, value]
  }
  return map
}

/** Everything but letters, digits, `-`, `.`, `_` and `~`. */
function urlEncode(text: string | Uint8Array): string {
  if (typeof text !== 'string') return [...text].map(encodeByte).join('')
  return encodeURIComponent(text).replace(/[!'()*]/g, c => encodeByte(c.charCodeAt(0)))
}

function encodeByte(byte: number): string {
  const c = String.fromCharCode(byte)
  return /[A-Za-z0-9._~-]/.test(c) ? c : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

/** A % that starts no byte stands for itself. */
function urlDecode(text: string): string {
  return decodeURIComponent(text.replace(/%(?![0-9A-Fa-f]{2})/g, '%25'))
}

/** One field of a JSON object. */
function jsonField(text: string | Uint8Array, name: string): unknown {
  const map = parseJson(text)
  if (typeof map !== 'object' || map === null || Array.isArray(map))
    throw new TypeError('jsonField: no object')
  if (!Object.hasOwn(map, name)) throw new Absent('jsonField: no such field')
  return Reflect.get(map, name)
}

/** The claims of a token that nobody has checked. */
function unvalidatedClaims(token: string): unknown {
  const parts = token.split('.')
  if (parts.length !== 3) throw new SyntaxError('not a token')
  return parseJson(Buffer.from(parts[1] ?? '', 'base64url').toString())
}

/** What a field has that nobody has set. */
function isZero(value: unknown): boolean {
  if (value === null || value === false || value === '' || equals(value, 0n)) return true
  if (typeof value !== 'object') return false
  if (value instanceof Uint8Array || Array.isArray(value)) return value.length === 0
  return Object.getPrototypeOf(value) === null && Object.keys(value).length === 0
}

function includes(list: readonly unknown[], value: unknown): boolean {
  return list.some(one => equals(one, value))
}

function onText(name: string, returns: string, handler: Handler, more = ''): [string, Handler][] {
  return ['string', 'bytes'].map(type => [`${name}(${type}${more}): ${returns}`, handler])
}

/** Of lists and maps. */
function flattening(name: string, isDeep: boolean): [string, Handler][] {
  const handler = (value: object): Flattened => new Flattened(value, isDeep)
  return ['list', 'map'].map(type => [`${name}(${type}): Flattened`, handler])
}

const decodeBase64 = (encoded: string | Uint8Array): Uint8Array => {
  const text = textIn(encoded)
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new SyntaxError('not base64')
  return Uint8Array.from(Buffer.from(text, 'base64'))
}
const encodeBase64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64')

/**
 * Signature → function, for what agentgateway has besides what CEL itself has. A namespace stands in front with an
 * underscore (`base64_encode`): the expression is rewritten so.
 */
export const FUNCTIONS: readonly (readonly [string, Handler])[] = [
  ...TEXT_FUNCTIONS,
  ...NUMBER_FUNCTIONS,
  ...NETWORK_FUNCTIONS,
  ...QUERY_FUNCTIONS,
  ['string.stripPrefix(string): string', stripPrefix],
  ['string.stripSuffix(string): string', stripSuffix],
  [
    'string.replace(string, string): string',
    (text: string, what: string, by: string) => replaceTimes(text, what, by, -1n),
  ],
  ['string.replace(string, string, int): string', replaceTimes],
  ['list.contains(dyn): bool', includes],
  [
    'map.contains(dyn): bool',
    (map: CelMap, key: unknown) => entriesOf(map).some(([one]) => equals(one, key)),
  ],
  [
    'bytes.contains(bytes): bool',
    (bytes: Uint8Array, part: Uint8Array) => Buffer.from(bytes).includes(Buffer.from(part)),
  ],
  ...onText('json', 'dyn', parseJson),
  ['toJson(dyn): string', toJson],
  ['to_json(dyn): string', toJson],
  ...onText('jsonField', 'dyn', jsonField, ', string'),
  [
    'OptionalNamespace.ofNonZeroValue(dyn): optional<dyn>',
    (_: unknown, value: unknown) => (isZero(value) ? Optional.none() : Optional.of(value)),
  ],
  ['unvalidatedJwtPayload(string): dyn', unvalidatedClaims],
  ['map.merge(map): map', merge],
  ['uuid(): string', randomUUID],
  ['random(): double', Math.random],
  [
    'fail(string): dyn',
    () => {
      throw new Error('fail()')
    },
  ],
  // By the names of old, and by those of CEL's extension.
  ...['base64Encode', 'base64_encode'].flatMap(name => onText(name, 'string', encodeBase64)),
  ...['base64Decode', 'base64_decode'].flatMap(name => onText(name, 'bytes', decodeBase64)),
  ...onText('sha256_encode', 'string', hash('sha256')),
  ...onText('sha1_encode', 'string', hash('sha1')),
  ...onText('md5_encode', 'string', hash('md5')),
  ...onText('url_encode', 'string', urlEncode),
  ['url_decode(string): string', urlDecode],
  ['form_encode(map): string', formEncode],
  ...onText('form_decode', 'map', formDecode),
  ...flattening('flatten', false),
  ...flattening('flattenRecursive', true),
  ...flattening('flatten_recursive', true),
  ...HEADER_FUNCTIONS,
  ['Redacted.unredacted(): string', (value: Redacted) => value.unredacted()],
  ['Redacted.redacted(): Redacted', (value: Redacted) => value],
]
