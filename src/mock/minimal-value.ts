import { isObject, type JsonObject } from '../json.ts'

/** A schema may refer to itself, or ask for a billion elements: so many values are made at most. */
const MOST_VALUES = 1_000
const LONGEST_TEXT = 10_000

/**
 * The smallest value that fits a JSON Schema, as far as types, `required`, `enum`, `const`, bounds, common formats,
 * `allOf`, the first of `anyOf` and `oneOf`, and references inside it tell. `pattern` and `not` are not looked at. Types
 * may be in capitals, as Gemini writes them.
 */
export function minimalValue(schema: unknown): unknown {
  return new Maker(schema).value(schema, [])
}

class Maker {
  readonly #root: unknown
  #left = MOST_VALUES

  constructor(root: unknown) {
    this.#root = root
  }

  /** `through`: the references that led here, none of which is followed again. */
  value(written: unknown, through: readonly string[]): unknown {
    this.#left -= 1
    if (this.#left < 0) return null
    const { schema, refs } = this.#flat(written, through)
    if (schema['const'] !== undefined) return schema['const']
    const choices = schema['enum']
    if (Array.isArray(choices) && choices.length > 0) return choices[0]
    const type = typeOf(schema)
    if (type === 'object') return this.#object(schema, refs)
    if (type === 'array') return this.#array(schema, refs)
    if (type === 'integer' || type === 'number') return numberFor(schema, type === 'integer')
    if (type === 'boolean') return false
    return type === 'null' ? null : textFor(schema)
  }

  #object(schema: JsonObject, refs: readonly string[]): JsonObject {
    const properties = fieldsOf(schema['properties'])
    const names = new Set(listOf(schema['required']).filter(name => typeof name === 'string'))
    for (const name of properties.keys()) {
      if (names.size >= countOf(schema['minProperties'])) break
      names.add(name)
    }
    // Not by assignment: a property may be called __proto__.
    return Object.fromEntries([...names].map(name => [name, this.value(properties.get(name), refs)]))
  }

  #array(schema: JsonObject, refs: readonly string[]): unknown[] {
    const first = listOf(schema['prefixItems'])
    const list: unknown[] = []
    const length = Math.max(countOf(schema['minItems']), 0)
    while (list.length < length && this.#left > 0)
      list.push(this.value(first[list.length] ?? schema['items'], refs))
    return list
  }

  /** One schema in place of references, `allOf`, and the first alternative that does not lead back here. */
  #flat(written: unknown, through: readonly string[]): { schema: JsonObject; refs: readonly string[] } {
    let schema: JsonObject = isObject(written) ? written : {}
    let refs = through
    const parts = (name: string): unknown[] => listOf(schema[name])
    const take = (part: unknown): void => {
      const flat = this.#flat(part, refs)
      schema = merged(schema, flat.schema)
      refs = flat.refs
    }
    const ref = schema['$ref']
    if (typeof ref === 'string') {
      schema = { ...schema, $ref: undefined }
      if (through.includes(ref)) return { schema: {}, refs }
      refs = [...refs, ref]
      take(this.#at(ref))
    }
    const all = parts('allOf')
    const alternatives = [parts('anyOf'), parts('oneOf')]
    schema = { ...schema, allOf: undefined, anyOf: undefined, oneOf: undefined }
    for (const part of all) take(part)
    for (const some of alternatives) {
      const isNew = (part: unknown): boolean => !(isObject(part) && through.includes(String(part['$ref'])))
      if (some.length > 0) take(some.find(isNew) ?? some[0])
    }
    return { schema, refs }
  }

  /** What a reference inside the schema points at, as in `#/$defs/Place`. */
  #at(ref: string): unknown {
    if (!ref.startsWith('#')) return undefined
    let at = this.#root
    for (const part of ref.split('/').slice(1)) {
      const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
      at = Array.isArray(at) ? at[Number(name)] : fieldsOf(at).get(name)
    }
    return at
  }
}

/** Both at once: properties and what is required are put together, elsewhere the second wins. */
function merged(one: JsonObject, other: JsonObject): JsonObject {
  const [ours, theirs] = [one['properties'], other['properties']]
  const required = [...listOf(one['required']), ...listOf(other['required'])]
  return {
    ...one,
    ...other,
    ...(isObject(ours) && isObject(theirs) && { properties: { ...ours, ...theirs } }),
    ...(required.length > 0 && { required }),
  }
}

function typeOf(schema: JsonObject): string {
  const [type] = [schema['type']].flat()
  if (typeof type === 'string') return type.toLowerCase()
  if (isObject(schema['properties']) || Array.isArray(schema['required'])) return 'object'
  return schema['items'] === undefined && schema['prefixItems'] === undefined ? 'string' : 'array'
}

const OF_FORMAT: ReadonlyMap<unknown, string> = new Map(
  Object.entries({
    'date-time': '2026-01-01T00:00:00Z',
    date: '2026-01-01',
    time: '00:00:00Z',
    duration: 'PT1S',
    email: 'mock@example.com',
    hostname: 'example.com',
    ipv4: '192.0.2.1',
    ipv6: '2001:db8::1',
    uri: 'https://example.com/',
    uuid: '00000000-0000-4000-a000-000000000000',
  }),
)

function textFor(schema: JsonObject): string {
  const text = OF_FORMAT.get(schema['format']) ?? 'mock'
  const most = schema['maxLength']
  const padded = text.padEnd(Math.min(countOf(schema['minLength']), LONGEST_TEXT), '.')
  return typeof most === 'number' ? padded.slice(0, Math.max(most, 0)) : padded
}

/** Zero, or the number next to it that is within the bounds. */
function numberFor(schema: JsonObject, isWhole: boolean): number {
  const bound = (name: string): number | undefined =>
    typeof schema[name] === 'number' ? schema[name] : undefined
  const step = bound('multipleOf') ?? (isWhole ? 1 : undefined)
  const [above, below] = [bound('exclusiveMinimum'), bound('exclusiveMaximum')]
  const least = Math.max(bound('minimum') ?? -Infinity, above ?? -Infinity)
  const most = Math.min(bound('maximum') ?? Infinity, below ?? Infinity)
  const gap = step ?? (Number.isFinite(most - least) && most > least ? (most - least) / 2 : 1)
  let number = least > 0 ? least : Math.min(most, 0)
  if (step !== undefined && step > 0)
    number = least > 0 ? Math.ceil(least / step) * step : most < 0 ? Math.floor(most / step) * step : 0
  if (number === above) number += gap
  if (number === below) number -= gap
  return number
}

function countOf(value: unknown): number {
  return typeof value === 'number' ? value : Number(value) || 0
}

/** Of an object its own fields alone, whatever they are called. */
function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(isObject(value) ? Object.entries(value) : [])
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
