import { expect, it } from 'vitest'
import { baselineText } from '../../../src/secrets/scan/baseline.ts'

it('a baseline has one order on every machine, whatever its language', () => {
  const files = ['İ.env', 'a.env', 'ä.env', 'B.env', 'z.env']
  const findings = files.flatMap(file => ['2', '1'].map(id => ({ id: `${file}${id}`, file })))
  const written = JSON.parse(baselineText([...findings, ...findings])).findings as { file: string }[]
  expect(written.map(one => one.file)).toEqual(
    ['B.env', 'a.env', 'z.env', 'ä.env', 'İ.env'].flatMap(file => [file, file]),
  )
  expect(written.slice(0, 2)).toEqual([
    { id: 'B.env1', file: 'B.env' },
    { id: 'B.env2', file: 'B.env' },
  ])
})
