import { describe, expect, it } from 'vitest'
import { credentialsInTarget, maskTarget, withoutKeys } from '../../../src/gateway/telemetry/mask-target.ts'
import { keyLike } from '../../helpers/keys.ts'
import { leastProcessorMs } from '../../helpers/processor-time.ts'

const KEY = keyLike('gemini', 'path')

describe('a target is told without', () => {
  it.each([
    ['', ''],
    ['/v1/chat/completions', '/v1/chat/completions'],
    ['/openai/deployments/gpt-4o-2024-08-06/chat', '/openai/deployments/gpt-4o-2024-08-06/chat'],
    [
      '/v1/files/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b',
      '/v1/files/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b',
    ],
    ['/a?a=1&b=2', '/a?a=1&b=2'],
    ['/a?key', '/a?key'],
    ['/a?%zz=1', '/a?%zz=1'],
    ['/a?%ff=1&b%=2', '/a?%ff=1&b%=2'],
    ['/mail/a@b.test/x', '/mail/a@b.test/x'],
    ['/hf_org/some-model-name-of-many-words', '/hf_org/some-model-name-of-many-words'],
  ])('anything where nothing is secret: %j', (target, masked) => {
    expect(maskTarget(target)).toBe(masked)
  })

  it.each([
    ['/a?key=s3cret&a=1', '/a?key=<redacted>&a=1'],
    ['/a?API_KEY=s3cret', '/a?API_KEY=<redacted>'],
    ['/a?k%65y=s3cret', '/a?k%65y=<redacted>'],
    ['/a?access_token=a=b', '/a?access_token=<redacted>'],
    ['/a?x-goog-api-key=s3cret', '/a?x-goog-api-key=<redacted>'],
    ['/a?r%c3%a9sum%c3%a9=s3cret', '/a?r%c3%a9sum%c3%a9=<redacted>'],
    ['/a?a=1;key=s3cret', '/a?a=1;key=<redacted>'],
    ['/a??key=s3cret', '/a??key=<redacted>'],
    ['/a?key=s3/cret?s3cret&b=1', '/a?key=<redacted>&b=1'],
    ['/a?b=1#access_token=s3cret&c=1', '/a?b=1#access_token=<redacted>&c=1'],
    ['/a#access_token=s3cret', '/a#access_token=<redacted>'],
    ['/a;key=s3cret/b?c=1', '/a;key=<redacted>?c=1'],
    ['/a;b=1;k%65y%3Ds3cret', '/a;b=1;k%65y%3D<redacted>'],
    ['/key=s3cret/b', '/key=<redacted>'],
    ['/a%3Fkey=s3cret', '/a%3Fkey=<redacted>'],
    [
      '/a?to=https%3A%2F%2Fb.test%2F%3Fcode%3Ds3cret%26d%3D1&e=1',
      '/a?to=https%3A%2F%2Fb.test%2F%3Fcode%3D<redacted>&e=1',
    ],
  ])('the values of parameters for credentials: %j', (target, masked) => {
    expect(maskTarget(target, new Set(['résumé']))).toBe(masked)
  })

  it.each([
    ['https://user:s3cret@a.test/b', 'https://<redacted>@a.test/b'],
    ['/https://user:s3@cret@a.test/b', '/https://<redacted>@a.test/b'],
    ['/to/http%3A%2F%2Fuser:s3cret%40a.test', '/to/http%3A%2F%2F<redacted>%40a.test'],
    ['s3cret@a.test:443', '<redacted>@a.test:443'],
  ])('logins: %j', (target, masked) => {
    expect(maskTarget(target)).toBe(masked)
  })

  it.each([
    [`/${KEY}/b`, '/<redacted>/b'],
    [`/bot.${KEY}/b`, '/<redacted>/b'],
    [`/a?b=${KEY}&c=1`, '/a?b=<redacted>&c=1'],
    [`/${keyLike('openai', 'path').replaceAll('-', '%2D')}`, '/<redacted>'],
    [`/a,${KEY};b`, '/a,<redacted>;b'],
  ])('what is a key beyond doubt: %j', (target, masked) => {
    expect(maskTarget(target)).toBe(masked)
  })
})

it('knows what it has hidden, as it is read and as it came', () => {
  const hidden = credentialsInTarget('/a;token=y%2Bz?key=a%2Bb+c&b=1&token=x%&sig=%ff', new Set())
  expect(hidden).toEqual(['y+z', 'a+b c', 'x%', 'x%', '\ufffd', '%ff'])
})

it.each(['%=1&', '%ff=1&', 'key=%&', '%2f', '%', '//@', ',a', '=;', 'sk-', 'a'])(
  'takes no long time for a target full of %s',
  part => {
    const half = part.repeat(32_768 / part.length)
    const target = `/${half}@?${half}=`
    expect(leastProcessorMs(() => maskTarget(target))).toBeLessThan(60)
    expect(leastProcessorMs(() => credentialsInTarget(target, new Set()))).toBeLessThan(60)
  },
)

it('takes keys out of any text', () => {
  expect(withoutKeys(`{"a":"${KEY}","b":[1]}`)).toBe('{"a":"<redacted>","b":[1]}')
  expect(withoutKeys(`Bearer ${KEY}.`)).toBe('Bearer <redacted>')
})
