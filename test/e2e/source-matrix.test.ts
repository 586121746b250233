import { describe, expect, it } from 'vitest'
import { PLACES } from '../../src/config/agw/places.ts'
import { CONDITIONS, passGoes, sourceMatrix } from '../helpers/source-matrix.ts'
import { LOCAL } from '../secrets/sources/matrix-local.ts'
import { REMOTE } from '../secrets/sources/matrix-remote.ts'
import { TURNING } from '../secrets/sources/turning.ts'

describe('what is wrong with a source here is said, with exit status 4, and nothing of a value', () => {
  sourceMatrix(LOCAL)
  passGoes()
})

describe('the matrix is complete', () => {
  const all = { ...LOCAL, ...REMOTE }

  it('every source that agw.yaml knows has its rows, and is followed through three rotations', () => {
    expect(Object.keys(all).sort()).toEqual(Object.keys(PLACES).sort())
    expect(Object.keys(TURNING).sort()).toEqual(Object.keys(PLACES).sort())
  })

  it.each(Object.entries(all))('%s: every condition is tested, or the reason why not is there', (_, rows) => {
    const cells: Record<string, unknown> = {
      ...rows.says,
      removed: rows.removed,
      'rotated three times': true,
    }
    expect(Object.keys(cells)).toEqual(expect.arrayContaining([...CONDITIONS]))
    for (const cell of Object.values(rows.says)) {
      if ('not' in cell) expect(cell.not).toMatch(/\w{2} \w/)
      else expect(cell[0]).toBeInstanceOf(RegExp)
    }
  })
})
