/** The part of JSON Schema that the CRD schemas use. */
interface Schema {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly propertyNames?: Schema
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly oneOf?: readonly Schema[]
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
  readonly 'x-kubernetes-int-or-string'?: boolean
}

/** What of a value a structural schema refuses, by path; keys that it does not know are refused too, as kubectl does. */
export function schemaErrors(value: unknown, schema: Schema, path = ''): string[] {
  const wrong = (what: string): string[] => [`${path || '.'}: ${what}`]
  if (schema.const !== undefined && value !== schema.const) return wrong(`is not ${String(schema.const)}`)
  if (schema.enum !== undefined && !schema.enum.includes(value))
    return wrong(`is none of ${schema.enum.join(', ')}`)
  if (schema['x-kubernetes-int-or-string'] === true) return []
  if (schema.type !== undefined && schema.type !== typeOf(value, schema.type))
    return wrong(`is not of type ${schema.type}`)
  if (typeof value === 'string') return textErrors(value, schema).flatMap(wrong)
  if (typeof value === 'number') {
    const { minimum = -Infinity, maximum = Infinity } = schema
    return value < minimum || value > maximum ? wrong(`is not from ${minimum} to ${maximum}`) : []
  }
  if (Array.isArray(value)) {
    const { minItems = 0, maxItems = Infinity, items = {} } = schema
    const length =
      value.length < minItems || value.length > maxItems ? wrong('has a wrong number of items') : []
    return [...length, ...value.flatMap((item, index) => schemaErrors(item, items, `${path}[${index}]`))]
  }
  return typeof value === 'object' && value !== null ? objectErrors(value, schema, path) : []
}

function typeOf(value: unknown, wanted: string): string {
  if (Array.isArray(value)) return 'array'
  if (Number.isInteger(value) && wanted === 'integer') return 'integer'
  return value === null ? 'null' : typeof value
}

function textErrors(value: string, { pattern, minLength = 0, maxLength = Infinity }: Schema): string[] {
  if (value.length < minLength || value.length > maxLength) return ['has a wrong length']
  return pattern !== undefined && !new RegExp(pattern).test(value) ? [`does not match ${pattern}`] : []
}

function objectErrors(value: object, schema: Schema, path: string): string[] {
  const errors = (schema.required ?? [])
    .filter(key => !(key in value))
    .map(key => `${path || '.'}: lacks ${key}`)
  // Labels, annotations and the like are the same for all kinds, and no schema lists them.
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true || path === '.metadata'
  const closed = schema.properties !== undefined && !open
  for (const [key, child] of Object.entries(value)) {
    const at = `${path}.${key}`
    const known = schema.properties?.[key]
    const { additionalProperties: more, propertyNames } = schema
    if (propertyNames !== undefined) errors.push(...schemaErrors(key, propertyNames, at))
    if (known !== undefined) errors.push(...schemaErrors(child, known, at))
    else if (typeof more === 'object') errors.push(...schemaErrors(child, more, at))
    else if (closed) errors.push(`${at}: is not known`)
  }
  return errors
}
