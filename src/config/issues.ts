import type { z } from 'zod'
import type { Code } from './codes.ts'
import type { Path } from './diagnostic.ts'
import { closest } from './did-you-mean.ts'
import { list, readForms, readTakes } from './schema/section.ts'
import { looksSecret, shownPath } from './shown-word.ts'
import { expectedWord, foundWord, typeHint } from './type-words.ts'
import { closestBranch, isOtherType, valueAt } from './union-branch.ts'

/** One problem of shape, without its place in the text. */
export interface Finding {
  readonly code: Code
  readonly message: string
  readonly hint: string
  /** The key (`at: 'key'`) or the value (`at: 'value'`) it is about. */
  readonly path: Path
  readonly at: 'key' | 'value'
}

type Issue = z.core.$ZodIssue

/** A finding, and what is needed to see that it repeats another one. */
interface Draft extends Finding {
  /** The key that is missing, or the one an unknown key was meant to be; both at `parent`. */
  readonly key?: string | undefined
}

/** Where a value stands in the config, and what the forms of the union around it are called. */
interface Place {
  readonly path: Path
  readonly value: unknown
  readonly form?: { readonly chosen: string; readonly others: readonly string[] } | undefined
}

/**
 * What a failed parse found → findings. `input` is what was parsed. A union is reported by the branch that was meant;
 * a misspelt key is not reported as missing besides. No value of the file is ever repeated, nor a key that looks like a
 * secret.
 */
export function toFindings(issues: readonly Issue[], input: unknown): Finding[] {
  const drafts = issues.flatMap(issue => describe(issue, { path: [], value: input }))
  const misspelt = new Set(
    drafts.flatMap(draft =>
      draft.code === 'UNKNOWN_KEY' && draft.key !== undefined ? [join(parent(draft.path), draft.key)] : [],
    ),
  )
  const seen = new Set<string>()
  const findings: Finding[] = []
  for (const { key, ...draft } of drafts) {
    if (draft.code === 'MISSING_KEY' && key !== undefined && misspelt.has(join(draft.path, key))) continue
    const finding = { ...draft, path: shownPath(draft.path) }
    if (finding.path.length < draft.path.length) finding.at = 'value'
    const identity = JSON.stringify([finding.code, finding.path, finding.at, finding.message])
    if (!seen.has(identity)) findings.push(finding)
    seen.add(identity)
  }
  return findings
}

function describe(issue: Issue, place: Place): Draft[] {
  const path = [...place.path, ...(issue.path as Path)]
  const value = valueAt(place.value, issue.path)
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map(key => unknownKey(key, path, issue.message))
    case 'invalid_union':
      return value === undefined ? [missingKey(path, place)] : describeUnion(issue, path, value)
    case 'custom':
      return [ruleFinding(issue, path)]
    default:
      if (value === undefined && issue.path.length > 0) return [missingKey(path, place)]
      return [describeValue(issue, path, value)]
  }
}

function describeUnion(issue: z.core.$ZodIssueInvalidUnion, path: Path, value: unknown): Draft[] {
  const { errors } = issue
  const index = closestBranch(errors, value)
  const chosen = errors[index] ?? []
  const names = readForms(issue.message)
  if (isOtherType(chosen, value)) return [noFormOfThisType(errors, path, value)]
  const rivals = names.filter((_, at) => at !== index && !isOtherType(errors[at] ?? [], value))
  const name = names[index]
  const form =
    name === undefined || names.length !== errors.length || rivals.length === 0
      ? undefined
      : { chosen: name, others: rivals }
  return chosen.flatMap(inner => describe(inner, { path, value, form }))
}

function noFormOfThisType(errors: readonly (readonly Issue[])[], path: Path, value: unknown): Draft {
  const words = [...new Set(errors.flatMap(issues => issues.filter(isRoot).flatMap(expectedWords)))]
  const expected = words.join(' or ')
  return {
    code: 'WRONG_TYPE',
    message: `${subject(path)} takes ${expected}, and this is ${foundWord(value)}`,
    hint: typeHint(words, value),
    path,
    at: 'value',
  }
}

function isRoot(issue: Issue): boolean {
  return issue.path.length === 0
}

function expectedWords(issue: Issue): string[] {
  if (issue.code === 'invalid_type') return [expectedWord(issue.expected)]
  if (issue.code === 'invalid_value') return [typeof issue.values[0] === 'string' ? 'text' : 'a number']
  if (issue.code === 'invalid_union')
    return issue.errors.flatMap(inner => inner.filter(isRoot).flatMap(expectedWords))
  return []
}

