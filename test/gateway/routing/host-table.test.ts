import { expect, it } from 'vitest'
import { HostTable } from '../../../src/gateway/routing/host-table.ts'
import { processorMs } from '../../helpers/processor-time.ts'

it('a host of thousands of parts takes no look-up for each', () => {
  const table = new HostTable<string>()
  for (const hostname of ['a.test', '*.example.com', '*.test', undefined])
    table.set(hostname, hostname ?? 'any')
  const long = 'a.'.repeat(8000)
  const found: (readonly string[])[] = []
  const look = (): void => {
    for (const end of ['test', 'b.example.com', 'none']) found.push(table.candidates(long + end))
  }
  expect(processorMs(look)).toBeLessThan(100)
  expect(found).toEqual([['*.test', 'any'], ['*.example.com', 'any'], ['any']])
})
