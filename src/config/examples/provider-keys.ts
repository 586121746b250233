import { type Example, example, model } from './example.ts'

/** A route to a provider, with what its `backendAuth` holds. */
function provider(kind: string, auth: string, more = ''): string {
  return `gateways: {default: {port: 8080}}
routes:
- backends:
  - ai:
      name: my-model
      provider: {${kind}}
${more}  policies:
    backendAuth:
      ${auth}
`
}

const header = (name: string, prefix = ''): string => `location: {header: {name: ${name}${prefix}}}`
const key = '"$PROVIDER_KEY"'

/** Where keys of providers go. */
export const PROVIDER_KEYS: readonly Example[] = [
  example(
    'DROPPED_SIBLING',
    provider('openAI: {}', `key: ${key}\n      ${header('x-key')}`),
    provider('openAI: {}', `key: {value: ${key}, ${header('x-key')}}`),
  ),
  example('KEY_OVERRULED', model('auth: {key: "$OTHER_KEY"}'), model()),
  example(
    'ANTHROPIC_KEY_PLACE',
    provider('anthropic: {}', `key: {value: ${key}, ${header('x-api-key')}}`),
    provider('anthropic: {}', `key: ${key}`),
  ),
  example(
    'ANTHROPIC_EXTRA_KEY',
    provider('anthropic: {}', `credentials: [{key: ${key}, ${header('x-api-key')}}]`),
    provider('anthropic: {}', `key: ${key}`),
  ),
  example(
    'AZURE_KEY_PLACE',
    provider(azure('2024-10-21'), `key: ${key}`),
    provider(azure('2024-10-21'), `key: {value: ${key}, ${header('api-key')}}`),
  ),
  example(
    'AUTHORIZATION_WITHOUT_PREFIX',
    provider('openAI: {}', `key: {value: ${key}, ${header('authorization')}}`),
    provider('openAI: {}', `key: {value: ${key}, ${header('authorization', ', prefix: "Bearer "')}}`),
  ),
  example(
    'LOCATION_CANNOT_INSERT',
    provider('openAI: {}', `key: {value: ${key}, location: {expression: 'request.headers["x-key"]'}}`),
    provider('openAI: {}', `key: {value: ${key}, ${header('x-key')}}`),
  ),
  example('CLIENT_CREDENTIAL_FORWARDED', keyless(), keyless('    auth: {passthrough: {}}\n')),
  example('CLIENT_KEY_TAKEN', `${keyless()}${clients()}`, `${keyless()}${clients('x-gateway-key')}`),
  example(
    'KEY_IN_CLEAR',
    provider('openAI: {}', `key: ${key}`, '      hostOverride: llm.example.com:8080\n'),
    provider('openAI: {}', `key: ${key}\n    backendTLS: {}`, '      hostOverride: llm.example.com:8080\n'),
  ),
  example(
    'KEY_IN_CLEAR_PRIVATE',
    model().replace('KEY"}', 'KEY", baseUrl: "http://vllm.models.svc/v1"}'),
    model().replace('KEY"}', 'KEY", baseUrl: "https://vllm.models.svc/v1"}'),
  ),
  example(
    'PLAIN_TO_TLS_PORT',
    host('api.example.com:443'),
    host('api.example.com:443', '\n    policies: {backendTLS: {}}'),
  ),
  example(
    'TLS_UNVERIFIED',
    host('api.example.com:8443', '\n    policies: {backendTLS: {insecure: true}}'),
    host('api.example.com:8443', '\n    policies: {backendTLS: {root: /etc/ssl/own-ca.pem}}'),
  ),
]

function azure(version: string): string {
  return `azure: {resourceName: my-resource, resourceType: openAI, apiVersion: "${version}"}`
}

function keyless(more = ''): string {
  return `llm:\n  models:\n  - name: gpt-5\n    provider: openAI\n${more}`
}

function clients(name?: string): string {
  const place = name === undefined ? '' : `\n      location: {header: {name: ${name}}}`
  return `  policies:\n    apiKey:\n      mode: strict${place}\n      keys: [{keyHash: "sha256:${'3b9c'.repeat(16)}"}]\n`
}

function host(address: string, more = ''): string {
  return `gateways: {default: {port: 8080}}\nroutes:\n- backends:\n  - host: ${address}${more}\n`
}