function unknownKey(key: string, path: Path, takes: string): Draft {
  const { noun, keys } = readTakes(takes)
  if (looksSecret(key, keys)) {
    return {
      code: 'UNKNOWN_KEY',
      message: `${noun} has a key that it does not take; it looks like a secret, so it is not shown`,
      hint: 'put the secret into a variable or a file, and write "$VARIABLE" or {file: path} as the value of a key',
      path,
      at: 'value',
    }
  }
  const meant = closest(key, keys)
  const known =
    keys.length === 1 && keys[0] === '' ? `${noun} takes no keys` : `${noun} takes: ${keys.join(', ')}`
  return {
    code: 'UNKNOWN_KEY',
    message: `"${key}" is not a key of ${noun}`,
    hint: meant === undefined ? known : `did you mean "${meant}"? ${upperFirst(known)}`,
    path: [...path, key],
    at: 'key',
    key: meant,
  }
}

function missingKey(path: Path, { form }: Place): Draft {
  const key = String(path.at(-1) ?? '')
  const readAs =
    form === undefined
      ? ''
      : `: this comes closest to ${form.chosen} (it could also be ${form.others.join(' or ')})`
  return {
    code: 'MISSING_KEY',
    message: `"${key}" is missing${readAs}`,
    hint: `add "${key}"`,
    path: parent(path),
    at: 'value',
    key,
  }
}

function ruleFinding(issue: z.core.$ZodIssueCustom, path: Path): Draft {
  const { code, hint, at } = issue.params as Pick<Finding, 'code' | 'hint' | 'at'>
  return { code, message: issue.message, hint, path, at }
}

function describeValue(issue: Issue, path: Path, value: unknown): Draft {
  const here = { path, at: 'value' } as const
  const name = subject(path)
  if (issue.code === 'invalid_type' && issue.expected === 'int' && typeof value === 'number') {
    return { ...here, code: 'BAD_NUMBER', message: `${name} takes a whole number`, hint: 'round the number' }
  }
  if (issue.code === 'invalid_type') {
    const expected = expectedWord(issue.expected)
    const message = `${name} takes ${expected}, and this is ${foundWord(value)}`
    return { ...here, code: 'WRONG_TYPE', message, hint: typeHint([expected], value) }
  }
  if (issue.code === 'invalid_value') return { ...here, ...wrongWord(issue.values, name, value) }
  if (issue.code === 'too_small' || issue.code === 'too_big') return { ...here, ...outOfRange(issue, name) }
  return {
    ...here,
    code: 'WRONG_TYPE',
    message: `${name} is not as it should be`,
    hint: 'compare it with the docs',
  }
}

function wrongWord(
  values: readonly z.core.util.Primitive[],
  name: string,
  value: unknown,
): Omit<Draft, 'path' | 'at'> {
  const allowed = values.map(String)
  if (typeof value !== 'string') {
    const message = `${name} takes ${list(allowed, 'or')}, and this is ${foundWord(value)}`
    return { code: 'WRONG_TYPE', message, hint: `write ${list(allowed, 'or')}` }
  }
  const meant = closest(value, allowed)
  return {
    code: 'UNKNOWN_VALUE',
    message: `${name} takes ${allowed.length > 1 ? 'one of ' : ''}${list(allowed, 'or')}`,
    hint:
      meant === undefined
        ? `write ${allowed.length > 1 ? 'one of them' : `"${allowed[0]}"`}`
        : `did you mean "${meant}"?`,
  }
}

function outOfRange(
  issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
  name: string,
): Omit<Draft, 'path' | 'at'> {
  const bound = issue.code === 'too_small' ? issue.minimum : issue.maximum
  const side = issue.code === 'too_small' ? 'at least' : 'at most'
  if (issue.origin === 'string') {
    return { code: 'BAD_LENGTH', message: `${name} is empty`, hint: 'write a value, or remove the key' }
  }
  if (issue.origin === 'array') {
    const entries = bound === 1 || bound === 1n ? 'entry' : 'entries'
    return {
      code: 'BAD_LENGTH',
      message: `${name} takes ${side} ${bound} ${entries}`,
      hint: 'add or remove entries',
    }
  }
  return {
    code: 'BAD_NUMBER',
    message: `${name} takes ${side} ${bound}`,
    hint: `write a number that is ${side} ${bound}`,
  }
}

/** What a value is called: the key it stands at, or the list it is an entry of. */
function subject(path: Path): string {
  const last = path.at(-1)
  if (last === undefined) return 'the config'
  if (typeof last === 'string') return looksSecret(last) ? 'this key' : `"${last}"`
  const owner = path.findLast(step => typeof step === 'string')
  return owner === undefined || looksSecret(owner) ? 'an entry of this list' : `an entry of "${owner}"`
}

function parent(path: Path): Path {
  return path.slice(0, -1)
}

function join(path: Path, key: string): string {
  return JSON.stringify([...path, key])
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
