import { expect, it } from 'vitest'
import { CODES } from '../../src/config/codes.ts'
import { codesByStage, STAGES, stageOf } from '../../src/config/stages.ts'

it('every code has a stage, and every stage has codes', () => {
  const stages = codesByStage()
  expect([...stages.keys()]).toEqual(Object.keys(STAGES))
  expect([...stages.values()].flat().toSorted()).toEqual(Object.keys(CODES).toSorted())
  for (const [stage, codes] of stages) expect(codes.length, stage).toBeGreaterThan(0)
})

it.each([
  ['UNKNOWN_KEY', 'shape'],
  ['BAD_NAME', 'shape'],
  ['VARIABLE_UNSET', 'reading'],
  ['SUPPRESSION_UNUSED', 'reading'],
  ['KEY_FILE_MODE', 'keys'],
  ['DROPPED_SIBLING', 'provider keys'],
  ['RELATIVE_FILE', 'text'],
  ['NOT_RUN_HERE', 'engine'],
] as const)('%s is about %s', (code, stage) => {
  expect(stageOf(code)).toBe(stage)
})
