import { type Example, example, model, modelAnd, route } from './example.ts'

function listeners(...entries: readonly string[]): string {
  return `binds:
- port: 8080
  listeners:
${entries.map(entry => `  - {${entry}}\n`).join('')}`
}

const ROUTES = 'routes: [{backends: [{host: "localhost:9000"}]}]'
const TLS = 'tls: {cert: /etc/agw/cert.pem, key: /etc/agw/key.pem}'
const TCP_ROUTES = 'tcpRoutes: [{backends: [{host: "localhost:9000"}]}]'

function backend(name: string, known = 'api'): string {
  return `gateways: {default: {port: 8080}}
backends:
- name: ${known}
  host: localhost:9000
routes:
- backends:
  - backend: ${name}
`
}

function targeted(name: string): string {
  return `gateways: {default: {port: 8080}}
routes:
- name: api
  backends:
  - host: localhost:9000
policies:
- name: {name: limit, namespace: default}
  target: {route: {name: ${name}, namespace: default}}
  policy: {timeout: {requestTimeout: 10s}}
`
}

function check(listener: string): string {
  return `gateways: {web: {port: 8080}}
routes:
- gateways: web
  backends:
  - host: localhost:9000
policies:
- name: {name: keys, namespace: default}
  target: {gateway: {gatewayName: default, gatewayNamespace: default, listenerName: ${listener}}}
  policy: {apiKey: {mode: strict, keys: [{keyHash: "sha256:${'0'.repeat(64)}"}]}}
`
}

function reference(name: string): string {
  return `llm:
  providers:
  - name: team
    provider: openAI
    params: {apiKey: "$OPENAI_API_KEY"}
  models:
  - name: gpt-5
    provider: {reference: ${name}}
`
}

function target(name: string): string {
  return `${model()}  virtualModels:
  - name: best
    routing: {weighted: {targets: [{model: ${name}}]}}
`
}

function ids(second: string): string {
  const one = (name: string, id: string): string =>
    `  - {id: ${id}, name: ${name}, provider: openAI, params: {apiKey: "$OPENAI_API_KEY"}}\n`
  return `llm:\n  models:\n${one('gpt-5', 'a')}${one('gpt-5-mini', second)}`
}

function routes(first: string, second: string): string {
  const one = (name: string, path: string): string =>
    `- name: ${name}\n  matches: [{path: {pathPrefix: ${path}}}]\n  backends: [{host: "localhost:9000"}]\n`
  return `gateways: {default: {port: 8080}}\nroutes:\n${one(first, '/a')}${one(second, '/b')}`
}

/** Listeners, names and what refers to them. */
export const REFERENCES: readonly Example[] = [
  example(
    'PORT_TAKEN',
    modelAnd('gateways: {web: {port: 4000}}'),
    modelAnd('gateways: {default: {port: 8080}}'),
  ),
  example('TLS_UNUSED', listeners(`${TLS}, ${ROUTES}`), listeners(`protocol: HTTPS, ${TLS}, ${ROUTES}`)),
  example('MIXED_LISTENERS', listeners(ROUTES, `protocol: TLS, ${TCP_ROUTES}`), listeners(ROUTES)),
  example(
    'LISTENER_AMBIGUOUS',
    listeners(`name: a, ${ROUTES}`, `name: b, ${ROUTES}`),
    listeners(`name: a, hostname: a.example.com, ${ROUTES}`, `name: b, hostname: b.example.com, ${ROUTES}`),
  ),
  example('NO_GATEWAY', route().replace('default', 'web'), route()),
  example('UNKNOWN_GATEWAY', route('gateways: defualt'), route('gateways: default')),
  example('UNKNOWN_BACKEND', backend('/apis'), backend('/api')),
  example('BACKEND_WITHOUT_SLASH', backend('api'), backend('/api')),
  example('UNKNOWN_PROVIDER', reference('teams'), reference('team')),
  example('UNKNOWN_MODEL', target('gpt-6'), target('gpt-5')),
  example('CHECK_WITHOUT_TARGET', check('wbe'), check('web')),
  example('POLICY_WITHOUT_TARGET', targeted('apis'), targeted('api')),
  example('DUPLICATE_NAME', ids('a'), ids('b')),
  example('NAME_REPLACED', routes('api', 'api'), routes('api', 'web')),
]
