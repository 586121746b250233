import { describe, expect, test } from 'vitest'
import { diagnosticsIn, findingsIn } from './findings-in.ts'

function metrics(...lines: readonly string[]): string {
  return `config:
  metrics:
${lines.map(line => `    ${line}\n`).join('')}llm:
  models: [{name: m, provider: openAI, params: {apiKey: "example"}}]
`
}

const labels = (...lines: readonly string[]): string =>
  metrics('fields:', '  add:', ...lines.map(line => `    ${line}`))

describe('labels of metrics', () => {
  test.each<[string, readonly string[]]>([
    ['user_id: apiKey.user', []],
    ['_x9: \'"x"\'', []],
    ['user.id: apiKey.user', ['UNREADABLE_LABEL 5']],
    ['user-id: apiKey.user', ['UNREADABLE_LABEL 5']],
    ['9user: apiKey.user', ['UNREADABLE_LABEL 5']],
    ['"": apiKey.user', ['UNREADABLE_LABEL 5']],
    ['ä: apiKey.user', ['UNREADABLE_LABEL 5']],
    ['__user: apiKey.user', ['UNREADABLE_LABEL 5']],
    ['route: apiKey.user', ['UNREADABLE_LABEL 5']],
    ['le: apiKey.user', ['UNREADABLE_LABEL 5']],
    ['user: apiKey.(', ['BAD_EXPRESSION 5']],
    ['user: apikey.user', ['UNKNOWN_NAME 5']],
  ])('%s', (line, findings) => {
    expect(findingsIn(labels(line))).toEqual(findings)
  })

  test('say what to write, and where', () => {
    const [dotted, taken] = diagnosticsIn(labels('user.id: apiKey.user', 'route: apiKey.user'))
    expect(dotted).toMatchObject({
      severity: 'warning',
      range: { start: { line: 5, column: 9 } },
      hint: 'write letters, digits and underscores: user_id',
    })
    expect(taken).toMatchObject({ range: { start: { line: 6, column: 9 } } })
    expect(taken?.message).toContain('metrics have a label "route" already')
  })

  test('no name that may be a key is told', () => {
    const key = 'sk-proj-canary0123456789012345678901234567890123'
    const [found] = diagnosticsIn(labels(`${key}: apiKey.user`))
    expect(found).toMatchObject({ code: 'UNREADABLE_LABEL' })
    expect(`${found?.message} ${found?.hint}`).not.toContain('canary')
  })
})

describe('metrics that are left out', () => {
  test.each<[string, readonly string[]]>([
    ['requests', []],
    ['agentgateway_requests_total', []],
    ['request_duration', []],
    ['mcp_requests', []],
    ['build', []],
    ['request_total', ['UNKNOWN_METRIC 3']],
    ['build_info', ['UNKNOWN_METRIC 3']],
    ['config_synchronized', ['UNKNOWN_METRIC 3']],
    ['request_duration_seconds_bucket', ['UNKNOWN_METRIC 3']],
  ])('%s', (name, findings) => {
    expect(findingsIn(metrics(`remove: [${name}]`))).toEqual(findings)
  })

  test.each([
    ['request_total', 'did you mean "requests_total"?'],
    ['build_info', 'write build, as agentgateway calls it here'],
    ['config_synchronized', 'take it out: this one is always told'],
    ['nothing_of_the_kind', 'the metrics are: '],
  ])('%s: what to do', (name, hint) => {
    const [found] = diagnosticsIn(metrics(`remove: [requests, ${name}]`))
    expect(found).toMatchObject({ code: 'UNKNOWN_METRIC', range: { start: { line: 3, column: 24 } } })
    expect(found?.hint).toContain(hint)
  })

  test('each name that is told of is one', () => {
    const [found] = diagnosticsIn(metrics('remove: [nothing_of_the_kind]'))
    const names = found?.hint?.replace('the metrics are: ', '') ?? ''
    expect(findingsIn(metrics(`remove: [${names}]`))).toEqual([])
  })
})
