import { isNode, listAt } from '../config/rules/tree.ts'
import { unwritten } from './unwritten.ts'
import { expression, type Words } from './words.ts'

/** Words of a rule → what a policy does with those of its kind; they are joined over all policies, as here. */
const ACTIONS = { allow: 'Allow', deny: 'Deny', require: 'Require' } as const
const MOST = 256

/** `authorization` as that of policies, one for each kind of rule. */
export function ruleWords(value: unknown): Words[] {
  const rules = listAt(value, 'rules').map(rule => (isNode(rule) ? rule : { allow: rule }))
  return Object.entries(ACTIONS).flatMap(([kind, action]) => {
    const matchExpressions = rules
      .filter(rule => rule[kind] !== undefined && rule[kind] !== null)
      .map(rule => expression(rule[kind]))
    if (matchExpressions.length > MOST) unwritten(`it has more than ${MOST} rules of a kind`)
    return matchExpressions.length === 0 ? [] : [{ authorization: { action, policy: { matchExpressions } } }]
  })
}
