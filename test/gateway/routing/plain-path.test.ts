import { posix } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { plainPath } from '../../../src/gateway/routing/plain-path.ts'
import { processorMs } from '../../helpers/processor-time.ts'

it('is what Node makes of a path, without a slash at its end', () => {
  const part = fc.constantFrom('', '.', '..', '...', 'a', 'b', '.a', 'a.')
  const path = fc.array(part, { maxLength: 8 }).map(parts => `/${parts.join('/')}`)
  fc.assert(
    fc.property(path, one => {
      expect(plainPath(one)).toBe(posix.normalize(one).replace(/(?<=.)\/$/, ''))
    }),
  )
})

it.each([
  ['/a%2f..%2Fb', '/b'],
  ['/a%252f%252e%252e%252fb', '/b'],
  ['/a;x=1/b;y', '/a/b'],
  ['/a\\b', '/a/b'],
  ['/a%20%00b', '/ab'],
  ['/100%', '/100%'],
  ['//', '/'],
])('%s is read as %s', (path, plain) => {
  expect(plainPath(path)).toBe(plain)
})

it('takes no longer than its length, whatever it goes back to', () => {
  const paths = [
    '/a'.repeat(15_000) + '/x/..'.repeat(6000),
    `/${'%2525'.repeat(12_000)}`,
    '/..'.repeat(20_000),
  ]
  const read = (): void => {
    for (const path of paths) plainPath(path)
  }
  expect(processorMs(read)).toBeLessThan(150)
})
