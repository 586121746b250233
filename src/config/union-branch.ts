import type { z } from 'zod'
import { distance } from './did-you-mean.ts'

type Issue = z.core.$ZodIssue

/** What one problem of a branch costs; the branch with the lowest sum is the one that was meant. */
const COST = {
  unknownKey: 3,
  missingKey: 2,
  otherKind: 12,
  wrongWord: 500,
  wrongType: 1000,
  other: 1,
} as const

/** The index of the branch of a union that a value comes closest to, judged by the keys and types it has. */
export function closestBranch(errors: readonly (readonly Issue[])[], value: unknown): number {
  const costs = errors.map(issues => costOf(issues, value))
  return costs.indexOf(Math.min(...costs))
}

/** Whether a branch is of another type than the value altogether. */
export function isOtherType(issues: readonly Issue[], value: unknown): boolean {
  return costOf(issues, value) >= COST.wrongType
}

function costOf(issues: readonly Issue[], value: unknown): number {
  const unknown = issues.flatMap(issue =>
    issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys : [],
  )
  const missing = issues.filter(issue => isMissing(issue, value)).map(issue => String(issue.path[0]))
  // A misspelt key and the key it stands for are one mistake.
  const pairs = missing.filter(key => unknown.some(word => distance(word, key, 3) < 3)).length
  let cost = unknown.length * COST.unknownKey + missing.length * COST.missingKey - pairs * 4
  for (const issue of issues) cost += costOfIssue(issue, value)
  return cost
}

function costOfIssue(issue: Issue, value: unknown): number {
  const here = issue.path.length === 0
  if (issue.code === 'unrecognized_keys') return here ? 0 : COST.other
  if (isMissing(issue, value)) return 0
  if (issue.code === 'invalid_union') {
    const inner = valueAt(value, issue.path)
    if (!here) return COST.other
    return Math.min(...issue.errors.map(errors => costOf(errors, inner)))
  }
  if (here && issue.code === 'invalid_type') return COST.wrongType
  if (issue.code === 'invalid_value') {
    if (!here) return issue.path.length === 1 ? COST.otherKind : COST.other
    return typeof value === typeof issue.values[0] ? COST.wrongWord : COST.wrongType
  }
  return COST.other
}

function isMissing(issue: Issue, value: unknown): boolean {
  return issue.path.length === 1 && issue.code !== 'custom' && valueAt(value, issue.path) === undefined
}

/** What stands at a path of plain data, own keys only; `undefined` when nothing does. */
export function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value = data
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<PropertyKey, unknown>)[step]
  }
  return value
}
