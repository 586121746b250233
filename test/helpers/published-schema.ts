import { readFileSync } from 'node:fs'

/** As much of JSON Schema 2020-12 as the published schema of config.yaml uses. */
interface Node {
  readonly [keyword: string]: unknown
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema
  readonly unevaluatedProperties?: boolean
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly not?: Schema
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly uniqueItems?: boolean
}
type Schema = boolean | Node

/** The keys of an object a schema has looked at, or `undefined` when the value does not fit. */
type Evaluated = ReadonlySet<string> | undefined

/** Reads the published schema and gives its verdict on plain data. */
export function publishedSchema(file: string): (data: unknown) => boolean {
  const root = JSON.parse(readFileSync(file, 'utf8')) as Node & { $defs: Record<string, Schema> }
  const fits = (schema: Schema, value: unknown): Evaluated => {
    if (typeof schema === 'boolean') return schema ? new Set() : undefined
    if (!plainKeywordsFit(schema, value)) return undefined
    const seen = new Set<string>()
    const take = (evaluated: Evaluated): boolean => {
      for (const key of evaluated ?? []) seen.add(key)
      return evaluated !== undefined
    }
    if (schema.$ref !== undefined && !take(fits(root.$defs[schema.$ref.slice(8)] ?? false, value)))
      return undefined
    if (schema.not !== undefined && fits(schema.not, value) !== undefined) return undefined
    if (!(schema.allOf ?? []).every(part => take(fits(part, value)))) return undefined
    if (schema.anyOf !== undefined && schema.anyOf.filter(part => take(fits(part, value))).length === 0)
      return undefined
    if (schema.oneOf !== undefined && schema.oneOf.filter(part => take(fits(part, value))).length !== 1)
      return undefined
    if (Array.isArray(value)) return value.every(item => fits(schema.items ?? true, item)) ? seen : undefined
    if (!isMap(value)) return seen
    for (const [key, item] of Object.entries(value)) {
      const property = schema.properties?.[key] ?? schema.additionalProperties
      if (property === undefined) continue
      if (fits(property, item) === undefined) return undefined
      seen.add(key)
    }
    const open = schema.unevaluatedProperties !== false
    return open || Object.keys(value).every(key => seen.has(key)) ? seen : undefined
  }
  return data => fits(root, data) !== undefined
}

function plainKeywordsFit(schema: Node, value: unknown): boolean {
  const types = schema.type === undefined ? undefined : [schema.type].flat()
  if (types !== undefined && !types.some(type => hasType(type, value))) return false
  // The generator left an enum empty where every value is meant.
  if (schema.enum !== undefined && schema.enum.length > 0 && !schema.enum.includes(value)) return false
  if ('const' in schema && schema.const !== value) return false
  if (typeof value === 'number') {
    if (value < (schema.minimum ?? value) || value > (schema.maximum ?? value)) return false
  }
  if (Array.isArray(value)) {
    if (value.length < (schema.minItems ?? 0)) return false
    if (schema.uniqueItems === true && new Set(value).size < value.length) return false
  }
  return !isMap(value) || (schema.required ?? []).every(key => Object.hasOwn(value, key))
}

function hasType(type: string, value: unknown): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return isMap(value)
  if (type === 'integer') return Number.isInteger(value)
  return typeof value === type
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
