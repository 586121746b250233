import type { ErrorObject } from 'ajv/dist/2020.js'
import type { Path } from './diagnostic.ts'
import { looksSecret } from './shown-word.ts'
import { expectedWord } from './type-words.ts'

/** A place of the config that a published schema refuses. The message holds no value of the file. */
export interface Misfit {
  readonly path: Path
  readonly at: 'key' | 'value'
  readonly message: string
}

/** Keywords that only say that something in them failed. */
const WRAPPERS = new Set([
  'allOf',
  'anyOf',
  'oneOf',
  'not',
  'if',
  'unevaluatedProperties',
  'unevaluatedItems',
])

/** Whether an error only tells that something below or beside it failed. */
export function isWrapper({ keyword }: ErrorObject): boolean {
  return WRAPPERS.has(keyword)
}

/**
 * The errors of a validator as one misfit a place. Alternatives that were not meant fail too: of a union, only what lies
 * deepest is reported.
 */
export function misfitsOf(errors: readonly ErrorObject[], data: unknown): Misfit[] {
  const places = new Map<string, ErrorObject[]>()
  for (const error of errors) {
    const here = places.get(error.instancePath) ?? []
    here.push(error)
    places.set(error.instancePath, here)
  }
  const pointers = [...places.keys()]
  return [...places].flatMap(([pointer, here]) => {
    const deeper = pointers.some(other => other.startsWith(`${pointer}/`))
    const union = here.some(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf')
    const plain = here.filter(error => !isWrapper(error))
    if (deeper && (union || plain.length === 0)) return []
    const path = pathOf(pointer, data)
    const told = plain.length > 0 ? plain : here
    const single = new Set(told.map(({ keyword }) => keyword)).size === 1
    if (union && !single) return [{ path, at: 'value' as const, message: NO_ALTERNATIVE }]
    return onePerKey(told, path)
  })
}

const NO_ALTERNATIVE = 'this fits none of the alternatives that the published schema has here'

function onePerKey(errors: readonly ErrorObject[], path: Path): Misfit[] {
  const said = new Map<string, Misfit>()
  const types = errors.flatMap(({ keyword, params }) => (keyword === 'type' ? [params['type']] : []))
  for (const error of errors) {
    const misfit = toMisfit(error, path, types.flat() as string[])
    said.set(`${misfit.message} ${JSON.stringify(misfit.path)}`, misfit)
  }
  return [...said.values()]
}

function toMisfit({ keyword, params }: ErrorObject, path: Path, types: readonly string[]): Misfit {
  switch (keyword) {
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const key = String(params['additionalProperty'] ?? params['unevaluatedProperty'] ?? '')
      const shown = looksSecret(key) ? 'this' : JSON.stringify(key)
      return { path: [...path, key], at: 'key', message: `the published schema has no key ${shown} here` }
    }
    case 'required': {
      const key = JSON.stringify(String(params['missingProperty']))
      return { path, at: 'value', message: `${key} is missing, by the published schema` }
    }
    case 'type': {
      const words = [...new Set(types.map(type => expectedWord(type === 'integer' ? 'int' : type)))]
      return { path, at: 'value', message: `the published schema wants ${words.join(' or ')} here` }
    }
    case 'enum':
    case 'const':
      return { path, at: 'value', message: 'this is none of the values that the published schema has here' }
    default:
      return { path, at: 'value', message: `this does not fit the published schema (${keyword})` }
  }
}

/** A JSON pointer as a path; the data tells which steps are places in a list. */
function pathOf(pointer: string, data: unknown): Path {
  const path: (string | number)[] = []
  let value = data
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    const step = Array.isArray(value) ? Number(name) : name
    path.push(step)
    value = (value as Record<string | number, unknown> | null | undefined)?.[step]
  }
  return path
}
