import { describe, expect, it } from 'vitest'
import { credentialsInQuery, maskQuery } from '../../../src/gateway/telemetry/mask-query.ts'
import { leastProcessorMs } from '../../helpers/processor-time.ts'

describe('query masking', () => {
  it.each([
    ['', ''],
    ['a=1&b=2', 'a=1&b=2'],
    ['key=s3cret&a=1', 'key=<redacted>&a=1'],
    ['API_KEY=s3cret', 'API_KEY=<redacted>'],
    ['k%65y=s3cret', 'k%65y=<redacted>'],
    ['access_token=a=b', 'access_token=<redacted>'],
    ['x-goog-api-key=s3cret', 'x-goog-api-key=<redacted>'],
    ['key', 'key'],
    ['%zz=1', '%zz=1'],
    ['%ff=1&b%=2', '%ff=1&b%=2'],
    ['r%c3%a9sum%c3%a9=s3cret', 'r%c3%a9sum%c3%a9=<redacted>'],
  ])('%j', (query, masked) => {
    expect(maskQuery(query, new Set(['résumé']))).toBe(masked)
  })

  it('knows what it has hidden, as it is read and as it came', () => {
    const hidden = credentialsInQuery('key=a%2Bb+c&b=1&token=x%&sig=%ff', new Set())
    expect(hidden).toEqual(['a+b c', 'x%', 'x%', '\ufffd', '%ff'])
  })

  it('takes no long time for a query full of what is no escape', () => {
    for (const part of ['%=1&', '%ff=1&', 'key=%&', 'key=%ff&']) {
      const query = part.repeat(65_536 / part.length)
      expect(leastProcessorMs(() => maskQuery(query))).toBeLessThan(60)
      expect(leastProcessorMs(() => credentialsInQuery(query, new Set()))).toBeLessThan(60)
    }
  })
})
