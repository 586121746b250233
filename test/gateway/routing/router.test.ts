import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePattern } from '../../../src/gateway/regex/pattern.ts'
import { HostTable } from '../../../src/gateway/routing/host-table.ts'
import { type Match, mismatch, type PathMatch, trimPath } from '../../../src/gateway/routing/match.ts'
import { RouteTable } from '../../../src/gateway/routing/router.ts'

const segment = fc.constantFrom('a', 'b', 'ab', '', 'v1')
const path = fc.array(segment, { maxLength: 4 }).map(segments => `/${segments.join('/')}`)
const pathMatch: fc.Arbitrary<PathMatch> = fc.oneof(
  path.map(exact => ({ exact })),
  path.map(written => ({ prefix: trimPath(written), written })),
  path.map(written => ({ regex: compilePattern(`${written}.*`), written: `${written}.*` })),
)
const match: fc.Arbitrary<Match> = fc.record({
  path: pathMatch,
  method: fc.constantFrom(undefined, 'GET', 'POST'),
  headers: fc.constantFrom([], [{ name: 'x-a', value: { exact: '1' } }]),
  query: fc.constantFrom([], [{ name: 'q', value: { exact: '1' } }]),
})
const route = fc.record({
  key: fc.constantFrom('route0', 'route1', 'route10', 'route2', 'a', 'b'),
  hostnames: fc.constantFrom([], ['a.test'], ['*.test'], ['*.a.test', 'b.test']),
  matches: fc.array(match, { minLength: 1, maxLength: 3 }),
})
const request = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'PUT'),
    path,
    query: fc.constantFrom('', 'q=1', 'q=2'),
    host: fc.constantFrom('a.test', 'x.a.test', 'b.test', 'other'),
    headers: fc.constantFrom({}, { 'x-a': '1' }),
    scheme: fc.constant('http'),
  })
  .map(asked => ({ ...asked, rawHeaders: Object.entries(asked.headers).flat() }))

describe('the route table', () => {
  it('finds what a look at every route in order would find', () => {
    fc.assert(
      fc.property(fc.array(route, { maxLength: 12 }), request, (routes, asked) => {
        const table = new RouteTable(routes)
        const expected = table
          .inOrder(asked.host)
          .flatMap(({ candidates }) => candidates)
          .find(candidate => mismatch(candidate.match, asked) === undefined)
        expect(table.find(asked)).toBe(expected)
      }),
      { numRuns: 2000 },
    )
  })

  it('costs no look at the other ten thousand routes', () => {
    const routes = Array.from({ length: 10_000 }, (_, i) => ({
      key: `route${i}`,
      hostnames: [],
      matches: [
        { path: { prefix: `/team-${i}`, written: `/team-${i}` }, method: undefined, headers: [], query: [] },
      ],
    }))
    const table = new RouteTable(routes)
    const none = { query: '', headers: {}, rawHeaders: [] }
    const asked = { ...none, method: 'GET', path: '/team-9999/x', host: 'a', scheme: 'http' }
    expect(table.find(asked)?.route.key).toBe('route9999')
    expect(table.find({ ...asked, path: '/none' })).toBeUndefined()
  })
})

describe('the host table', () => {
  const table = new HostTable<string>()
  table.set('a.test', 'exact')
  table.set('*.test', 'star')
  table.set('*.a.test', 'deep star')
  table.set('*', 'any')

  it.each([
    ['a.test', ['exact', 'star', 'any']],
    ['x.a.test', ['deep star', 'star', 'any']],
    ['test', ['any']],
    ['', ['any']],
  ])('%s', (host, expected) => {
    expect(table.candidates(host)).toEqual(expected)
  })
})
