import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type GuardAction, RequestGuards } from '../../../src/gateway/llm/guards.ts'
import { compilePattern } from '../../../src/gateway/regex/pattern.ts'
import { processorMs } from '../../helpers/processor-time.ts'

type Json = Record<string, unknown>

describe('a pattern', () => {
  function masked(rules: Json[], text: string): string {
    const guards = RequestGuards.compile([
      { value: { request: [{ regex: { rules } }] } as never, path: ['g'] },
    ])
    const body = { messages: [{ role: 'user', content: text }] }
    expect(guards?.check(body, 'completions')).toBeUndefined()
    return body.messages[0]?.content ?? ''
  }

  it.each<[string, Json[], string, string]>([
    ['email', [{ builtin: 'email' }], 'a.b+c@d-e.example.org!', '<EMAIL_ADDRESS>!'],
    [
      'email, without the words in front of it where none are divided by spaces',
      [{ builtin: 'email' }],
      '请把报告发到a.b@example.org，谢谢',
      '请把报告发到<EMAIL_ADDRESS>，谢谢',
    ],
    ['no email: its letters are those of ASCII', [{ builtin: 'email' }], 'é@example.org', 'é@example.org'],
    ['ssn', [{ builtin: 'ssn' }], '123-45-6789 123 45 6789 123456789', '<SSN> <SSN> <SSN>'],
    ['no ssn', [{ builtin: 'ssn' }], '1234-45-6789 12-345', '1234-45-6789 12-345'],
    [
      'creditCard',
      [{ builtin: 'creditCard' }],
      '4111-1111-1111-1111, 5500000000000004',
      '<CREDIT_CARD>, <CREDIT_CARD>',
    ],
    [
      'creditCard in the digits of other scripts, but for those that name its brand',
      [{ builtin: 'creditCard' }],
      '4１１１-１１１１-１１１１-１１１１, 411١١١١١١١١١١١١١',
      '<CREDIT_CARD>, <CREDIT_CARD>',
    ],
    [
      'phoneNumber, in the forms of the countries that are known',
      [{ builtin: 'phoneNumber' }],
      'us (650) 253-0000, uk +44 20 7031 3000; de +49 30 303986300',
      'us <PHONE_NUMBER>, uk <PHONE_NUMBER>; de <PHONE_NUMBER>',
    ],
    [
      'no phoneNumber: years, prices, addresses and orders',
      [{ builtin: 'phoneNumber' }],
      '1999-2024, 12.345.678, 192.168.100.200, 0000000000',
      '1999-2024, 12.345.678, 192.168.100.200, 0000000000',
    ],
    ['caSin', [{ builtin: 'caSin' }], '130 692 544', '<CA_SIN>'],
    ['one of the config, every time', [{ pattern: 'ab+' }], 'ab xabbb', '<masked> x<masked>'],
    ['one that finds nothing at all', [{ pattern: 'a*' }], 'baab', 'b<masked>b'],
    ['one after the other', [{ pattern: 'one' }, { pattern: 'two' }], 'one two', '<masked> <masked>'],
    ['text that means something in replacements', [{ pattern: 'x' }], '$& x $1', '$& <masked> $1'],
  ])('%s', (_, rules, text, wanted) => {
    expect(masked(rules, text)).toBe(wanted)
  })

  it('of phone numbers looks up a thousand candidates at a time, and takes the rest for numbers', async () => {
    const masks = (text: string) =>
      masked([{ builtin: 'phoneNumber' }], text).split('<PHONE_NUMBER>').length - 1
    expect(masks('0000000 x '.repeat(1000))).toBe(0)
    expect(masks('0000000 x '.repeat(5000))).toBe(4000)
    const guards = RequestGuards.compile([
      { value: { request: [{ regex: { rules: [{ builtin: 'phoneNumber' }] } }] } as never, path: ['g'] },
    ])
    const body = () => ({
      messages: Array.from({ length: 800 }, () => ({ role: 'user', content: '0000000' })),
    })
    for (let turn = 0; turn < 3; turn++) {
      const asked = body()
      guards?.check(asked, 'completions')
      expect(asked).toEqual(body())
      await new Promise(resolve => setImmediate(resolve))
    }
  })

  it('takes no longer than a text is long, whoever wrote it', () => {
    const text = 'a'.repeat(200_000)
    const rules = [{ builtin: 'email' }, { builtin: 'creditCard' }, { pattern: '(a+)+b' }]
    expect(masked(rules, text)).toBe(text)
    expect(masked(rules, `${text}@x.org`)).toBe('<EMAIL_ADDRESS>')
  })

  it.each([
    [
      'email',
      ['@', 'b@c.d', '.', '-', '+', '_', ' ', 'a', '1', 'é', '😀', '𐐷'],
      String.raw`[a-zA-Z0-9_.+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+`,
    ],
    [
      'ssn',
      ['-', ' ', '.', '_', 'a', '12', '345', '4111', '9'],
      String.raw`\b(?:[0-9]{5}-[0-9]{4}|[0-9]{3}-[0-9]{6}|[0-9]{3}[- .][0-9]{2}[- .][0-9]{4}|[0-9]{9})\b`,
    ],
    ['caSin', ['-', ' ', 'a', '123', '4'], String.raw`\b(?:[0-9]{3}[- ][0-9]{3}[- ][0-9]{3}|[0-9]{9})\b`],
    [
      'creditCard',
      ['-', ' ', 'a', '4111', '5500', '371', '66666', '9'],
      String.raw`\b(?:[346]\d{3}|5[0-5]\d{2})[- ]?\d{3,4}[- ]?\d{3,4}[- ]?\d{3,5}\b`,
    ],
  ])('%s is found wherever an engine for patterns finds it', (builtin, signs, pattern) => {
    const slow = compilePattern(`(?:${pattern}){1}`)
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...signs), { maxLength: 24 }), parts => {
        const text = parts.join('')
        expect(masked([{ builtin }], text).replaceAll(/<[A-Z_]+>/g, '#')).toBe(slow.mask(text, '#'))
      }),
      { numRuns: 500 },
    )
  })

  it('has its own letters next to it, as Rust has them', () => {
    expect(masked([{ builtin: 'ssn' }], 'é123456789 123456789é 123456789')).toBe(
      'é123456789 123456789é <SSN>',
    )
  })

  it('that is built in takes some nanoseconds for a character, whatever is found', () => {
    const rules = ['email', 'ssn', 'creditCard', 'caSin'].map(builtin => ({ builtin }))
    const text = `${'a word '.repeat(150_000)} a@b.org 123-45-6789 ${'a@'.repeat(100_000)}${'1234 '.repeat(100_000)}`
    expect(processorMs(() => masked(rules, text))).toBeLessThan(1000)
  })

  it('is told of for what its guard has done, as far as the request came', () => {
    const guard = (action: string, pattern: string) => ({ regex: { action, rules: [{ pattern }] } })
    const request = [guard('mask', 'a'), guard('mask', 'x'), guard('reject', 'b'), guard('reject', 'c')]
    const guards = RequestGuards.compile([{ value: { request } as never, path: ['g'] }])
    const told: GuardAction[] = []
    guards?.check({ messages: [{ role: 'user', content: 'a b c' }] }, 'completions', told)
    expect(told).toEqual(['Mask', 'Allow', 'Reject'])
  })

  it.each<[string, Json, boolean]>([
    ['finds its own mask', { pattern: '<masked>' }, true],
    ['finds nothing at all', { pattern: 'a*' }, true],
    ['does not fit', { pattern: 'other' }, false],
  ])('that rejects and %s', (_, rule, isRejected) => {
    const guard = { regex: { action: 'reject', rules: [rule] } }
    const guards = RequestGuards.compile([{ value: { request: [guard] } as never, path: ['g'] }])
    const body = { messages: [{ role: 'user', content: 'b <masked>' }] }
    expect(guards?.check(body, 'completions')?.status).toBe(isRejected ? 403 : undefined)
  })

  it('that cannot be run here is refused with its place', () => {
    const compile = (guard: object) => () =>
      RequestGuards.compile([{ value: { request: [guard] } as never, path: ['g'] }])
    expect(compile({ regex: { rules: [{ pattern: '[a&&b]' }] } })).toThrow(
      /^g\.request\[0\]\.regex\.rules\[0\]\.pattern: /,
    )
    expect(compile({ webhook: {} })).toThrow(/^g\.request\[0\]: only regex guards/)
  })
})
