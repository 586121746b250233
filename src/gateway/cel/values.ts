/** A credential of the client: an expression sees it only where it asks for it with `.unredacted()`. */
export class Redacted {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  unredacted(): string {
    return this.#value
  }

  toString(): string {
    return '<redacted>'
  }

  toJSON(): string {
    return '<redacted>'
  }
}

/** In the place of a credential, where nobody is to see it whatever an expression asks for. */
export const HIDDEN = new Redacted('<redacted>')

/** A list or map of which each entry becomes a field of its own in a log or a span: `name.key`. */
export class Flattened {
  readonly value: object
  /** And what is in the entries, all the way down. */
  readonly isDeep: boolean

  constructor(value: object, isDeep: boolean) {
    this.value = value
    this.isDeep = isDeep
  }
}

/** The fields that a value makes under a name, as JSON. */
export function fieldsOf(name: string, value: unknown, isDeep = false): [string, unknown][] {
  if (value instanceof Flattened) return entryFields(name, value.value, value.isDeep)
  if (isDeep && (Array.isArray(value) || isCelMap(value))) return entryFields(name, value, true)
  return [[name, jsonValue(value)]]
}

function entryFields(name: string, value: object, isDeep: boolean): [string, unknown][] {
  return entriesOf(value).flatMap(([key, one]) => fieldsOf(`${name}.${key}`, one, isDeep))
}

/** JSON as an expression sees it: whole numbers are its integers. */
export function celValue(json: unknown): unknown {
  if (typeof json === 'number') return Number.isSafeInteger(json) ? BigInt(json) : json
  if (Array.isArray(json)) return json.map(celValue)
  if (!isPlain(json)) return json ?? null
  const map: Record<string, unknown> = Object.create(null)
  for (const [key, value] of Object.entries(json)) map[key] = celValue(value)
  return map
}

/** A value with every text in it, keys as well, changed. */
export function withTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map(one => withTexts(one, change))
  if (!isPlain(value)) return value
  const map: Record<string, unknown> = Object.create(null)
  for (const [key, one] of Object.entries(value)) map[change(key)] = withTexts(one, change)
  return map
}

/** The way back: what an expression yields, as JSON. Throws for what JSON has no form for. */
export function jsonValue(value: unknown): unknown {
  switch (typeof value) {
    case 'bigint':
      return Number(value)
    case 'object':
      return value === null ? null : jsonOfObject(value)
    case 'function':
    case 'symbol':
    case 'undefined':
      throw new TypeError('an expression yields something that JSON has no form for')
    default:
      return value
  }
}

function jsonOfObject(value: object): unknown {
  if (Array.isArray(value)) return value.map(jsonValue)
  if (value instanceof Set) return [...value].map(jsonValue)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Flattened) return jsonValue(value.value)
  if (value instanceof Date) return value.toISOString()
  if (isCelMap(value))
    return Object.fromEntries(entriesOf(value).map(([key, one]) => [String(key), jsonValue(one)]))
  // Durations, unsigned numbers and redacted values say themselves how they are written.
  const text = String(value)
  return /^\d+$/.test(text) ? Number(text) : text
}

/** A map as expressions have them: made by JSON or by an expression, or of headers. */
export type CelMap = Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>

export function isCelMap(value: unknown): value is CelMap {
  return value instanceof Map || isPlain(value)
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

export function entriesOf(map: object): [string, unknown][] {
  return map instanceof Map ? [...map] : Object.entries(map)
}

/** Text of a value that goes into a header; undefined for what is no text, which an expression turns into one by `string(…)`. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1')
  return value instanceof Redacted ? value.toString() : undefined
}

/** A duration, or a number of milliseconds, in milliseconds; undefined for anything else. */
export function millisecondsOf(value: unknown): number | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return finite(Number(value))
  const isDuration = typeof value === 'object' && value !== null && 'seconds' in value && 'nanos' in value
  return isDuration ? finite(Number(value)) : undefined
}

function finite(ms: number): number | undefined {
  return Number.isFinite(ms) ? ms : undefined
}
