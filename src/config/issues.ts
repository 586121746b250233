import type { z } from 'zod'
import type { Code } from './codes.ts'
import type { Path } from './diagnostic.ts'
import { closest } from './did-you-mean.ts'
import { foreignHint, synonymOf } from './foreign-keys.ts'
import { readForms, readTakes } from './schema/issue-message.ts'
import type { Problem } from './schema/section.ts'
import { looksSecret, shownPath } from './shown-word.ts'
import { closestBranch, isOtherType, valueAt } from './union-branch.ts'
import { describeForms, describeValue, type Said } from './value-findings.ts'

/** One problem of shape, without its place in the text. */
export interface Finding {
  readonly code: Code
  readonly message: string
  readonly hint: string
  /** The key (`at: 'key'`) or the value (`at: 'value'`) it is about. */
  readonly path: Path
  readonly at: 'key' | 'value'
  /** The key that one which is not known was meant to be, where that can be told and is not there. */
  readonly meant?: string | undefined
  /** The key that is missing. */
  readonly lacks?: string | undefined
  /** A number belongs there: it names nothing, and nothing stands in it. */
  readonly wantsNumber?: boolean | undefined
}

type Issue = z.core.$ZodIssue

/** A finding, and the key it is about: the one that is missing, or the one an unknown key was meant to be. */
interface Draft extends Finding {
  readonly key?: string | undefined
}

/** A value under judgement. `form` is there where it is read as one of several forms of a union. */
interface Place {
  readonly path: Path
  readonly value: unknown
  readonly form?: { readonly chosen: string; readonly others: readonly string[] } | undefined
}

/**
 * What a failed parse found → findings. `input` is what was parsed. A union is reported by the branch that was meant;
 * a misspelt key is not reported as missing besides. No value of the file is ever repeated, nor a key that looks like a
 * secret: such a finding stands at the section around it.
 */
export function toFindings(issues: readonly Issue[], input: unknown): Finding[] {
  const drafts = issues.flatMap(issue => describe(issue, { path: [], value: input }))
  const isEcho = echoes(drafts)
  const findings = new Map<string, Finding>()
  for (const draft of drafts) {
    if (isEcho(draft)) continue
    const { code, message, hint, at, key, lacks, wantsNumber } = draft
    const path = shownPath(draft.path)
    const finding: Finding = {
      code,
      message,
      hint,
      path,
      at: path.length < draft.path.length ? 'value' : at,
      ...(code === 'UNKNOWN_KEY' && isAbsent(key, path, input) && { meant: key }),
      ...(lacks !== undefined && { lacks }),
      ...(wantsNumber && { wantsNumber }),
    }
    const identity = JSON.stringify([code, path, finding.at, message])
    if (!findings.has(identity)) findings.set(identity, finding)
  }
  return [...findings.values()]
}

function isAbsent(key: string | undefined, beside: Path, input: unknown): boolean {
  return key !== undefined && valueAt(input, [...parent(beside), key]) === undefined
}

/** Tells findings that only repeat an unknown key: the key it was meant to be is missing, or no alternative is there. */
function echoes(drafts: readonly Draft[]): (draft: Draft) => boolean {
  const misspelt = new Set<string>()
  const sections = new Set<string>()
  for (const { code, path, at, key } of drafts) {
    if (code !== 'UNKNOWN_KEY') continue
    const section = at === 'key' ? parent(path) : path
    sections.add(JSON.stringify(section))
    if (key !== undefined) misspelt.add(JSON.stringify([section, key]))
  }
  return ({ code, path, key }) => {
    if (code === 'NO_BRANCH') return sections.has(JSON.stringify(path))
    return code === 'MISSING_KEY' && misspelt.has(JSON.stringify([path, key]))
  }
}

function describe(issue: Issue, place: Place): Draft[] {
  const path = [...place.path, ...(issue.path as Path)]
  const value = valueAt(place.value, issue.path)
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map(key => unknownKey(key, value, path, issue.message))
  if (issue.code === 'custom') return [ruleFinding(issue, path)]
  if (value === undefined && issue.path.length > 0) return [missingKey(path, place)]
  if (issue.code === 'invalid_union') return describeUnion(issue, path, value)
  return [{ ...placed(describeValue(issue, path, value), path), wantsNumber: wantsNumber(issue) }]
}

function wantsNumber(issue: Issue): boolean {
  return issue.code === 'invalid_type' && (issue.expected === 'number' || issue.expected === 'int')
}

function describeUnion(issue: z.core.$ZodIssueInvalidUnion, path: Path, value: unknown): Draft[] {
  const { errors } = issue
  const index = closestBranch(errors, value)
  const names = readForms(issue.message)
  const named = names.length === errors.length ? names : []
  const list = listOf(errors, index, value)
  if (list !== undefined) return [placed(describeValue(list, path, value), path)]
  const said = describeForms(errors, index, named, path, value)
  if (said !== undefined) return [placed(said, path)]
  const both = keysOfBoth(errors, index, value)
  if (both.length > 0) return both.map(key => keyOfAnotherForm(key, named, index, path))
  const others = named.filter((_, at) => at !== index && !isOtherType(errors[at] ?? [], value))
  const chosen = named[index]
  const form = chosen === undefined || others.length === 0 ? undefined : { chosen, others }
  return withAllowed(errors, index).flatMap(inner => describe(inner, { path, value, form }))
}

