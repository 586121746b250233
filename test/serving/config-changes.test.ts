import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/secrets/secret.ts'
import { configChanges, sectionAfter } from '../../src/serving/config-changes.ts'

const CASES: readonly (readonly [
  title: string,
  before: object,
  after: object,
  changes: readonly string[],
])[] = [
  ['nothing', { a: 1, b: [1], c: null }, { b: [1], a: 1 }, []],
  ['a value', { a: { b: 1 } }, { a: { b: 2 } }, ['changed a.b']],
  ['a value that comes', { a: {} }, { a: { b: 2 } }, ['added a.b']],
  ['a section that goes', { a: { b: 1 } }, {}, ['removed a']],
  [
    'an entry that comes first moves the others, and changes none',
    { routes: [{ name: 'a' }, { name: 'b' }] },
    { routes: [{ name: 'new' }, { name: 'a' }, { name: 'b' }] },
    ['added routes[0]'],
  ],
  [
    'an entry is known by its port, and the place told is the new one',
    { binds: [{ port: 1 }, { port: 2, x: 1 }] },
    { binds: [{ port: 2, x: 2 }] },
    ['changed binds[0].x', 'removed binds[0]'],
  ],
  [
    'entries without a name are known by their place',
    { r: [{ x: 1 }, { x: 2 }] },
    { r: [{ x: 3 }, { x: 4 }] },
    ['changed r[0].x', 'changed r[1].x'],
  ],
  [
    'they have not changed where one comes in front of them',
    { r: [{ x: 1 }, { x: 2 }] },
    { r: [{ x: 3 }, { x: 1 }, { x: 2 }] },
    ['added r[0]'],
  ],
  [
    'nor where they have lists in them',
    { r: [{ y: [{ z: 1 }] }, { y: [{ z: 2 }, { z: 3 }], w: [] }] },
    { r: [{ y: [{ z: 0 }] }, { y: [{ z: 1 }] }, { y: [{ z: 2 }, { z: 3 }], w: [] }] },
    ['added r[0]'],
  ],
  [
    'nor where one goes from between them',
    { r: [{ x: 1, y: [{ z: 1 }] }, { x: 2 }, { x: 3 }] },
    { r: [{ x: 1, y: [{ z: 1 }] }, { x: 3 }] },
    ['removed r[1]'],
  ],
  [
    'a client is known by the hash of its key',
    { keys: [{ keyHash: 'a' }, { keyHash: 'b', m: 1 }, { keyHash: 'c' }] },
    { keys: [{ keyHash: 'b', m: 2 }, { keyHash: 'c' }, { keyHash: 'd' }] },
    ['changed keys[0].m', 'added keys[2]', 'removed keys[0]'],
  ],
  [
    'what takes a restart says so',
    { config: { workerThreads: 1, modelCatalog: [] } },
    { config: { workerThreads: 2, modelCatalog: [{}] } },
    ['changed config.workerThreads, which takes a restart', 'added config.modelCatalog[0]'],
  ],
  [
    'a model catalog in a section that is new takes none, and what comes with it does',
    {},
    { config: { modelCatalog: [{}], workerThreads: 2 } },
    ['added config.modelCatalog', 'added config.workerThreads, which takes a restart'],
  ],
  [
    'and so it is where the section goes',
    { config: { modelCatalog: [] } },
    { config: null },
    ['removed config.modelCatalog'],
  ],
  ['a value of another kind', { a: [1] }, { a: { b: 1 } }, ['changed a']],
]

describe('what a reload has changed', () => {
  it.each(CASES)('%s', async (_title, before, after, changes) => {
    expect(await configChanges(before, after)).toEqual(changes)
  })

  it('tells that a key is another one, and nothing of it, unless that was told', async () => {
    const before = { key: new Secret('sk-canary-1', 'a') }
    const other = new Secret('sk-canary-2', 'a')
    expect(await configChanges(before, { key: new Secret('sk-canary-1', 'a') })).toEqual([])
    expect(await configChanges(before, { key: other })).toEqual(['changed key'])
    expect(await configChanges(before, { key: other }, new Set([other]))).toEqual([])
    expect(await configChanges(before, {}, new Set([other]))).toEqual(['removed key'])
  })

  it.each([
    [undefined, undefined, undefined],
    [null, { a: 1 }, null],
    [null, { modelCatalog: [1], a: 1 }, { modelCatalog: [1] }],
    [
      { a: 1, modelCatalog: [1] },
      { a: 2, modelCatalog: [2] },
      { a: 1, modelCatalog: [2] },
    ],
    [{ a: 1, modelCatalog: [1] }, null, { a: 1 }],
    [{ a: 1, modelCatalog: [1] }, { modelCatalog: null }, { a: 1 }],
  ])('holds of the section config for the model catalog alone: %j, %j', (start, now, wanted) => {
    expect(sectionAfter<object>(start, now)).toEqual(wanted)
  })

  it('does not list hundreds', async () => {
    const before = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, 1]))
    const changes = await configChanges(before, {})
    expect(changes).toHaveLength(21)
    expect(changes.at(-1)).toBe('and 280 more')
  })
})
