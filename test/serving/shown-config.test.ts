import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/secrets/secret.ts'
import { shownConfig } from '../../src/serving/shown-config.ts'
import { keyLike } from '../helpers/keys.ts'

const shown = (config: unknown): unknown => JSON.parse(JSON.stringify(shownConfig(config)))
const HIDDEN = '<redacted>'

describe('the config as it is shown', () => {
  it.each([
    ['a secret is its reference', { key: new Secret('canary', '$KEY') }, { key: '<secret $KEY>' }],
    [
      'a header that is set by hand',
      { requestHeaderModifier: { set: { Authorization: 'Bearer canary', 'x-team': 'blue' } } },
      { requestHeaderModifier: { set: { Authorization: HIDDEN, 'x-team': 'blue' } } },
    ],
    [
      'what may be secret in an address',
      { jwks: { url: 'https://me:hunter2@issuer.test/jwks?token=canary#x' }, baseUrl: 'https://llm.test/v1' },
      { jwks: { url: 'https://issuer.test/jwks' }, baseUrl: 'https://llm.test/v1' },
    ],
    [
      'the same in one whose scheme is in capitals, or that has none',
      {
        jwks: { url: 'HTTPS://me:hunter2@issuer.test/jwks' },
        tracing: { otlpEndpoint: 'otlp.test:4318/v1/traces?token=canary', path: '/v1/traces?token=canary' },
        matches: [{ path: { regex: '/v1/(?:a|b)?x' } }],
      },
      {
        jwks: { url: 'https://issuer.test/jwks' },
        tracing: { otlpEndpoint: 'otlp.test:4318/v1/traces', path: '/v1/traces' },
        matches: [{ path: { regex: '/v1/(?:a|b)?x' } }],
      },
    ],
    [
      'a header that is added by hand',
      { requestHeaders: { add: { 'x-goog-api-key': 'canary', cookie: 's=canary' } } },
      { requestHeaders: { add: { 'x-goog-api-key': HIDDEN, cookie: HIDDEN } } },
    ],
    [
      'an expression for a header',
      { response: { set: { 'set-cookie': '"sid=canary"', 'x-a': 'request.path' } } },
      { response: { set: { 'set-cookie': HIDDEN, 'x-a': 'request.path' } } },
    ],
    [
      'the header of a direct answer',
      { directResponse: { status: 200, headers: { 'x-token': '"canary"' } } },
      { directResponse: { status: 200, headers: { 'x-token': HIDDEN } } },
    ],
    [
      'the header that a route is chosen by',
      {
        headers: [
          { name: 'x-api-key', value: { exact: 'canary' } },
          { name: 'x-b', value: { exact: 'c' } },
        ],
      },
      {
        headers: [
          { name: 'x-api-key', value: { exact: HIDDEN } },
          { name: 'x-b', value: { exact: 'c' } },
        ],
      },
    ],
    [
      'what is no secret',
      { name: 'r', maxTokens: 5, tokens: [1], keys: null, host: 'token.example.com:443' },
      { name: 'r', maxTokens: 5, tokens: [1], keys: null, host: 'token.example.com:443' },
    ],
  ])('%s', (_title, config, expected) => {
    expect(shown(config)).toEqual(expected)
  })

  it('a word that looks like a key, wherever it stands', () => {
    const key = keyLike('openai', 'pasted')
    const text = JSON.stringify(
      shownConfig({ rules: [`request.headers["x"] == "${key}"`], directResponse: { body: `key ${key}.` } }),
    )
    expect(text).not.toContain(key)
    expect(text).toContain('request.headers')
  })
})