/** That a list is wanted, where the one form for a map takes nothing of what stands in it. */
function listOf(errors: readonly (readonly Issue[])[], index: number, value: unknown): Issue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const keys = Object.keys(value)
  const unknown = unknownIn(errors[index] ?? [])
  if (keys.length === 0 || keys.some(key => !unknown.includes(key))) return undefined
  return errors
    .flat()
    .find(issue => issue.code === 'invalid_type' && issue.expected === 'array' && issue.path.length === 0)
}

/** Keys of a map that the closest branch does not know and another one takes. */
function keysOfBoth(errors: readonly (readonly Issue[])[], index: number, value: unknown): string[] {
  const rivals = errors.filter((issues, at) => at !== index && !isOtherType(issues, value)).map(unknownIn)
  return unknownIn(errors[index] ?? []).filter(key => rivals.some(unknown => !unknown.includes(key)))
}

function unknownIn(issues: readonly Issue[]): string[] {
  return issues.flatMap(issue =>
    issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys : [],
  )
}

function keyOfAnotherForm(key: string, names: readonly string[], index: number, path: Path): Draft {
  const chosen = names[index] ?? 'one form'
  return {
    code: 'MANY_BRANCHES',
    message: `this is ${chosen}, and "${key}" belongs to another way to write it`,
    hint: `it is one of ${names.filter(Boolean).join(' or ')}: keep the keys of one`,
    path: [...path, key],
    at: 'key',
  }
}

/** The issues of one branch; where a word is wrong, with the words that other branches allow in its place. */
function withAllowed(errors: readonly (readonly Issue[])[], index: number): Issue[] {
  return (errors[index] ?? []).map(issue => {
    if (issue.code !== 'invalid_value') return issue
    const at = JSON.stringify(issue.path)
    const rivals = errors.flat().filter(other => JSON.stringify(other.path) === at)
    const values = rivals.flatMap(other => (other.code === 'invalid_value' ? other.values : []))
    return { ...issue, values: [...new Set(values)] }
  })
}

function unknownKey(key: string, section: unknown, path: Path, message: string): Draft {
  const { noun, keys, homes } = readTakes(message)
  if (looksSecret(key, keys)) {
    return {
      code: 'UNKNOWN_KEY',
      message: `${noun} has a key that it does not take; it looks like a secret, so it is not shown`,
      hint: 'write a secret as the value of a key, best as "$VARIABLE" or {file: path}',
      path,
      at: 'value',
    }
  }
  const foreign = foreignHint(key, valueAt(section, [key]), keys)
  const meant = foreign === undefined ? (closest(key, keys) ?? synonymOf(key, keys)) : undefined
  const home = homes.get(key)
  const hint =
    foreign !== undefined
      ? foreign
      : home !== undefined && meant === undefined
        ? `it belongs into "${home}"`
        : meant === undefined
          ? `${noun} ${PLURAL.test(noun) ? 'take' : 'takes'}${keys.length === 0 ? ' no keys' : `: ${keys.join(', ')}`}`
          : `did you mean "${meant}"?`
  return {
    code: 'UNKNOWN_KEY',
    message: `"${key}" is not a key of ${noun}`,
    hint,
    path: [...path, key],
    at: 'key',
    // Of a section with one key, that one is what was meant.
    key: meant ?? (keys.length === 1 ? keys[0] : undefined),
  }
}

/** As in `the policies of a route`. */
const PLURAL = /^the (?:policies|defaults|settings) of /

function missingKey(path: Path, { form }: Place): Draft {
  const key = String(path.at(-1) ?? '')
  if (typeof path.at(-1) === 'number') {
    const list = path.findLast(step => typeof step === 'string')
    return {
      code: 'MISSING_KEY',
      message: `"${list ?? 'this list'}" lacks an entry`,
      hint: 'add what belongs there, or remove the key',
      path: parent(path),
      at: 'value',
      key,
    }
  }
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
    lacks: key,
  }
}

function ruleFinding(issue: z.core.$ZodIssueCustom, path: Path): Draft {
  const { code, hint, at, key } = issue.params as Pick<Problem, 'code' | 'hint' | 'key'> & Pick<Finding, 'at'>
  const lacks = code === 'MISSING_KEY' ? key : undefined
  return { code, message: issue.message, hint, path, at, key, lacks }
}

function placed(said: Said, path: Path): Draft {
  return { ...said, path, at: 'value' }
}

function parent(path: Path): Path {
  return path.slice(0, -1)
}
