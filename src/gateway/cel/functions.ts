import { createHash, randomUUID } from 'node:crypto'
import { BlockList, isIP } from 'node:net'
import { compilePattern, type Pattern } from '../regex/pattern.ts'
import { type CelHeaders, celValue, jsonValue, type Redacted } from './values.ts'

/** What agentgateway's functions do with their arguments. `never` lets each handler name its own types. */
type Handler = (...args: never[]) => unknown

/** A network, for `cidr("10.0.0.0/8").containsIP(source.address)`. */
export class Cidr {
  readonly #list = new BlockList()
  readonly #text: string

  constructor(text: string) {
    const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
    this.#list.addSubnet(address, Number(bits), familyOf(address))
    this.#text = text
  }

  contains(address: string): boolean {
    return this.#list.check(address, familyOf(address))
  }

  toString(): string {
    return this.#text
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  const version = isIP(address)
  if (version === 0) throw new TypeError('not an IP address')
  return version === 4 ? 'ipv4' : 'ipv6'
}

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

function charAt(text: string, index: bigint): string {
  const letters = [...text]
  if (index < 0n || index > letters.length) throw new RangeError('charAt: index out of range')
  return letters[Number(index)] ?? ''
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

function parseJson(text: string | Uint8Array): unknown {
  return celValue(JSON.parse(typeof text === 'string' ? text : Buffer.from(text).toString()))
}

function toJson(value: unknown): string {
  return JSON.stringify(jsonValue(value))
}

type CelMap = Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>

function entriesOf(map: CelMap): [string, unknown][] {
  return map instanceof Map ? [...map] : Object.entries(map)
}

function merge(first: CelMap, second: CelMap): Record<string, unknown> {
  return Object.assign(Object.create(null), Object.fromEntries([...entriesOf(first), ...entriesOf(second)]))
}

function extreme(wanted: 1 | -1): (...values: never[]) => unknown {
  return (...values: unknown[]) => {
    const all = values.length === 1 && Array.isArray(values[0]) ? (values[0] as unknown[]) : values
    if (all.length === 0) throw new RangeError('nothing to choose from')
    return all.reduce((best, one) => ((one as number) > (best as number) === (wanted === 1) ? one : best))
  }
}

function cookie(headers: CelHeaders, name: string): string {
  for (const part of (headers.get('cookie') ?? '').split(';')) {
    const text = part.trim()
    if (text.startsWith(`${name}=`)) return text.slice(name.length + 1)
  }
  throw new RangeError('no such cookie')
}

function formEncode(map: CelMap): string {
  return new URLSearchParams(
    Object.fromEntries(entriesOf(map).map(([key, value]) => [key, String(value)])),
  ).toString()
}

function formDecode(text: string): Record<string, string> {
  return Object.assign(Object.create(null), Object.fromEntries(new URLSearchParams(text)))
}

function oneOrMore(name: string, returns: string, handler: Handler): [string, Handler][] {
  return [1, 2, 3, 4, 5].map(count => [
    `${name}(${Array(count).fill('dyn').join(', ')}): ${returns}`,
    handler,
  ])
}

function onText(name: string, returns: string, handler: Handler): [string, Handler][] {
  return ['string', 'bytes'].map(type => [`${name}(${type}): ${returns}`, handler])
}

const decodeBase64 = (text: string): Uint8Array => {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new SyntaxError('not base64')
  return Uint8Array.from(Buffer.from(text, 'base64'))
}
const encodeBase64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64')

/**
 * Signature → function, for what agentgateway has besides what CEL itself has. A namespace stands in front with an
 * underscore (`base64_encode`): the expression is rewritten so.
 */
export const FUNCTIONS: readonly (readonly [string, Handler])[] = [
  ['string.charAt(int): string', charAt],
  ['string.stripPrefix(string): string', stripPrefix],
  ['string.stripSuffix(string): string', stripSuffix],
  [
    'string.replace(string, string): string',
    (text: string, what: string, by: string) => replaceTimes(text, what, by, -1n),
  ],
  ['string.replace(string, string, int): string', replaceTimes],
  ['list.contains(dyn): bool', (list: unknown[], value: unknown) => list.includes(value)],
  ...onText('json', 'dyn', parseJson),
  ['toJson(dyn): string', toJson],
  ['to_json(dyn): string', toJson],
  ['map.merge(map): map', merge],
  ...oneOrMore('max', 'dyn', extreme(1)),
  ...oneOrMore('min', 'dyn', extreme(-1)),
  ...oneOrMore('math_greatest', 'dyn', extreme(1)),
  ...oneOrMore('math_least', 'dyn', extreme(-1)),
  ['math_ceil(double): double', Math.ceil],
  ['math_floor(double): double', Math.floor],
  ['math_round(double): double', (value: number) => Math.sign(value) * Math.round(Math.abs(value))],
  ['math_trunc(double): double', Math.trunc],
  ['math_abs(double): double', Math.abs],
  ['math_abs(int): int', (value: bigint) => (value < 0n ? -value : value)],
  ['math_sqrt(double): double', Math.sqrt],
  ['math_isNaN(double): bool', Number.isNaN],
  ['math_isFinite(double): bool', Number.isFinite],
  ['uuid(): string', randomUUID],
  ['random(): double', Math.random],
  [
    'fail(string): dyn',
    () => {
      throw new Error('fail()')
    },
  ],
  ['string.base64Encode(): string', encodeBase64],
  ['bytes.base64Encode(): string', encodeBase64],
  ['string.base64Decode(): bytes', decodeBase64],
  ...onText('base64_encode', 'string', encodeBase64),
  ['base64_decode(string): bytes', decodeBase64],
  ...onText('sha256_encode', 'string', hash('sha256')),
  ...onText('sha1_encode', 'string', hash('sha1')),
  ...onText('md5_encode', 'string', hash('md5')),
  ['url_encode(string): string', encodeURIComponent],
  ['url_decode(string): string', decodeURIComponent],
  ['form_encode(map): string', formEncode],
  ['form_decode(string): map', formDecode],
  ['isIP(string): bool', (text: string) => isIP(text) !== 0],
  ['cidr(string): Cidr', (text: string) => new Cidr(text)],
  ['Cidr.containsIP(string): bool', (network: Cidr, address: string) => network.contains(address)],
  ['string(Cidr): string', String],
  ['Headers.cookie(string): string', cookie],
  ['Redacted.unredacted(): string', (value: Redacted) => value.unredacted()],
  ['Redacted.redacted(): Redacted', (value: Redacted) => value],
  ['string(Redacted): string', String],
]

/** Functions that decide themselves whether their arguments are evaluated. */
export const MACROS = ['default', 'coalesce', 'with', 'mapValues', 'filterKeys'] as const

/** What CEL has by itself. */
const BUILT_IN =
  'contains size startsWith endsWith string bytes double int uint type dyn bool matches duration timestamp getFullYear ' +
  'getMonth getDayOfYear getDayOfMonth getDate getDayOfWeek getHours getMinutes getSeconds getMilliseconds indexOf ' +
  'lastIndexOf join lowerAscii upperAscii trim split substring has all exists exists_one existsOne map filter regexReplace'

/** Names of the functions that run here, those of a namespace as `base64_encode`. */
export const RUN_FUNCTIONS: ReadonlySet<string> = new Set([
  ...BUILT_IN.split(' '),
  ...MACROS,
  ...FUNCTIONS.map(([signature]) => /(\w+)\(/.exec(signature)?.[1] ?? ''),
])
