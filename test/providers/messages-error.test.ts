import { expect, it } from 'vitest'
import { errorAsMessages } from '../../src/providers/messages-error.ts'

it.each([
  [429, '{"error":{"message":"slow down","type":"x"}}', 'rate_limit_error', 'slow down'],
  [400, '{"error":"plain"}', 'invalid_request_error', 'plain'],
  [403, '{"message":"no"}', 'permission_error', 'no'],
  [400, '{"Message":"bad"}', 'invalid_request_error', 'bad'],
  [400, '{"error":null,"message":"bad"}', 'invalid_request_error', 'bad'],
  [
    401,
    '{"error":{"code":7}}',
    'authentication_error',
    'The provider answered with status 401 and no message.',
  ],
  [429, '<html>', 'rate_limit_error', 'The provider answered with status 429 and no message.'],
  [503, '', 'api_error', 'The provider answered with status 503 and no message.'],
])('%i %s becomes an error of Anthropic', (status, body, type, message) => {
  expect(JSON.parse(errorAsMessages(status, body))).toEqual({ type: 'error', error: { type, message } })
})
