import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { hasTwoModels, jsonOf } from '../../../src/gateway/bodies/json-body.ts'
import type { Exchange } from '../../../src/gateway/exchange.ts'

const exchangeOf = (text: string): Exchange => ({ body: Buffer.from(text) }) as Exchange

describe('the JSON of a request', () => {
  const bodies: readonly [what: string, text: string, isTaken: boolean][] = [
    ['one model', '{"model":"a"}', true],
    ['none', '{}', true],
    ['two', '{"model":"a","model":"b"}', false],
    ['two of the same name', '{"model":"a","model":"a"}', false],
    ['the second one escaped', '{"model":"a","\\u006Dodel":"b"}', false],
    ['both wholly escaped', `{${'"\\u006d\\u006f\\u0064\\u0065\\u006c":1,'.repeat(2)}"x":2}`, false],
    ['white space before the colon', '{"model"\n\t :"a","model" :"b"}', false],
    ['two further down', '{"model":"a","x":{"model":1,"model":2}}', true],
    ['one as a value', '{"model":"model","x":["model","model"]}', true],
    ['one within a text', '{"model":"a","x":"\\"model\\":{\\u006d"}', true],
    ['a brace within a text', '{"x":"{","model":"a","y":"\\\\","model":"b"}', false],
    ['the second one in another case, as Go reads it', '{"model":"a","Model":"b"}', false],
    ['both in another case', '{"MODEL":"a","mOdEl":"b"}', false],
    ['the second one in another case, escaped', '{"model":"a","\\u004Dodel":"b"}', false],
    ['a last letter in another case, escaped', '{"mode\\u004c":"a","model":"b"}', false],
    ['a list', '["model","model"]', false],
    ['no JSON', '{"model":"a","model":', false],
  ]
  it.each(bodies)('%s', (_, text, isTaken) => {
    expect(jsonOf(exchangeOf(text)) !== undefined).toBe(isTaken)
  })

  it.each([
    '{"\\u006":1}',
    '{"model":1,"model":2,"\\q":3}',
    '{"model":1,"\\u006',
    '{"model":1,"model":2,"a\nb":3}',
  ])('that is none tells of no models: %s', text => {
    expect(hasTwoModels(exchangeOf(text))).toBe(false)
    expect(jsonOf(exchangeOf(text))).toBeUndefined()
  })

  it('is refused if and only if it has more than one field for the model', () => {
    const name = fc.constantFrom(
      '"model"',
      '"\\u006dodel"',
      '"mode\\u006C"',
      '"Model"',
      '"\\u004dodel"',
      '"models"',
      '"\\u006d"',
      '"x"',
    )
    const value = fc.json({ maxDepth: 2 }).chain(json => fc.constantFrom(json, `{"model":1,"model":${json}}`))
    const space = fc.constantFrom('', ' ', '\n')
    fc.assert(
      fc.property(fc.array(fc.tuple(name, space, value)), fields => {
        const text = `{${fields.map(([key, gap, json]) => `${key}${gap}:${gap}${json}`).join(`,`)}}`
        const models = fields.filter(([key]) => JSON.parse(key).toLowerCase() === 'model').length
        expect(hasTwoModels(exchangeOf(text))).toBe(models > 1)
        expect(jsonOf(exchangeOf(text)) === undefined).toBe(models > 1)
      }),
    )
  })

  it.each([`{"model":"a","x":${'['.repeat(1000)}${']'.repeat(1000)}}`, '[]', '{', '{"model":1,"model":2}'])(
    'is read once, whatever it is: %s',
    text => {
      const exchange = exchangeOf(text)
      const parse = vi.spyOn(JSON, 'parse')
      onTestFinished(() => parse.mockRestore())
      for (let i = 0; i < 3; i++) {
        expect(jsonOf(exchange)).toBeUndefined()
        expect(hasTwoModels(exchange)).toBe(text.includes('2'))
      }
      expect(parse.mock.calls.filter(([one]) => one === text)).toHaveLength(1)
      exchange.body = Buffer.from('{"model":"b"}')
      expect(jsonOf(exchange)).toEqual({ model: 'b' })
    },
  )
})
