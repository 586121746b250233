import { type Example, example, model, modelAnd, route } from './example.ts'

function rule(expression: string): string {
  return route(`policies:\n  authorization: {rules: ['${expression}']}`)
}

const UNQUOTED = model('requestHeaders:\n  set:\n    x-team: $TEAM')
const QUOTED = model('requestHeaders:\n  set:\n    x-team: "$TEAM"')

/** Expressions, variables, files and older places. */
export const TEXT: readonly Example[] = [
  example('UNKNOWN_FUNCTION', rule('request.path.startWith("/a")'), rule('request.path.startsWith("/a")')),
  example('UNKNOWN_NAME', rule('request.header["x-team"] == "a"'), rule('request.headers["x-team"] == "a"')),
  example(
    'UNREADABLE_LABEL',
    modelAnd('config: {metrics: {fields: {add: {user.id: apiKey.user}}}}'),
    modelAnd('config: {metrics: {fields: {add: {user_id: apiKey.user}}}}'),
  ),
  example(
    'UNKNOWN_METRIC',
    modelAnd('config: {metrics: {remove: [request_total]}}'),
    modelAnd('config: {metrics: {remove: [requests_total]}}'),
  ),
  example(
    'VARIABLE_CHANGES_YAML',
    { text: UNQUOTED, env: { TEAM: 'research #7' } },
    { text: QUOTED, env: { TEAM: 'research #7' } },
  ),
  example('VARIABLE_EMPTY', { text: QUOTED, env: { TEAM: '' } }, { text: QUOTED, env: { TEAM: 'research' } }),
  example(
    'DEPRECATED',
    model().replace('llm:\n', 'llm:\n  port: 8080\n'),
    `gateways: {default: {port: 8080}}\n${model()}`,
  ),
  example(
    'RELATIVE_FILE',
    route('policies:\n  backendTLS: {root: certs/ca.pem}'),
    route('policies:\n  backendTLS: {root: /etc/agentgateway/ca.pem}'),
  ),
]
