import { expect, it } from 'vitest'
import { RecentRedactors } from '../../../src/gateway/telemetry/recent-redactors.ts'
import { processorMs } from '../../helpers/processor-time.ts'

const secret = (number: number): string => `canary-of-a-client-${number}`

it('are those of the secrets that are asked for, and kept for the next request with the same', () => {
  const redactors = new RecentRedactors()
  const first = redactors.of([secret(1), secret(2)])
  expect(first.redact(`a ${secret(1)} b ${secret(2)} c ${secret(3)}`)).toBe(
    `a <redacted> b <redacted> c ${secret(3)}`,
  )
  expect(redactors.of([secret(1), secret(2)])).toBe(first)
  expect(redactors.of([secret(1)])).not.toBe(first)
  expect(redactors.of([secret(1)]).redact(secret(2))).toBe(secret(2))
})

it('are told apart where a secret holds what stands between others', () => {
  const redactors = new RecentRedactors()
  redactors.of([`${secret(1)}\0${secret(2)}`])
  expect(redactors.of([secret(1), secret(2)]).redact(`a ${secret(1)} b ${secret(2)}`)).toBe(
    'a <redacted> b <redacted>',
  )
})

it('are forgotten once many others were asked for since, and are not kept at all where they are large', () => {
  const redactors = new RecentRedactors()
  const often = redactors.of([secret(0)])
  const once = redactors.of([secret(1)])
  for (let number = 2; number < 100; number += 1) {
    redactors.of([secret(number)])
    expect(redactors.of([secret(0)])).toBe(often)
  }
  expect(redactors.of([secret(1)])).not.toBe(once)
  const large = 'x'.repeat(3000)
  expect(redactors.of([large])).not.toBe(redactors.of([large]))
})

it('show nothing at all where there is too much to look for', () => {
  const redactors = new RecentRedactors()
  const many = Array.from({ length: 3000 }, (_, number) => secret(number))
  expect(processorMs(() => void redactors.of(many).redact('plain'))).toBeLessThan(100)
  expect(redactors.of(many).redact(`a ${secret(2999)} b`)).toBe('<redacted>')
  const signs = ['+/<>=&'.repeat(10_000)]
  expect(processorMs(() => void redactors.of(signs).redact('plain'))).toBeLessThan(100)
  expect(redactors.of(signs).redact('plain')).toBe('<redacted>')
  expect(redactors.of(many.slice(0, 100)).redact(`a ${secret(99)} b`)).toBe('a <redacted> b')
})
