import { type Example, example, model, modelAnd, route } from './example.ts'

/** What the format does not allow. */
export const SHAPE: readonly Example[] = [
  example('UNKNOWN_KEY', model('visiblity: internal'), model('visibility: public')),
  example(
    'MISSING_KEY',
    `
llm:
  models:
  - provider: openAI
    params: {apiKey: "$OPENAI_API_KEY"}
`,
    model(),
  ),
  example(
    'WRONG_TYPE',
    modelAnd('gateways: {default: {port: "8080"}}'),
    modelAnd('gateways: {default: {port: 8080}}'),
  ),
  example('UNKNOWN_VALUE', model('visibility: privat'), model('visibility: public')),
  example('NO_BRANCH', route('matches:\n- path: {}'), route('matches:\n- path: {pathPrefix: /api}')),
  example(
    'MANY_BRANCHES',
    route('matches:\n- path: {pathPrefix: /api, exact: /api}'),
    route('matches:\n- path: {pathPrefix: /api}'),
  ),
  example(
    'KEY_CONFLICT',
    `
gateways: {default: {port: 8080}}
llm:
  gateways: default
  port: 4000
  models: [{name: "*", provider: ollama}]
`,
    `
gateways: {default: {port: 8080}}
llm:
  gateways: default
  models: [{name: "*", provider: ollama}]
`,
  ),
  example(
    'BAD_LENGTH',
    `
gateways: {default: {port: 8080}}
routes:
- backends:
  - host: localhost:9000
  policies:
    extAuthz: {conditional: []}
`,
    route(),
  ),
  example(
    'BAD_ORDER',
    virtual('[{model: gpt-5}, {when: "llmRequest.stream", model: gpt-5}]'),
    virtual('[{when: "llmRequest.stream", model: gpt-5}, {model: gpt-5}]'),
  ),
  example(
    'BAD_NUMBER',
    modelAnd('gateways: {default: {port: 80800}}'),
    modelAnd('gateways: {default: {port: 8080}}'),
  ),
  example(
    'BAD_DURATION',
    route('policies:\n  timeout: {requestTimeout: 10}'.replace('10', '"10"')),
    route('policies:\n  timeout: {requestTimeout: 10s}'),
  ),
  example('BAD_HOST', route().replace('localhost:9000', 'localhost'), route()),
  example(
    'BAD_HOSTNAME',
    route('hostnames: ["https://api.example.com"]'),
    route('hostnames: [api.example.com]'),
  ),
  example(
    'BAD_URL',
    params('baseUrl: "https://llm.example.com/v1?team=a"'),
    params('baseUrl: "https://llm.example.com/v1"'),
  ),
  example(
    'BAD_ADDRESS',
    modelAnd('config: {statsAddr: "15020"}'),
    modelAnd('config: {statsAddr: "localhost:15020"}'),
  ),
  example(
    'BAD_REGEX',
    route('matches:\n- path: {regex: "/api/(?!internal)"}'),
    route('matches:\n- path: {regex: "/api/.*"}'),
  ),
  example(
    'BAD_EXPRESSION',
    route(`policies:\n  authorization: {rules: ['request.method = "GET"']}`),
    route(`policies:\n  authorization: {rules: ['request.method == "GET"']}`),
  ),
  example(
    'BAD_HEADER',
    route('policies:\n  requestHeaderModifier: {set: {"x api version": "1"}}'),
    route('policies:\n  requestHeaderModifier: {set: {x-api-version: "1"}}'),
  ),
  example('BAD_KEY_HASH', clientKeys('sha256:3b9c'), clientKeys(`sha256:${'3b9c'.repeat(16)}`)),
  example('BAD_MODEL_NAME', model().replace('gpt-5', 'gpt-*-mini'), model().replace('gpt-5', '"gpt-5*"')),
  example(
    'KEY_AS_PLACE',
    params('x: 1').replace('"$OPENAI_API_KEY", x: 1', `{file: sk-proj-${'k3yX'.repeat(10)}}`),
    model(),
  ),
  example('BAD_NAME', mcp('My_Tools'), mcp('my-tools')),
]

function virtual(targets: string): string {
  return `${model()}  virtualModels:
  - name: smart
    routing:
      conditional:
        targets: ${targets}
`
}

function params(more: string): string {
  return model().replace('{apiKey: "$OPENAI_API_KEY"}', `{apiKey: "$OPENAI_API_KEY", ${more}}`)
}

function clientKeys(hash: string): string {
  return `${model()}  policies:
    apiKey:
      mode: strict
      keys: [{keyHash: "${hash}"}]
`
}

function mcp(name: string): string {
  return `mcp:
  targets:
  - name: ${name}
    stdio: {cmd: my-tools}
`
}
