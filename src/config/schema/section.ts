import { z } from 'zod'
import type { Code } from '../codes.ts'
import { closest } from '../did-you-mean.ts'
import { writeForms, writeHint, writeTakes } from './issue-message.ts'

/** What a section is called, in messages and in the JSON Schema. */
export interface About {
  /** With its article, as a sentence needs it: `a route`. */
  readonly noun: string
  /** One sentence for editors and the reference page. */
  readonly about: string
  /** Name among the definitions of the JSON Schema; for sections used in several places. */
  readonly id?: string
  /** Keys that are taken and do nothing; nobody is told to write them. */
  readonly unlisted?: readonly string[]
  /** Of these keys exactly one must be there. */
  readonly oneOf?: readonly string[]
}

/** A problem found by a rule, as `toFindings` takes it up. `path` goes on from the section the rule stands on. */
export interface Problem {
  readonly code: Code
  readonly message: string
  readonly hint: string
  readonly path?: readonly (string | number)[]
  readonly at?: 'key' | 'value'
  /** The key that is missing at `path`; not reported where a misspelt key stands for it. */
  readonly key?: string
}

export type Report = (problem: Problem) => void

/**
 * A check that reports problems with a code of its own. It runs although other parts of the value are wrong, so that
 * all findings come at once; so what it is given may be incomplete, and it looks at types before it relies on them.
 */
export function rule<T>(judge: (value: T, report: Report) => void): z.core.$ZodCheck<T> {
  return z.superRefine<T>(
    (value, context) => {
      judge(value, problem => {
        const { code, message, hint, path = [], at = 'value', key } = emptyOr(problem, value)
        context.addIssue({ code: 'custom', message, path: [...path], params: { code, hint, at, key } })
      })
    },
    { when: ({ value, issues }) => value !== undefined && !issues.some(isOfAnotherType) },
  )
}

/** A key that is missing, where it stands there without a value: null is read as absent, and a person sees the key. */
function emptyOr(problem: Problem, value: unknown): Problem {
  const { code, message, hint, path = [], key } = problem
  if (code !== 'MISSING_KEY' || key === undefined) return problem
  let section = value
  for (const step of path) section = (section as Record<string | number, unknown> | null | undefined)?.[step]
  if ((section as Record<string, unknown> | null | undefined)?.[key] !== null) return problem
  return {
    ...problem,
    message: message.replace(' is missing', ' is empty'),
    hint: hint.replace(/^add /, 'write '),
    path: [...path, key],
    at: 'key',
  }
}

function isOfAnotherType(issue: z.core.$ZodRawIssue): boolean {
  return issue.code === 'invalid_type' && (issue.path ?? []).length === 0
}

/** A map that takes exactly the keys of `shape`; any other key is an error. */
export function section<S extends z.core.$ZodShape>(
  { noun, about, id, unlisted = [], oneOf }: About,
  shape: S,
  ...rules: z.core.$ZodCheck<z.output<z.ZodObject<S, z.core.$strict>>>[]
): z.ZodObject<S, z.core.$strict> {
  const object = z.strictObject(shape, {
    error: issue => {
      if (issue.code === 'invalid_type') return hintOnWord(issue.input, shape)
      if (issue.code !== 'unrecognized_keys') return undefined
      const keys = Object.keys(shape).filter(key => !unlisted.includes(key))
      return writeTakes({ noun, keys, homes: homesOf(issue.keys, shape) })
    },
  })
  const checks = oneOf === undefined ? rules : [exactlyOne(noun, oneOf, written), ...rules]
  const checked = checks.length === 0 ? object : object.check(...checks)
  z.globalRegistry.add(checked, {
    description: about,
    ...(id !== undefined && { id }),
    ...(oneOf !== undefined && { oneOf: oneOf.map(key => ({ required: [key] })) }),
  })
  return checked
}

