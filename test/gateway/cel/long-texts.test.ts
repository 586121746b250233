import { describe, expect, it } from 'vitest'
import { Cel } from '../../../src/gateway/cel/cel.ts'
import { processorMs } from '../../helpers/processor-time.ts'

const LONG = 60_000
const FIELDS = Array.from({ length: 200_000 }, (_, i) => `a${i}`).join('&')

describe('a text that its client has made long', () => {
  it.each<[string, string]>([
    ['double(request.path)', `${'1'.repeat(LONG)}x`],
    ['double(request.path)', `${'1'.repeat(LONG)}.${'1'.repeat(LONG)}ex`],
    ['int(request.path)', '9'.repeat(2_000_000)],
    ['uint(request.path)', '9'.repeat(2_000_000)],
    ['duration(request.path)', '1'.repeat(LONG)],
    ['duration(request.path)', '1h'.repeat(LONG)],
    ['timestamp(request.path)', '1'.repeat(LONG)],
    ['ip(request.path)', '1'.repeat(LONG)],
    ['cidr(request.path)', `${'1.'.repeat(LONG)}/1`],
    ['form.decode(request.path)', FIELDS],
    ['request.path.setQuery("a", "b")', `/?b&${'a&'.repeat(LONG)}`],
    ['request.path.query("a")', `/?${FIELDS}`],
    ['request.path.trim()', `a${' '.repeat(LONG)}a`],
    ['request.path.matches("(a|aa)+$")', `${'a'.repeat(LONG)}b`],
  ])('takes no longer than its length: %s', (source, path) => {
    const expression = new Cel().compile(source, [])
    const evaluate = (): void => {
      try {
        expression.evaluate({ request: { path } })
      } catch {
        // It is no such value.
      }
    }
    expect(processorMs(evaluate)).toBeLessThan(1000)
  })

  it('is a whole number all the same where its digits are zeros', () => {
    const cel = new Cel()
    const path = '0'.repeat(LONG)
    expect(cel.compile('int(request.path)', []).evaluate({ request: { path: `-${path}12` } })).toBe(-12n)
    expect(cel.compile('int(request.path)', []).evaluate({ request: { path } })).toBe(0n)
  })
})

describe('a duration', () => {
  it.each([
    ['1h', '3600s'],
    ['-1h30m', '-5400s'],
    ['+1.5s', '1.5s'],
    ['1h1ns', '3600.000000001s'],
    ['.5ms', '0.0005s'],
    ['1us1µs', '0.000002s'],
  ])('%s is %s', (text, wanted) => {
    expect(new Cel().compile(`string(duration("${text}"))`, []).evaluate({})).toBe(wanted)
  })

  it.each(['', '-', '1', '1x', 'x1h', '1h x', '1h1', '1 h', '1hh1'])('%j is none', text => {
    expect(() => new Cel().compile(`duration("${text}")`, []).evaluate({})).toThrow()
  })
})
