import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expand, variableNames } from '../../src/config/expand.ts'

const values: Record<string, string> = { A: '1', E: '', K: 'sk-x: #y', A_B: 'ab' }
const run = (text: string) => expand(text, name => values[name])

describe('variables expand as agentgateway expands them', () => {
  const table: [written: string, expanded: string, missing: string[]][] = [
    ['a: $A', 'a: 1', []],
    ['a: "$A"', 'a: "1"', []],
    ['a: "${N:-d}"', 'a: "d"', []],
    ['a: "${E:-d}"', 'a: ""', []],
    ['a: "$$A"', 'a: "$A"', []],
    ['# $N', '# $N', ['N']],
    ['a: $K', 'a: sk-x: #y', []],
    ['a: "$A_B"', 'a: "ab"', []],
    ['pw: "$2y$05$abc"', 'pw: "$2y$05$abc"', ['2y', '05', 'abc']],
    ['pw: "$$2y$$05$$abc"', 'pw: "$2y$05$abc"', []],
    ['re: "^/v1$"', 're: "^/v1$"', []],
    ['re: "a$)b"', 're: "a$)b"', []],
    ['re: "$1"', 're: "$1"', ['1']],
    ['a: "${N:-$A}"', 'a: "$A"', []],
    ['a: "${A', 'a: "${A', []],
    ['a: "${N-default}"', 'a: "${N-default}"', ['N-default']],
    ['a: "${:-x}"', 'a: "${:-x}"', [':-x']],
    ['price: 5$', 'price: 5$', []],
    ['a: "$Größe"', 'a: "$Größe"', ['Größe']],
    ['# yaml-language-server: $schema=https://x/y\na: $A', '#=https://x/y\na: 1', []],
  ]
  it.each(table)('%s', (written, expanded, missing) => {
    const result = run(written)
    expect(result.text).toBe(expanded)
    expect(result.uses.filter(use => use.missing).map(use => use.name)).toEqual(missing)
  })
})

describe('the map back to the written text', () => {
  it('points at the variable for every offset of its value', () => {
    const written = 'key: "$K" # end'
    const { text, toWritten } = run(written)
    const value = text.indexOf('sk-x')
    for (let at = value; at < value + 8; at += 1) expect(toWritten(at, 'start')).toBe(written.indexOf('$K'))
    expect(toWritten(value + 8, 'end')).toBe(written.indexOf('$K') + 2)
    expect(written.slice(toWritten(text.indexOf('# end'), 'start'))).toBe('# end')
  })

  it('is the identity on text without variables', () => {
    fc.assert(
      fc.property(
        fc.string().filter(text => !text.includes('$')),
        fc.nat(200),
        (text, at) => {
          const offset = Math.min(at, text.length)
          expect(expand(text, () => undefined).toWritten(offset, 'start')).toBe(offset)
        },
      ),
    )
  })

  it('never leaves the written text and never goes backwards', () => {
    const piece = fc.constantFrom('$A', '${N:-d}', '$$', '$K', 'x', '\n', '${E}', ' # ', '$')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), pieces => {
        const written = pieces.join('')
        const { text, toWritten } = run(written)
        let last = 0
        for (let at = 0; at <= text.length; at += 1) {
          const start = toWritten(at, 'start')
          expect(start).toBeGreaterThanOrEqual(last)
          expect(start).toBeLessThanOrEqual(written.length)
          last = start
        }
      }),
    )
  })
})

it('lists each name once, in order', () => {
  expect(variableNames('$B $A ${B:-x} $$C')).toEqual(['B', 'A'])
})
