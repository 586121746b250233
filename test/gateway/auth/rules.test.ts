import { describe, expect, it } from 'vitest'
import type { Authorization } from '../../../src/config/schema.ts'
import { AuthorizationRules } from '../../../src/gateway/auth/rules.ts'
import { Cel } from '../../../src/gateway/cel/cel.ts'

const TRUE = 'jwt.sub == "alice"'
const FALSE = 'jwt.sub == "bob"'
const FAILS = 'jwt.missing == "x"'
const TEXT = '"text"'

function allows(...levels: Authorization['rules'][]): boolean {
  const placed = levels.map((rules, index) => ({ value: { rules }, path: [index] }))
  return new AuthorizationRules(placed, new Cel()).allows({ jwt: { sub: 'alice' } })
}

describe('a request is', () => {
  it.each<[string, Authorization['rules'][], boolean]>([
    ['allowed without rules', [[]], true],
    ['allowed by plain text that holds', [[TRUE]], true],
    ['refused when no allow rule holds', [[FALSE, { allow: FALSE }]], false],
    ['allowed when one of them holds', [[FALSE, { allow: TRUE }]], true],
    ['refused by a deny rule, whatever else holds', [[TRUE, { deny: TRUE }]], false],
    ['allowed when only deny rules stand there and none holds', [[{ deny: FALSE }]], true],
    ['refused when one of the require rules does not hold', [[{ require: TRUE }, { require: FALSE }]], false],
    ['allowed when all require rules hold', [[{ require: TRUE }, { require: TRUE }]], true],
    ['refused when require holds and no allow rule does', [[{ require: TRUE }, FALSE]], false],
    ['refused by an allow rule that fails', [[FAILS]], false],
    ['allowed by another one beside it', [[FAILS, TRUE]], true],
    ['refused by a require rule that fails', [[{ require: FAILS }]], false],
    ['refused by a deny rule that fails', [[TRUE, { deny: FAILS }]], false],
    ['refused by an allow rule that is no bool', [[TEXT]], false],
    ['refused by a deny rule that is no bool', [[{ deny: TEXT }]], false],
    ['allowed by one level where the other has only a deny rule', [[TRUE], [{ deny: FALSE }]], true],
    ['refused by the deny rule of another level', [[TRUE], [{ deny: TRUE }]], false],
    ['allowed when one of two levels with allow rules does', [[TRUE], [FALSE]], true],
  ])('%s', (_, levels, wanted) => {
    expect(allows(...levels)).toBe(wanted)
  })
})

it('a rule that does not compile is refused with its place', () => {
  const compile = () =>
    new AuthorizationRules([{ value: { rules: [TRUE, { deny: 'a =' }] }, path: ['x'] }], new Cel())
  expect(compile).toThrow(/^x\.rules\[1\]\.deny: /)
})
