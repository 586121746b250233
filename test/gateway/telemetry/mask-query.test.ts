import { describe, expect, it } from 'vitest'
import { maskQuery } from '../../../src/gateway/telemetry/mask-query.ts'

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
  ])('%j', (query, masked) => {
    expect(maskQuery(query)).toBe(masked)
  })
})
