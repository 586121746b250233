import type { PlaceRule } from './rule.ts'
import { isNode, isSet, keyAbove, nodesAt, pathOf } from './tree.ts'

/** Groups that no provider is in. */
const emptyGroups: PlaceRule = {
  keys: ['groups'],
  judge(place, { report }) {
    const groups = place.value
    if (keyAbove(place) !== 'ai' || !Array.isArray(groups) || !groups.every(isNode)) return
    if (groups.some(group => !isNoProvider(group['providers']))) return
    report({
      code: 'BAD_LENGTH',
      path: pathOf(place),
      message: 'there is no provider in these groups, so every request to them ends in an error',
      hint: 'add one to the `providers` of a group',
    })
  },
}

function isNoProvider(providers: unknown): boolean {
  return Array.isArray(providers) && providers.length === 0
}

/** An answer has one body. */
const twoBodies: PlaceRule = {
  keys: ['directResponse'],
  judge(place, { report }) {
    if (!isNode(place.value)) return
    const path = pathOf(place)
    const entries = nodesAt(place.value, 'conditional').map(
      ([entry, index]) => [entry, [...path, 'conditional', index]] as const,
    )
    for (const [answer, at] of [[place.value, path] as const, ...entries]) {
      if (isEmpty(answer['body']) || isEmpty(answer['bodyExpression'])) continue
      report({
        code: 'KEY_CONFLICT',
        path: [...at, 'bodyExpression'],
        at: 'key',
        message: '"bodyExpression" cannot stand beside "body": every such answer is an error',
        hint: 'remove one of them',
      })
    }
  },
}

function isEmpty(value: unknown): boolean {
  return !isSet(value) || value === '' || (Array.isArray(value) && value.length === 0)
}

/** What agentgateway starts with, though it can answer no request. */
export const UNANSWERABLE_RULES: readonly PlaceRule[] = [emptyGroups, twoBodies]
