import { describe, expect, it } from 'vitest'
import { type GuardAction, RequestGuards } from '../../../src/gateway/llm/guards.ts'

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
    ['ssn', [{ builtin: 'ssn' }], '123-45-6789 123 45 6789 123456789', '<SSN> <SSN> <SSN>'],
    ['no ssn', [{ builtin: 'ssn' }], '1234-45-6789 12-345', '1234-45-6789 12-345'],
    [
      'creditCard',
      [{ builtin: 'creditCard' }],
      '4111-1111-1111-1111, 5500000000000004',
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