/** What to write where one of the keys stands as a word, as `openAI` for `{openAI: {}}`; undefined where none does. */
function hintOnWord(word: unknown, shape: z.core.$ZodShape): string | undefined {
  const key = typeof word === 'string' ? closest(word, Object.keys(shape)) : undefined
  if (key === undefined) return undefined
  const isEnough = z.safeParse(shape[key] as z.core.$ZodType, {}).success
  return writeHint(`write it as a key: {${key}: ${isEnough ? '{}' : '…'}}`)
}

/** Misplaced key → the one key of `shape` whose section takes it. */
function homesOf(keys: readonly string[], shape: z.core.$ZodShape): Map<string, string> {
  const homes = new Map<string, string>()
  for (const key of keys) {
    const owners = Object.keys(shape).filter(owner => takesKey(shape[owner], key))
    if (owners.length === 1 && owners[0] !== undefined) homes.set(key, owners[0])
  }
  return homes
}

function takesKey(schema: z.core.$ZodType | undefined, key: string): boolean {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable)
    return takesKey(schema.unwrap(), key)
  if (schema instanceof z.ZodArray) return takesKey(schema.element, key)
  if (schema instanceof z.ZodUnion) return schema.options.some(option => takesKey(option, key))
  return schema instanceof z.ZodObject && Object.hasOwn(schema.shape, key)
}

/**
 * A value that can be written in several forms; `choices` maps what a form is called to its schema. `z.xor`, because
 * `z.union` gives the issues of one branch alone when those of the others are graver, and that need not be the branch
 * that was meant.
 */
export function forms<const F extends Readonly<Record<string, z.ZodType>>>(
  about: string,
  choices: F,
): z.ZodXor<readonly F[keyof F][]> {
  const schemas = Object.values(choices) as F[keyof F][]
  const message = writeForms(Object.keys(choices))
  const union = z.xor(schemas, { error: () => message })
  z.globalRegistry.add(union, { description: about })
  return union
}

/** Of `keys` exactly one must be there. */
export function exactlyOne(
  noun: string,
  keys: readonly string[],
  keysThere: typeof present = present,
): z.core.$ZodCheck<object> {
  return rule<object>((value, report) => {
    const there = keysThere(value, keys)
    if (there.length === 0) {
      report({
        code: 'NO_BRANCH',
        message: `${noun} needs ${keys.length > 1 ? 'one of ' : ''}${list(keys, 'or')}, and has none`,
        hint: keys.length > 1 ? 'add the one that is meant' : `add ${list(keys, 'or')}`,
      })
    }
    if (there.length > 1) report(tooMany(noun, there))
  })
}

/** Of `keys` at most one may be there. */
export function atMostOne(noun: string, keys: readonly string[]): z.core.$ZodCheck<object> {
  return rule<object>((value, report) => {
    const there = present(value, keys)
    if (there.length > 1) report(tooMany(noun, there))
  })
}

/** Several of the keys that exclude each other. */
export function tooMany(noun: string, there: readonly string[]): Problem {
  return {
    code: 'MANY_BRANCHES',
    message: `${noun} takes only one of ${list(there, 'and')}, and has ${there.length === 2 ? 'both' : there.length}`,
    hint: `keep one of ${list(there, 'or')}`,
    path: [there[1] ?? ''],
    at: 'key',
  }
}

/** The keys of a map that are written and not null. */
export function present(value: object, keys: readonly string[]): string[] {
  return keys.filter(key => isSet((value as Record<string, unknown>)[key]))
}

/** The keys of a map that are written, be it with null. */
function written(value: object, keys: readonly string[]): string[] {
  return keys.filter(key => (value as Record<string, unknown>)[key] !== undefined)
}

/** Written and not null: agentgateway reads null as absent wherever it takes it at all. */
export function isSet(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** `"a", "b" or "c"`. */
export function list(words: readonly string[], last: 'and' | 'or'): string {
  const quoted = words.map(word => `"${word}"`)
  if (quoted.length < 2) return quoted.join('')
  return `${quoted.slice(0, -1).join(', ')} ${last} ${quoted.at(-1)}`
}
