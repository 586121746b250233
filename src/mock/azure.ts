import type { Dialect, Fault } from './dialect.ts'
import { answerOpenAi } from './openai.ts'
import { type Answer, bearer, type Call, type Provider } from './provider.ts'
import { uuidOf } from './text.ts'

/** Azure OpenAI: OpenAI's API with the key in `api-key`, its own errors, and content filter results. */
export const azure: Provider = {
  credential({ headers }) {
    const key = headers['api-key']
    if (key) return { value: key, place: 'header' }
    const token = bearer(headers)
    return token === undefined ? undefined : { value: token, place: 'bearer' }
  },
  answer(call) {
    const dated = call.pathname.includes('/openai/deployments/')
    // The dated API does not exist without its date.
    if (dated && call.key.kind === 'good' && !call.query.has('api-version')) return azure.failure(call, 404)
    return answerOpenAi(call, dialect)
  },
  failure: (call, status, message) => error(call, status, faultOf(status, message)),
}

const REFUSED =
  'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an ' +
  'active subscription and use a correct regional API endpoint for your resource.'
const BAD_TOKEN =
  'Unauthorized. Access token is missing, invalid, audience is incorrect (https://cognitiveservices.azure.com), ' +
  'or have expired.'

const dialect: Dialect = {
  headers: call => ({
    'content-type': 'application/json',
    'apim-request-id': uuidOf('apim', call.serial),
    'x-ms-region': 'Mock',
    'x-ratelimit-limit-requests': '10000',
    'x-ratelimit-remaining-requests': '9999',
    'x-request-id': uuidOf('request', call.serial),
  }),
  contentFilter: true,
  error,
  refuse: call =>
    error(call, 401, { code: '401', message: call.key.place === 'bearer' ? BAD_TOKEN : REFUSED }),
  unknownModel: call =>
    error(call, 404, {
      code: 'DeploymentNotFound',
      message: 'The API deployment for this resource does not exist.',
    }),
}

function error(call: Call, status: number, { code, message, ...rest }: Fault): Answer {
  const retry = status === 429 || status === 503 ? { 'retry-after': '1' } : {}
  return {
    status,
    headers: { ...dialect.headers(call), ...retry },
    body: JSON.stringify({ error: { code: code ?? String(status), message, ...rest } }),
  }
}

function faultOf(status: number, message?: string): Fault {
  if (message !== undefined) return { message }
  if (status === 401) return { message: REFUSED }
  if (status === 404) return { message: 'Resource not found' }
  if (status === 429) {
    return {
      message: 'Requests to this deployment have exceeded the rate limit. Please retry after 1 second.',
    }
  }
  if (status >= 500) return { code: 'InternalServerError', message: 'Internal server error' }
  return { message: `The request was refused with status ${status}.` }
}
