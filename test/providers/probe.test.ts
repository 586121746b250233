import { describe, expect, it } from 'vitest'
import {
  anthropic,
  azure,
  bedrock,
  custom,
  gemini,
  openAI,
  PRESET_PROBES,
  PRESETS,
  type PresetName,
  type Probe,
} from '../../src/providers/index.ts'

const KEY = 'canary-6a1f0b7c'
const probeOf = (provider: { readonly probe?: Probe | undefined }): Probe => {
  if (provider.probe === undefined) throw new Error('no probe')
  return provider.probe
}
const preset = (name: PresetName): Probe => {
  const { formats } = PRESETS[name]
  return probeOf(custom({ formats, probe: PRESET_PROBES[name] }))
}
const basePath = (name: PresetName): string | undefined => {
  const { pathname } = new URL(PRESETS[name].baseUrl)
  return pathname === '/' ? undefined : pathname
}
const BEDROCK = bedrock({ region: 'eu-west-1' })
const azureOf = (apiVersion?: string) => azure({ resourceName: 'res', resourceType: 'openAI', apiVersion })

describe('the call', () => {
  it.each<[string, Probe, string | undefined, string, string]>([
    ['openai', probeOf(openAI), undefined, '/v1/models', `authorization: Bearer ${KEY}`],
    ['openai elsewhere', probeOf(openAI), '/base/', '/base/models', `authorization: Bearer ${KEY}`],
    ['anthropic', probeOf(anthropic), undefined, '/v1/models', `x-api-key: ${KEY}`],
    ['gemini', probeOf(gemini), undefined, '/v1beta/models', `x-goog-api-key: ${KEY}`],
    ['azure', probeOf(azureOf()), undefined, '/openai/v1/models', `authorization: Bearer ${KEY}`],
    [
      'azure by date',
      probeOf(azureOf('2024-10-21')),
      undefined,
      '/openai/models?api-version=2024-10-21',
      `authorization: Bearer ${KEY}`,
    ],
    ['bedrock', probeOf(BEDROCK), undefined, '/foundation-models', `authorization: Bearer ${KEY}`],
    ['bedrock elsewhere', probeOf(BEDROCK), '/p/', '/p/foundation-models', `authorization: Bearer ${KEY}`],
    ['custom', probeOf(custom({ formats: [] })), '/base', '/base/models', `authorization: Bearer ${KEY}`],
    ['groq', preset('groq'), basePath('groq'), '/openai/v1/models', `authorization: Bearer ${KEY}`],
    ['xai', preset('xai'), basePath('xai'), '/v1/api-key', `authorization: Bearer ${KEY}`],
    [
      'openrouter',
      preset('openrouter'),
      basePath('openrouter'),
      '/api/v1/key',
      `authorization: Bearer ${KEY}`,
    ],
    ['cohere', preset('cohere'), basePath('cohere'), '/v1/connectors', `authorization: Bearer ${KEY}`],
    ['deepseek', preset('deepseek'), basePath('deepseek'), '/v1/models', `authorization: Bearer ${KEY}`],
    ['mistral', preset('mistral'), basePath('mistral'), '/v1/models', `authorization: Bearer ${KEY}`],
  ])(
    'of %s asks for a page that costs nothing, with the key in a header',
    (_name, probe, prefix, path, header) => {
      const request = probe.request(KEY, prefix)
      expect(request.path).toBe(path)
      expect(request.key.join(': ')).toBe(header)
      expect(request.path).not.toContain(KEY)
    },
  )

  it('asks about keys that manage an organisation where these are known', () => {
    expect(probeOf(openAI).request('sk-admin-x', undefined).path).toBe('/v1/organization/admin_api_keys')
    const admin = probeOf(anthropic).request('sk-ant-admin01-x', undefined)
    expect(admin.path).toBe('/v1/organizations/me')
    expect(admin.headers).toEqual([['anthropic-version', '2023-06-01']])
  })

  it('sends a subscription token of Anthropic as bearer, as the gateway does', () => {
    expect(probeOf(anthropic).request('sk-ant-oat01-x', undefined).key[0]).toBe('authorization')
  })

  it('of Bedrock goes to the host that lists models, in the region', () => {
    expect(probeOf(BEDROCK).request(KEY, undefined).host).toBe('bedrock.eu-west-1.amazonaws.com')
  })

  it('of Hugging Face goes to the host that knows keys', () => {
    expect(preset('huggingface').request(KEY, '/v1')).toMatchObject({
      host: 'huggingface.co',
      path: '/api/whoami-v2',
    })
  })
})

const error = (code: string, message = '') => ({ error: { code, message } })
const type = (name: string) => ({ type: 'error', error: { type: name } })
const google = (reason: string) => ({ error: { code: 400, details: [{ reason }] } })
const MODELS = { object: 'list', data: [{ id: 'm', object: 'model', type: 'model' }] }

