import { describe, expect, it } from 'vitest'
import { sarifText } from '../../../src/cli/report/sarif.ts'
import { CODES } from '../../../src/config/codes.ts'
import { GOOD } from '../../helpers/validate.ts'
import { checked, fileWith, finding, ROOT } from './checked.ts'

interface Result {
  readonly ruleId: string
  readonly ruleIndex: number
  readonly level: string
  readonly message: { readonly text: string }
  readonly locations: readonly {
    readonly physicalLocation: {
      readonly artifactLocation: { readonly uri: string; readonly uriBaseId?: string }
      readonly region: Readonly<Record<'startLine' | 'startColumn' | 'endLine' | 'endColumn', number>>
    }
    readonly logicalLocations?: readonly { readonly fullyQualifiedName: string }[]
  }[]
  readonly partialFingerprints: Readonly<Record<string, string>>
  readonly suppressions?: readonly { readonly kind: string; readonly justification: string }[]
}
interface Rule {
  readonly id: string
  readonly name: string
  readonly shortDescription: { readonly text: string }
  readonly fullDescription: { readonly text: string }
  readonly help: { readonly text: string }
  readonly defaultConfiguration: { readonly level: string }
  readonly properties: Readonly<Record<string, unknown>>
}
interface Run {
  readonly tool: {
    readonly driver: {
      readonly name: string
      readonly semanticVersion: string
      readonly rules: readonly Rule[]
    }
  }
  readonly originalUriBaseIds: Readonly<Record<string, object>>
  readonly columnKind: string
  readonly results: readonly Result[]
}

const OPTIONS = { root: ROOT, version: '1.2.3' }

function runOf(files: Parameters<typeof sarifText>[0]): Run {
  const log = JSON.parse(sarifText(files, OPTIONS)) as { version: string; $schema: string; runs: Run[] }
  expect(log.version).toBe('2.1.0')
  expect(log.$schema).toMatch(/sarif-schema-2\.1\.0\.json$/)
  expect(log.runs).toHaveLength(1)
  return log.runs[0] as Run
}

const BAD = `binds:
- port: "3000"
  listeners:
  - routes:
    - backends:
      - ai: { name: a, provider: { anthropic: {} } }
      policies:
        backendAuth: { key: "$KEY", location: { header: { name: x-api-key } } }  # agw-ignore DROPPED_SIBLING: no need
`

