import { type Example, example, model, route } from './example.ts'

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
