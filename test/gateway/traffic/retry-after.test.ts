import { expect, it } from 'vitest'
import { retryAfterMs } from '../../../src/gateway/traffic/retry-after.ts'
import { processorMs } from '../../helpers/processor-time.ts'

const NOW = Date.parse('2030-01-01T00:00:00Z')

it.each<[string, number, string[], number | undefined]>([
  ['seconds', 429, ['Retry-After', '7'], 7000],
  ['no seconds', 429, ['retry-after', '0'], 0],
  ['a date', 429, ['retry-after', 'Tue, 01 Jan 2030 00:00:05 GMT'], 5000],
  ['a date that has been', 429, ['retry-after', 'Mon, 31 Dec 2029 00:00:00 GMT'], undefined],
  ['nonsense', 429, ['retry-after', 'soon'], undefined],
  ['nothing', 429, ['x-a', '1'], undefined],
  ['seconds of another status', 503, ['retry-after', '7'], 7000],
  ['milliseconds', 429, ['retry-after-ms', '250'], 250],
  ['the usual header before milliseconds', 429, ['retry-after-ms', '250', 'retry-after', '1'], 1000],
  ['a limit of another status', 503, ['x-ratelimit-reset', '7'], undefined],
  ['a limit in seconds', 429, ['x-ratelimit-reset', '7'], 7000],
  ['a limit with its time', 429, ['x-ratelimit-reset', String(NOW / 1000 + 9)], 9000],
  ['a limit whose time has been', 429, ['x-ratelimit-reset', String(NOW / 1000 - 9)], undefined],
  ['a duration', 429, ['x-ratelimit-reset-tokens', '6m0s'], 360_000],
  ['seconds without their unit', 429, ['x-ratelimit-reset-requests-day', '33.5'], 33_500],
  [
    'the shortest of several',
    429,
    ['x-ratelimit-reset-requests', '1s', 'x-ratelimit-reset-tokens-minute', '20ms'],
    20,
  ],
])('%s', (_title, status, headers, ms) => {
  expect(retryAfterMs(status, headers, NOW)).toBe(ms)
})

it('a limit of as many digits as a head has room for is read no longer than it is', () => {
  for (const value of ['1'.repeat(16_000), '1.'.repeat(8000), '1h'.repeat(8000)]) {
    const headers = ['x-ratelimit-reset-tokens', value]
    expect(processorMs(() => void retryAfterMs(429, headers, NOW))).toBeLessThan(200)
  }
})