describe('the answer', () => {
  it.each<[string, number, unknown, string, Probe]>([
    ['openai', 200, MODELS, 'valid', probeOf(openAI)],
    ['openai', 200, { hello: 'captive portal' }, 'indeterminate', probeOf(openAI)],
    ['openai', 200, undefined, 'indeterminate', probeOf(openAI)],
    ['openai', 401, error('invalid_api_key'), 'invalid', probeOf(openAI)],
    ['openai', 401, error('mismatched_organization'), 'indeterminate', probeOf(openAI)],
    ['openai', 401, undefined, 'indeterminate', probeOf(openAI)],
    [
      'openai',
      403,
      error('', 'You have insufficient permissions. Missing scopes: x'),
      'valid, limited',
      probeOf(openAI),
    ],
    [
      'openai',
      403,
      error('unsupported_country_region_territory', 'Country not supported'),
      'indeterminate',
      probeOf(openAI),
    ],
    ['openai', 429, error('insufficient_quota'), 'valid, limited', probeOf(openAI)],
    ['openai', 429, error('rate_limit_exceeded'), 'valid, limited', probeOf(openAI)],
    ['openai', 500, error('server_error'), 'indeterminate', probeOf(openAI)],
    ['openai', 302, undefined, 'indeterminate', probeOf(openAI)],
    ['anthropic', 200, { data: [{ type: 'model' }] }, 'valid', probeOf(anthropic)],
    ['anthropic', 200, { data: [{ id: 'm' }] }, 'indeterminate', probeOf(anthropic)],
    ['anthropic', 401, type('authentication_error'), 'invalid', probeOf(anthropic)],
    ['anthropic', 401, { detail: 'a proxy' }, 'indeterminate', probeOf(anthropic)],
    ['anthropic', 402, type('billing_error'), 'valid, limited', probeOf(anthropic)],
    ['anthropic', 403, type('permission_error'), 'valid, limited', probeOf(anthropic)],
    ['anthropic', 429, type('rate_limit_error'), 'valid, limited', probeOf(anthropic)],
    ['anthropic', 529, type('overloaded_error'), 'indeterminate', probeOf(anthropic)],
    ['gemini', 200, { models: [] }, 'valid', probeOf(gemini)],
    ['gemini', 400, google('API_KEY_INVALID'), 'invalid', probeOf(gemini)],
    ['gemini', 400, google('SOMETHING_ELSE'), 'indeterminate', probeOf(gemini)],
    ['gemini', 403, google('API_KEY_IP_ADDRESS_BLOCKED'), 'valid, limited', probeOf(gemini)],
    ['gemini', 403, google('SERVICE_DISABLED'), 'indeterminate', probeOf(gemini)],
    ['gemini', 401, google('ACCESS_TOKEN_TYPE_UNSUPPORTED'), 'indeterminate', probeOf(gemini)],
    ['azure', 200, { data: [] }, 'valid', probeOf(azureOf())],
    ['azure', 401, error('401'), 'invalid', probeOf(azureOf())],
    ['azure', 403, error('403'), 'indeterminate', probeOf(azureOf())],
    ['azure', 404, error('404'), 'indeterminate', probeOf(azureOf())],
    ['bedrock', 200, { modelSummaries: [] }, 'valid', probeOf(BEDROCK)],
    ['bedrock', 200, {}, 'indeterminate', probeOf(BEDROCK)],
    [
      'bedrock',
      403,
      { Message: 'Authentication failed: Please make sure your API Key is valid.' },
      'invalid',
      probeOf(BEDROCK),
    ],
    [
      'bedrock',
      403,
      { Message: 'Invalid API Key format: Must start with pre-defined prefix' },
      'invalid',
      probeOf(BEDROCK),
    ],
    [
      'bedrock',
      403,
      { Message: 'User: x is not authorized to perform: bedrock:ListFoundationModels' },
      'valid, limited',
      probeOf(BEDROCK),
    ],
    ['bedrock', 403, { message: 'Forbidden' }, 'indeterminate', probeOf(BEDROCK)],
    ['bedrock', 401, '<html>', 'indeterminate', probeOf(BEDROCK)],
    ['bedrock', 429, { message: 'Too many requests' }, 'indeterminate', probeOf(BEDROCK)],
    ['groq', 200, MODELS, 'valid', preset('groq')],
    ['groq', 401, error('invalid_api_key'), 'invalid', preset('groq')],
    ['groq', 403, error(''), 'indeterminate', preset('groq')],
    ['xai', 200, { redacted_api_key: 'xai-...b14o' }, 'valid', preset('xai')],
    ['xai', 200, { redacted_api_key: 'xai-...b14o', api_key_disabled: true }, 'invalid', preset('xai')],
    ['xai', 400, { code: 'bad', error: 'Incorrect API key' }, 'invalid', preset('xai')],
    ['openrouter', 200, { data: { label: 'k' } }, 'valid', preset('openrouter')],
    ['openrouter', 401, error('401'), 'invalid', preset('openrouter')],
    ['deepseek', 402, error('402'), 'valid, limited', preset('deepseek')],
    ['togetherai', 200, [{ id: 'm' }], 'valid', preset('togetherai')],
    ['cohere', 200, { connectors: [] }, 'valid', preset('cohere')],
    ['huggingface', 200, { name: 'me' }, 'valid', preset('huggingface')],
    ['huggingface', 401, { error: 'token has expired' }, 'invalid', preset('huggingface')],
    ['deepinfra, whose list may be public', 200, MODELS, 'indeterminate', preset('deepinfra')],
    ['deepinfra', 401, { detail: 'no' }, 'invalid', preset('deepinfra')],
    ['ollama, which takes any key', 200, MODELS, 'indeterminate', preset('ollama')],
  ])('of %s with status %i and %j: %s', (_name, status, body, expected, probe) => {
    const { result, limited, detail } = probe.judge({ status, body }, KEY)
    expect(limited ? `${result}, limited` : result).toBe(expected)
    expect(detail).toMatch(/^\S.{5,}[^.]$/)
  })
})
