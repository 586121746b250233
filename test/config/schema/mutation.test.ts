import { describe, expect, test } from 'vitest'
import type { Path } from '../../../src/config/diagnostic.ts'
import type { Finding } from '../../../src/config/issues.ts'
import { configSchema } from '../../../src/config/schema.ts'
import { valueAt } from '../../../src/config/union-branch.ts'
import { hasCompat, PUBLISHED_SCHEMA, publicConfigs, WITHOUT_COMPAT } from '../../helpers/compat.ts'
import { publishedSchema } from '../../helpers/published-schema.ts'
import { findingsOf } from '../findings-of.ts'

type Kind = 'typo' | 'wrong type' | 'removed key' | 'extra key'

/** One mistake made in a config: where it must be found, and as what. */
interface Mutant {
  readonly kind: Kind
  readonly data: unknown
  readonly path: Path
  readonly codes: readonly string[]
}

const EXTRA = 'notOfThisFormat'

function* mutants(data: unknown): Generator<Mutant> {
  for (const path of paths(data)) {
    const parent = path.slice(0, -1)
    const key = path.at(-1)
    const value = valueAt(data, path)
    if (typeof key === 'string') {
      const typo = misspell(key)
      const renamed = changed(data, parent, map =>
        Object.fromEntries(Object.entries(map as object).map(([k, v]) => [k === key ? typo : k, v])),
      )
      yield { kind: 'typo', data: renamed, path: [...parent, typo], codes: ['UNKNOWN_KEY'] }
      const removed = changed(data, parent, map =>
        Object.fromEntries(Object.entries(map as object).filter(([k]) => k !== key)),
      )
      yield { kind: 'removed key', data: removed, path: parent, codes: ['MISSING_KEY', 'NO_BRANCH'] }
    }
    if (isMap(value)) {
      const extra = changed(data, path, map => ({ ...(map as object), [EXTRA]: {} }))
      // In a map with free keys, such as headers, it is the value that is wrong.
      yield {
        kind: 'extra key',
        data: extra,
        path: [...path, EXTRA],
        codes: ['UNKNOWN_KEY', 'WRONG_TYPE', 'MISSING_KEY'],
      }
    }
    for (const other of otherTypes(value)) {
      const codes = ['WRONG_TYPE', 'UNKNOWN_VALUE', 'UNKNOWN_KEY', 'NO_BRANCH', 'MISSING_KEY']
      yield { kind: 'wrong type', data: changed(data, path, () => other), path, codes }
    }
  }
}

function otherTypes(value: unknown): unknown[] {
  if (Array.isArray(value)) return [4711, { [EXTRA]: 1 }, null]
  if (isMap(value)) return [4711, 'other text', [], null]
  return typeof value === 'string' ? [4711, true, [], { [EXTRA]: 1 }] : ['other text', {}, []]
}

/** A letter out of the middle is lost. */
function misspell(key: string): string {
  const middle = Math.floor(key.length / 2)
  return key.length < 3 ? `${key}x` : key.slice(0, middle) + key.slice(middle + 1)
}

function paths(data: unknown, base: Path = []): Path[] {
  const steps = Array.isArray(data) ? [...data.keys()] : isMap(data) ? Object.keys(data) : []
  return steps.flatMap(step => [[...base, step], ...paths(valueAt(data, [step]), [...base, step])])
}

/** A copy in which the value at a path is another one. */
function changed(data: unknown, path: Path, change: (value: unknown) => unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return change(data)
  if (Array.isArray(data)) return data.map((item, at) => (at === step ? changed(item, rest, change) : item))
  return { ...(data as object), [step]: changed(valueAt(data, [step]), rest, change) }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** At the place of the mistake, or inside what it put there. */
function finds({ path, codes }: Mutant, findings: readonly Finding[]): boolean {
  return findings.some(one => codes.includes(one.code) && path.every((step, at) => one.path[at] === step))
}

describe.skipIf(!hasCompat)(hasCompat ? 'one mistake in a valid config' : WITHOUT_COMPAT, () => {
  const accepts = hasCompat ? publishedSchema(PUBLISHED_SCHEMA) : () => true
  const configs = publicConfigs().filter(one => one.schemaValid && configSchema.safeParse(one.data).success)

  test('the published schema is read as its publisher reads it', () => {
    const verdicts = publicConfigs().map(one => [one.file, accepts(one.data)])
    expect(verdicts).toEqual(publicConfigs().map(one => [one.file, one.schemaValid]))
  })

  test('is found at its place with its code, wherever the published schema refuses the config', {
    timeout: 240_000,
  }, () => {
    const count: Record<Kind, number> = { typo: 0, 'wrong type': 0, 'removed key': 0, 'extra key': 0 }
    const missed: Record<Kind, string[]> = { typo: [], 'wrong type': [], 'removed key': [], 'extra key': [] }
    for (const { file, data } of configs) {
      for (const mutant of mutants(data)) {
        if (accepts(mutant.data)) continue
        count[mutant.kind] += 1
        const findings = findingsOf(mutant.data)
        if (!finds(mutant, findings)) {
          const found = findings.map(one => `${one.code} at ${one.path.join('.')}`).join(', ')
          missed[mutant.kind].push(`${file} ${mutant.path.join('.')}: ${found || 'nothing'}`)
        }
      }
    }
    for (const kind of Object.keys(count) as Kind[]) {
      expect(count[kind], kind).toBeGreaterThan(1000)
      expect(
        missed[kind].length / count[kind],
        `${kind}: ${missed[kind].slice(0, 10).join('\n')}`,
      ).toBeLessThan(0.01)
    }
  })

  test('a misspelt key of a route is found although the published schema lets it pass', () => {
    const data = { routes: [{ polices: {}, backends: [{ host: 'a:80' }] }] }
    expect(accepts(data)).toBe(true)
    expect(findingsOf(data)).toMatchObject([
      { code: 'UNKNOWN_KEY', path: ['routes', 0, 'polices'], at: 'key' },
    ])
  })
})
