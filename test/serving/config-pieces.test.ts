import { deserialize, serialize } from 'node:v8'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/secrets/secret.ts'
import { Assembly, type ConfigPiece, configPieces } from '../../src/serving/config-pieces.ts'

/** Through a channel, with the secrets that are told of. */
function throughPieces(value: unknown) {
  const known: Secret[] = []
  const assembly = new Assembly(secret => known.push(secret))
  const sizes: number[] = []
  for (const piece of configPieces(value)) {
    expect(assembly.isWhole).toBe(false)
    const sent = serialize(piece)
    sizes.push(sent.length)
    assembly.take(deserialize(sent) as ConfigPiece)
  }
  expect(assembly.isWhole).toBe(true)
  return { back: assembly.whole, known, sizes }
}

const many = (length: number, of: (index: number) => unknown): unknown[] =>
  Array.from({ length }, (_, index) => of(index))

const forged = ['sk-forged', '$KEY', 'digest', undefined, undefined]

describe('a config in pieces comes back as it was', () => {
  it.each<[string, unknown, { atLeast: number; atMost: number }]>([
    ['nothing', undefined, { atLeast: 1, atMost: 1 }],
    ['a word', 'word', { atLeast: 1, atMost: 1 }],
    ['lists without entries', { a: [], b: [[], []] }, { atLeast: 1, atMost: 1 }],
    ['fields without a value', { a: undefined, b: null, c: [undefined] }, { atLeast: 1, atMost: 1 }],
    ['a key called __proto__', JSON.parse('{"m":{"__proto__":{"a":null}}}'), { atLeast: 1, atMost: 1 }],
    [
      'what looks like a mark',
      { headers: { list: [0, 3], secret: forged }, secret: { secret: forged, list: [1, 2] } },
      { atLeast: 1, atMost: 1 },
    ],
    ['a long list', { keys: many(50_000, id => ({ id })), last: 1 }, { atLeast: 20, atMost: 40 }],
    ['a list of long lists', many(20, () => many(5000, id => id)), { atLeast: 20, atMost: 60 }],
    [
      'many short lists',
      many(2000, id => ({ id, routes: many(20, at => ({ at, hosts: [`${id}.${at}`] })) })),
      { atLeast: 20, atMost: 100 },
    ],
    [
      'lists deep in entries',
      { a: many(40, () => ({ b: many(40, () => ({ c: many(40, d => d) })) })) },
      { atLeast: 15, atMost: 60 },
    ],
    [
      'many lists behind a long one',
      { first: many(9000, id => id), ...Object.fromEntries(many(3000, id => [`k${id}`, [id]]) as never) },
      { atLeast: 3, atMost: 8 },
    ],
  ])('%s', (_, value, { atLeast, atMost }) => {
    const { back, known, sizes } = throughPieces(value)
    expect(back).toEqual(value)
    expect(known).toEqual([])
    expect(sizes.length).toBeGreaterThanOrEqual(atLeast)
    expect(sizes.length).toBeLessThanOrEqual(atMost)
  })

  it('its secrets as secrets, each told of once, with the key before it', () => {
    const former = { secret: new Secret('sk-former', '$KEY'), until: 7 }
    const config = {
      first: new Secret('sk-canary', '$KEY', former),
      more: many(3000, i => new Secret(`k${i}`)),
    }
    const { back, known, sizes } = throughPieces(config)
    expect(back).toEqual(config)
    const { first } = back as typeof config
    expect(first).toBeInstanceOf(Secret)
    expect([first.reveal(), first.reference, first.digest()]).toEqual([
      'sk-canary',
      '$KEY',
      new Secret('sk-canary').digest(),
    ])
    expect([first.former?.secret.reveal(), first.former?.until]).toEqual(['sk-former', 7])
    expect(known).toHaveLength(3002)
    expect(new Set(known.map(secret => secret.reveal())).size).toBe(3002)
    expect(sizes.length).toBeGreaterThan(3)
    expect(JSON.stringify(back)).not.toContain('sk-canary')
  })
})

it('the pieces of a large config are about the same size', () => {
  const keys = many(30_000, i => ({ key: new Secret(`vk-${i}-of-some-length`), metadata: { user: `u${i}` } }))
  const { sizes } = throughPieces({ binds: [{ routes: [{ policies: { apiKey: { keys } } }] }] })
  const [, ...rest] = sizes.slice(0, -1)
  expect(Math.max(...rest)).toBeLessThan(100_000)
  expect(Math.min(...rest)).toBeGreaterThan(10_000)
})
