import { type Example, example, route } from './example.ts'

function routes(...entries: readonly string[]): string {
  return `gateways: {default: {port: 8080}}
routes:
${entries.map(entry => `- {${entry}, backends: [{host: "localhost:9000"}]}\n`).join('')}`
}

const prefix = (path: string, more = ''): string => `matches: [{path: {pathPrefix: ${path}}${more}}]`
const header = (name: string): string => `, headers: [{name: ${name}, value: {exact: "1"}}]`

function hosts(listener: string, host: string): string {
  return `binds:
- port: 8080
  listeners:
  - hostname: ${listener}
    routes:
    - hostnames: [${host}]
      backends: [{host: "localhost:9000"}]
`
}

/** Which route gets a request. */
export const ROUTES: readonly Example[] = [
  example(
    'NOTHING_ANSWERS',
    'gateways: {web: {port: 8080}}\n',
    route('gateways: web').replace('default', 'web'),
  ),
  example('ROUTE_WITHOUT_BACKEND', 'gateways: {default: {port: 8080}}\nroutes:\n- name: empty\n', route()),
  example('BACKEND_LEADS_BACK', route().replace('localhost:9000', 'localhost:8080'), route()),
  example(
    'NO_WEIGHT',
    route().replace('host: localhost:9000', '{host: "localhost:9000", weight: 0}'),
    route().replace('host: localhost:9000', '{host: "localhost:9000", weight: 1}'),
  ),
  example(
    'ROUTE_SHADOWED',
    routes(`name: a, ${prefix('/api')}`, `name: b, ${prefix('/api/')}`).replace('b,', 'c,'),
    routes(`name: a, ${prefix('/api')}`, `name: c, ${prefix('/api/v2')}`),
  ),
  example(
    'ROUTE_TIE',
    routes(`name: b, ${prefix('/api', header('x-b'))}`, `name: a, ${prefix('/api', header('x-a'))}`),
    routes(`name: a, ${prefix('/api', header('x-b'))}`, `name: b, ${prefix('/api', header('x-a'))}`),
  ),
  example(
    'ROUTE_HOST_MISSED',
    hosts('api.example.com', 'www.example.com'),
    hosts('"*.example.com"', 'www.example.com'),
  ),
  example('MATCH_NEVER', routes(prefix('api')), routes(prefix('/api'))),
  example(
    'REGEX_SPAN',
    routes('matches: [{path: {regex: "/v1|/v1/models"}}]'),
    routes('matches: [{path: {regex: "/v1/models|/v1"}}]'),
  ),
  example(
    'PREFIX_REWRITE',
    route('matches:\n- path: {exact: /old}\npolicies:\n  urlRewrite: {path: {prefix: /new}}'),
    route('matches:\n- path: {pathPrefix: /old}\npolicies:\n  urlRewrite: {path: {prefix: /new}}'),
  ),
]
