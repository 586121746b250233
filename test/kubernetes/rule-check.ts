import { Environment } from '@marcbachmann/cel-js'

/** A rule of a CRD in CEL (`x-kubernetes-validations`), and the path of what it is about, as in `.spec.rules[].filters`. */
export interface CrdRule {
  readonly path: string
  readonly rule: string
  readonly message: string
}

/** The part of JSON Schema that says what the API server fills in. */
interface Schema {
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
}

const environment = new Environment({ unlistedVariablesAreDyn: true })

/** The rules that an object breaks, once the API server has filled in what the schema says. A rule that fails counts as broken. */
export function brokenRules(object: unknown, schema: Schema, rules: readonly CrdRule[]): string[] {
  const whole = filled(object, schema)
  // Sizes in Kubernetes' own notation: agw writes none.
  const known = rules.filter(({ rule }) => !rule.includes('quantity('))
  return known.flatMap(({ path, rule, message }) =>
    valuesAt(whole, path.split('.').filter(Boolean)).flatMap(self => {
      try {
        return environment.evaluate(spelled(rule), { self }) === true ? [] : [`${path}: ${message || rule}`]
      } catch (error) {
        return [`${path}: ${message || rule}: ${String(error)}`]
      }
    }),
  )
}

/** As the library knows it: names that Kubernetes escapes, `has` of an item, and `matches` as a function. */
function spelled(rule: string): string {
  return rule
    .replaceAll('__namespace__', 'namespace')
    .replace(/has\(([\w.]+\[[^\]]+\])\.(\w+)\)/g, "('$2' in $1)")
    .replace(/\bmatches\(self, /g, 'self.matches(')
}

/** No rule looks at a number that is no integer. */
function filled(value: unknown, schema: Schema): unknown {
  if (Array.isArray(value)) return value.map(item => filled(item, schema.items ?? {}))
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value
  if (typeof value !== 'object' || value === null) return value
  const whole: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) whole[key] = filled(item, schema.properties?.[key] ?? {})
  for (const [key, below] of Object.entries(schema.properties ?? {}))
    if (!(key in whole) && below.default !== undefined) whole[key] = filled(below.default, below)
  return whole
}

function valuesAt(value: unknown, [step, ...rest]: readonly string[]): unknown[] {
  if (value === undefined || value === null) return []
  if (step === undefined) return [value]
  const name = step.replace(/\[\]$/, '')
  const below = (value as Record<string, unknown>)[name]
  if (!step.endsWith('[]')) return valuesAt(below, rest)
  return Array.isArray(below) ? below.flatMap(item => valuesAt(item, rest)) : []
}