describe('sarifText', () => {
  it('has what the format requires, for every result and rule', () => {
    const run = runOf([checked(BAD), checked('$\n', 'conf d/ü.yaml'), checked('', '<stdin>')])
    const { driver } = run.tool
    expect(driver).toMatchObject({ name: 'agw', semanticVersion: '1.2.3' })
    expect(run.columnKind).toBe('utf16CodeUnits')
    expect(run.results.length).toBeGreaterThan(2)
    for (const result of run.results) {
      expect(driver.rules[result.ruleIndex]?.id).toBe(result.ruleId)
      expect(['error', 'warning', 'note', 'none']).toContain(result.level)
      expect(result.message.text).not.toBe('')
      const [location] = result.locations
      const { artifactLocation, region } =
        location?.physicalLocation ?? expect.fail('a result without a place')
      expect(artifactLocation.uri).toMatch(/^(?:[\w.~-]|%[0-9A-F]{2}|\/)+$/)
      expect(Object.keys(run.originalUriBaseIds)).toContain(artifactLocation.uriBaseId)
      for (const number of Object.values(region)) expect(Number.isInteger(number) && number >= 1).toBe(true)
      const { startLine, endLine, startColumn, endColumn } = region
      expect(endLine > startLine || (endLine === startLine && endColumn >= startColumn)).toBe(true)
      expect(Object.values(result.partialFingerprints)).toEqual([expect.stringMatching(/^[0-9a-f]{32}:\d+$/)])
    }
    expect(new Set(driver.rules.map(rule => rule.id)).size).toBe(driver.rules.length)
    for (const rule of driver.rules) {
      const row = CODES[rule.id as keyof typeof CODES]
      expect(rule).toMatchObject({
        name: expect.stringMatching(/^(?:[A-Z][a-z0-9]*)+$/),
        shortDescription: { text: row.title },
        fullDescription: { text: row.why },
        help: { text: expect.stringContaining(rule.id) },
        defaultConfiguration: { level: expect.stringMatching(/^(?:error|warning|note)$/) },
      })
    }
  })

  it('is a log of no results where nothing was found', () => {
    const run = runOf([checked(GOOD)])
    expect(run.results).toEqual([])
    expect(run.tool.driver.rules).toEqual([])
  })

  it.each([
    ['error', 'error'],
    ['warning', 'warning'],
    ['note', 'note'],
    ['unsupported-here', 'note'],
  ] as const)('says %s as %s', (severity, level) => {
    expect(runOf([fileWith([finding('m', { severity })])]).results[0]?.level).toBe(level)
  })

  it.each([
    ['config.yaml', 'config.yaml'],
    ['conf/a b#c?.yaml', 'conf/a%20b%23c%3F.yaml'],
    ['100%.yaml', '100%25.yaml'],
  ])('names %s as a relative URI', (name, uri) => {
    expect(
      runOf([fileWith([finding('m')], name)]).results[0]?.locations[0]?.physicalLocation.artifactLocation,
    ).toEqual({ uri, uriBaseId: '%SRCROOT%' })
  })

  it('names a file outside the root by its whole URI', () => {
    const [result] = runOf([fileWith([finding('m')], '../elsewhere/a b.yaml')]).results
    expect(result?.locations[0]?.physicalLocation.artifactLocation).toEqual({
      uri: expect.stringMatching(/^file:\/\/\/.*elsewhere\/a%20b\.yaml$/),
    })
  })

  it('rates findings on keys, and those only', () => {
    const rules = runOf([
      fileWith([
        finding('m', { code: 'INLINE_KEY', severity: 'warning' }),
        finding('m', { code: 'KEY_UNREADABLE' }),
        finding('m', { code: 'UNKNOWN_KEY' }),
      ]),
    ]).tool.driver.rules
    expect(rules.map(rule => [rule.id, rule.properties['security-severity']])).toEqual([
      ['UNKNOWN_KEY', undefined],
      ['KEY_UNREADABLE', '7.5'],
      ['INLINE_KEY', '7.0'],
    ])
  })

  it('lists what comments ignore as suppressed, with the reason', () => {
    const env = { KEY: 'sk-ant-api03-x' }
    const text = BAD.replace('"3000"', '3000')
    const { results } = runOf([checked(text, 'config.yaml', env)])
    const suppressed = results.filter(result => result.suppressions !== undefined)
    expect(suppressed).toMatchObject([
      { ruleId: 'DROPPED_SIBLING', suppressions: [{ kind: 'inSource', justification: 'no need' }] },
    ])
    const all = runOf([checked(text.replace(/#.*/, ''), 'config.yaml', env)]).results
    expect(all.map(one => one.ruleId).toSorted()).toEqual(results.map(one => one.ruleId).toSorted())
  })
})

describe('fingerprints', () => {
  const of = (text: string, name?: string): string[] =>
    runOf([checked(text, name)]).results.map(result => Object.values(result.partialFingerprints)[0] ?? '')
  const text = 'binds: []\nruotes: []\nbcakends: []\n'

  it('stay when lines above come and go, and when white space changes', () => {
    expect(of(`# a comment\n\n${text}`)).toEqual(of(text))
    expect(of(text.replace('ruotes: []', 'ruotes:   []   '))).toEqual(of(text))
  })

  it('differ between findings, lines and files', () => {
    expect(new Set(of(text)).size).toBe(2)
    expect(of(text.replace('ruotes: []', 'ruotes: [1]'))).not.toEqual(of(text))
    expect(of(text, 'other.yaml')).not.toEqual(of(text))
  })

  it('of equal findings are numbered', () => {
    const [a, b] = of('binds: ["$A$A"]\n')
    expect(a).not.toBe(b)
    expect(a?.split(':')[0]).toBe(b?.split(':')[0])
  })

  it('do not depend on a secret in the line', () => {
    const inline = (key: string): string =>
      `llm: { models: [{ name: a, provider: openAI, params: { apiKey: "${key}" }, x: 1 }] }\n`
    expect(of(inline('sk-proj-aaaaaaaaaaaaaaaaaaaaaaaa'))).toEqual(
      of(inline('sk-proj-bbbbbbbbbbbbbbbbbbbbbbbb')),
    )
  })
})
