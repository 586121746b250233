import { type Example, example, model, modelAnd, route } from './example.ts'

const HASH = `keyHash: "sha256:${'3b9c'.repeat(16)}"`

/** The llm section with a check of client keys. */
function keys(entries: string, mode = 'mode: strict'): string {
  return `${model()}  policies:
    apiKey:
      ${mode}
      keys: [${entries}]
`
}

/** A route with a check of client keys. */
function routeKeys(entries: string, more = ''): string {
  return route(`policies:\n  apiKey: {mode: strict, keys: [${entries}]${more}}`)
}

/** A route whose clients are checked, and one with a policy for all other paths. */
function fenced(policy: string): string {
  return `gateways: {default: {port: 8080}}
routes:
- matches: [{path: {pathPrefix: /v1}}]
  backends: [{backend: /openai}]
  policies:
    apiKey: {mode: strict, keys: [{${HASH}}]}
- backends: [{backend: /openai}]
${policy === '' ? '' : `  policies:\n${policy}`}backends:
- name: openai
  ai: {name: openai, provider: {openAI: {}}}
  policies: {backendAuth: {key: "$OPENAI_API_KEY"}}
`
}

/** The llm section with a check of tokens. */
function tokens(...lines: readonly string[]): string {
  return `${model()}  policies:\n    jwtAuth:\n      mode: strict\n${lines.map(line => `      ${line}\n`).join('')}`
}

const ISSUER = 'issuer: https://login.example.com'
const JWKS = 'jwks: {url: "https://login.example.com/jwks.json"}'

function provider(audiences: string): string {
  return `- {${ISSUER}, audiences: ${audiences}, ${JWKS}}`
}

/** Who may use the gateway. */
export const CLIENTS: readonly Example[] = [
  example('AUTH_OPTIONAL', keys(`{${HASH}}`, 'location: {header: {name: x-key}}'), keys(`{${HASH}}`)),
  example('AUTH_PERMISSIVE', keys(`{${HASH}}`, 'mode: permissive'), keys(`{${HASH}}`)),
  example('TOKEN_FOR_OTHERS', tokens(ISSUER, JWKS), tokens(ISSUER, 'audiences: [agw]', JWKS)),
  example(
    'TOKEN_ISSUER_HIDDEN',
    tokens('providers:', provider('[agw]'), provider('[agw-admins]')),
    tokens('providers:', provider('[agw, agw-admins]')),
  ),
  example('PLAIN_VIRTUAL_KEY', keys('{key: example-key-of-alice}'), keys(`{${HASH}}`)),
  example(
    'DUPLICATE_VIRTUAL_KEY',
    keys(`{${HASH}, metadata: {user: alice}}, {${HASH}, metadata: {user: bob}}`),
    keys(`{${HASH}, metadata: {user: alice}}`),
  ),
  example(
    'NO_MODEL_ALLOWED',
    keys(`{${HASH}, allowedModels: []}`),
    keys(`{${HASH}, allowedModels: [gpt-5]}`),
  ),
  example(
    'ALLOWED_MODEL_UNKNOWN',
    keys(`{${HASH}, allowedModels: [gpt5]}`),
    keys(`{${HASH}, allowedModels: [gpt-5]}`),
  ),
  example('ALLOWED_MODELS_UNREAD', routeKeys(`{${HASH}, allowedModels: [gpt-5]}`), routeKeys(`{${HASH}}`)),
  example(
    'KEY_IN_QUERY',
    routeKeys(`{${HASH}}`, ', location: {queryParameter: {name: key}}'),
    routeKeys(`{${HASH}}`, ', location: {header: {name: x-key}}'),
  ),
  example(
    'CLIENT_KEY_NOT_REMOVED',
    routeKeys(`{${HASH}}`, `, location: {expression: 'request.headers["x-key"]'}`),
    routeKeys(`{${HASH}}`, ', location: {header: {name: x-key}}'),
  ),
  example('CHECK_WALKED_AROUND', fenced(''), fenced('    apiKey: {mode: strict, keys: []}\n')),
  example(
    'CORS_ANY_ORIGIN',
    route('policies:\n  cors: {allowOrigins: ["*"], allowCredentials: true}'),
    route('policies:\n  cors: {allowOrigins: ["https://app.example.com"], allowCredentials: true}'),
  ),
  example(
    'ADMIN_EXPOSED',
    modelAnd('config: {adminAddr: "0.0.0.0:15000"}'),
    modelAnd('config: {adminAddr: "localhost:15000"}'),
  ),
  example(
    'UI_EXPOSED',
    modelAnd('gateways: {default: {port: 8080}}\nui: {}'),
    modelAnd(
      'gateways: {default: {port: 8080}}\nui: {policies: {authorization: {rules: [\'source.address == "10.0.0.7"\']}}}',
    ),
  ),
]
