import { describe, expect, it } from 'vitest'
import { readDocument } from '../../src/config/index.ts'

/** The place of the first finding, and what to do. */
function said(text: string): [place: string, message: string, hint: string] {
  const [first] = readDocument(text, { file: 'config.yaml' }).diagnostics
  const { line, column } = first?.range.start ?? { line: 0, column: 0 }
  return [`${line}:${column}`, first?.message ?? '', first?.hint ?? '']
}

const misfit = /indented neither like/

describe('a line that is indented wrongly is told with the line that it belongs under', () => {
  it.each<[string, string, string, string]>([
    [
      'a key one space too shallow, in a list',
      'llm:\n  models:\n  - name: a\n    provider: openAI\n   params:\n      apiKey: x\n',
      '5:4',
      'line 4 (column 5), or with line 2 (column 3)',
    ],
    ['a key too shallow', 'a:\n  b: 1\n c: 2\n', '3:2', 'line 2 (column 3), or with line 1 (column 1)'],
    ['a key two spaces too deep', 'llm:\n  port: 4000\n    models: []\n', '3:5', 'line 2 (column 3)'],
    [
      'a key one space too deep, in a list',
      'llm:\n  models:\n  - name: a\n     provider: openAI\n    params: {}\n',
      '4:6',
      'line 3 (column 5)',
    ],
    ['a dash too deep', 'binds:\n- port: 3000\n  - port: 3001\n', '3:3', 'line 2 (column 1)'],
    ['a dash too shallow', 'binds:\n  - port: 3000\n - port: 3001\n', '3:2', 'line 2 (column 3)'],
    [
      'a key below a block text, a comment and a blank line',
      'a:\n  b: |\n    x: 1\n\n     y: 2\n # no\n  c: 1\n   d: 2\n',
      '8:4',
      'line 7 (column 3)',
    ],
    [
      'a key below a variable of several lines',
      'a:\n  b: "$LONG"\n c: 2\n',
      '3:2',
      'line 2 (column 3), or with line 1 (column 1)',
    ],
  ])('%s', (_, text, place, under) => {
    const document = readDocument(text, { file: 'config.yaml', lookup: () => 'one\n\n    two\n\n    three' })
    const [first, ...more] = document.diagnostics
    expect(more).toEqual([])
    expect(first?.message).toMatch(misfit)
    expect(first?.hint).toMatch(`line this up with ${under}: `)
    expect(`${first?.range.start.line}:${first?.range.start.column}`).toBe(place)
  })
})

describe('a space that is missing', () => {
  it.each([
    [
      'after a colon, in a list',
      'llm:\n  models:\n  - name:a\n    provider: openAI\n',
      '3:9',
      /after this colon/,
    ],
    ['after a colon', 'llm:\n  port:4000\n  models: []\n', '2:7', /after this colon/],
    ['after a dash', 'llm:\n  models:\n  -name: a\n    provider: openAI\n', '3:3', /after this dash/],
  ])('%s', (_, text, place, message) => {
    expect(said(text)).toEqual([place, expect.stringMatching(message), 'put a space after it'])
  })
})

it('manifests of Kubernetes are told as such', () => {
  const manifest = 'apiVersion: v1\nkind: Secret\n'
  const message = 'these are manifests of Kubernetes, no config of agentgateway'
  expect(said(`${manifest}---\n${manifest}`)).toEqual([
    '1:1',
    message,
    expect.stringContaining('config.yaml'),
  ])
  expect(said('a: 1\n---\nb: 1\n')[1]).toMatch(/several YAML documents/)
})

describe('other mistakes keep their words', () => {
  it.each([
    ['an open quote', 'a: "b\nc: d\n', /quote is never closed/],
    ['a key without a colon', 'llm:\n  port\n  models: []\n', /a key must stand on one line/],
    ['two values in a line', 'a: b: c\n', /a nested "key: value"/],
  ])('%s', (_, text, message) => expect(said(text)[1]).toMatch(message))
})
