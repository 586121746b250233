import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js'
import { AgwError } from '../errors.ts'
import { CODES } from './codes.ts'
import type { Diagnostic, Path } from './diagnostic.ts'
import type { ConfigDocument } from './document.ts'
import { isWrapper, type Misfit, misfitsOf } from './published-misfits.ts'
import { looksSecret, shownPath } from './shown-word.ts'

/** A JSON Schema of agentgateway's config.yaml, as one of its versions publishes it. */
export interface PublishedSchema {
  /**
   * Judges a document by this schema as well: the findings so far, and what the schema has against the file besides. A
   * key or value that only this schema knows becomes a note: a newer agentgateway is no mistake.
   */
  judge(document: ConfigDocument, found: readonly Diagnostic[]): Diagnostic[]
}

/**
 * Compiles the text of a JSON Schema (2020-12, with references inside itself only); `name` is how messages call it.
 * Throws USAGE when it is none. The only importer of ajv, and only when a schema is asked for.
 */
export async function compilePublishedSchema(text: string, name: string): Promise<PublishedSchema> {
  const schema = parse(text, name)
  const { Ajv2020 } = await import('ajv/dist/2020.js')
  // Other drafts differ in nothing that these schemas use, and formats are judged by our own schema.
  const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false, logger: false })
  let validate: ValidateFunction
  try {
    validate = ajv.compile(schema)
  } catch (error) {
    throw notASchema(name, error)
  }
  const errorsOf = (data: unknown): ErrorObject[] => (validate(data) ? [] : [...(validate.errors ?? [])])
  return { judge: (document, found) => judge(document, found, errorsOf) }
}

function parse(text: string, name: string): object {
  let schema: unknown
  try {
    schema = JSON.parse(text)
  } catch (error) {
    throw notASchema(name, error)
  }
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) throw notASchema(name)
  return readable(schema) as object
}

function notASchema(name: string, cause?: unknown): AgwError {
  return new AgwError('USAGE', `${name} is not a JSON Schema that can be used`, {
    hint: 'name the schema of config.yaml that comes with an agentgateway release',
    cause,
  })
}

/** The generator leaves an enum empty where every value is meant, which is no schema; the draft is taken as read. */
function readable(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(readable)
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key, value]) => key !== '$schema' && !(key === 'enum' && isEmptyList(value)))
      .map(([key, value]) => [key, readable(value)]),
  )
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

type Errors = (data: unknown) => ErrorObject[]

function judge(document: ConfigDocument, found: readonly Diagnostic[], errorsOf: Errors): Diagnostic[] {
  const { data } = document
  if (data === undefined) return [...found]
  const errors = errorsOf(data)
  const kept = found.map(one => (knowsMore(one, data, errors, errorsOf) ? asNote(one) : one))
  // Where our own schema has found an error already, the other one would only repeat it.
  const told = new Set(found.filter(one => one.severity === 'error').map(one => one.range.start.line))
  const unset = document.variables.filter(use => use.missing)
  const more = misfitsOf(errors, data)
    .map(misfit => toDiagnostic(misfit, document))
    .filter(({ range }) => !told.has(range.start.line))
    .filter(({ range: { start, end } }) => {
      const oneLine = start.line === end.line
      return !(oneLine && unset.some(use => use.start >= start.offset && use.end <= end.offset))
    })
  return [...kept, ...more]
}

function toDiagnostic({ path, at, message }: Misfit, document: ConfigDocument): Diagnostic {
  const shown = shownPath(path)
  return {
    code: 'PUBLISHED_SCHEMA',
    severity: CODES.PUBLISHED_SCHEMA.severity,
    message,
    hint: 'look it up in the schema, or name the schema of the agentgateway that shall run this file',
    file: document.file,
    path: shown,
    range: document.rangeOf(shown, shown.length < path.length ? 'value' : at),
  }
}

/** The schema has nothing against the place, and it would have if something else stood there: so it knows it. */
function knowsMore(
  one: Diagnostic,
  data: unknown,
  errors: readonly ErrorObject[],
  errorsOf: Errors,
): boolean {
  if (one.code !== 'UNKNOWN_KEY' && one.code !== 'UNKNOWN_VALUE') return false
  const key = one.path.at(-1)
  if (key === undefined || (typeof key === 'string' && looksSecret(key))) return false
  const other = withNonsense(data, one.path, one.code)
  return other !== undefined && weight(errorsOf(other)) > weight(errors)
}

function weight(errors: readonly ErrorObject[]): number {
  return errors.filter(error => !isWrapper(error)).length
}

/** A copy of the data in which a key has a name, or a value is a word, that no schema knows. */
function withNonsense(data: unknown, path: Path, code: string): unknown {
  const copy: unknown = structuredClone(data)
  let parent = copy as Record<string | number, unknown> | undefined
  for (const step of path.slice(0, -1)) parent = parent?.[step] as typeof parent
  const key = path.at(-1)
  if (typeof parent !== 'object' || parent === null || key === undefined || !(key in parent)) return undefined
  const nonsense = 'agw: no schema knows this'
  if (code === 'UNKNOWN_VALUE') parent[key] = nonsense
  else {
    parent[nonsense] = parent[key]
    delete parent[key]
  }
  return copy
}

function asNote(one: Diagnostic): Diagnostic {
  return {
    ...one,
    severity: 'note',
    message: `${one.message}, as far as agw knows; the published schema has it`,
    hint: 'nothing to do, where an agentgateway runs the file that is as new as the schema',
  }
}
