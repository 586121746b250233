import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Config } from '../../../src/config/schema.ts'
import { compileRuntime } from '../../../src/gateway/compile/compile.ts'
import { milliseconds } from '../../../src/gateway/compile/duration.ts'
import { compileRegex } from '../../../src/gateway/compile/matches.ts'
import { upstreamsOf } from '../../../src/gateway/runtime.ts'
import { changedSince } from '../../../src/secrets/changed-since.ts'
import { GUIDE } from '../../helpers/guide.ts'
import { configOf, runtimeOf } from '../kit/config.ts'
import { toHost, toModel } from '../kit/configs.ts'

/** Configs that their schema lets through, as far as these tests write them, and what is said about them. */
const INVALID: readonly (readonly [title: string, config: object, path: string, words: RegExp])[] = [
  [
    'a region that makes no host',
    {
      llm: {
        models: [
          {
            name: 'm',
            provider: 'bedrock',
            params: { awsRegion: 'eu central/1' },
            auth: { passthrough: {} },
          },
        ],
      },
    },
    'llm.models[0]',
    /its region makes no host/,
  ],
  [
    'an Azure resource that makes no host',
    JSON.parse(
      toHost('a.test:80', { backendAuth: { passthrough: {} } }).replace(
        '"host":"a.test:80"',
        '"ai":{"name":"a","provider":{"azure":{"resourceName":"a b","resourceType":"openAI"}}}',
      ),
    ),
    'binds[0].listeners[0].routes[0].backends[0].ai',
    /its resource makes no host/,
  ],
  [
    'a route that no gateway takes',
    { gateways: { main: { port: 1 } }, routes: [{}] },
    'routes[0]',
    /no gateway is called default/,
  ],
  [
    'an unknown gateway',
    { gateways: { default: { port: 1 } }, routes: [{ gateways: 'x/y' }] },
    'routes[0].gateways',
    /x\/y/,
  ],
  [
    'an unknown backend',
    { binds: [{ port: 1, listeners: [{ routes: [{ backends: [{ backend: 'nope' }] }] }] }] },
    'binds[0].listeners[0].routes[0].backends[0].backend',
    /backends/,
  ],
  [
    'one port for two gateways',
    { gateways: { a: { port: 1 }, b: { port: 1 } } },
    'gateways.b',
    /port 1 is taken already/,
  ],
  [
    'two listeners for one host',
    {
      binds: [
        {
          port: 1,
          listeners: [
            { hostname: 'a.test', routes: [] },
            { hostname: 'A.test', routes: [] },
          ],
        },
      ],
    },
    'binds[0].listeners[1]',
    /A\.test/,
  ],
  [
    'a custom provider without an address',
    {
      binds: [
        {
          port: 1,
          listeners: [
            {
              routes: [
                {
                  backends: [
                    { ai: { name: 'c', provider: { custom: { formats: [{ type: 'completions' }] } } } },
                  ],
                },
              ],
            },
          ],
        },
      ],
    },
    'binds[0].listeners[0].routes[0].backends[0].ai',
    /address/,
  ],
  [
    'an unknown provider reference',
    { llm: { models: [{ name: 'm', provider: { reference: 'x' } }] } },
    'llm.models[0].provider.reference',
    /llm\.providers/,
  ],
  [
    'a key at an expression',
    configOf(toHost('a.test:80', { backendAuth: { key: { value: 'k', location: { expression: '1' } } } })),
    'binds[0].listeners[0].routes[0].policies.backendAuth.key.value',
    /expression/,
  ],
  [
    'a root file that is not there',
    JSON.parse(toHost('a.test:80', { backendTLS: { root: '/no/such/ca.pem' } })),
    'binds[0].listeners[0].routes[0].policies.backendTLS.root',
    /cannot be read: it does not exist$/,
  ],
  [
    'something the embedded gateway does not run',
    JSON.parse(toHost('a.test:80', { remoteRateLimit: { host: 'b.test:80', domain: 'd', descriptors: [] } })),
    'binds[0].listeners[0].routes[0].policies.remoteRateLimit',
    /does not run "remoteRateLimit"/,
  ],
]

function firstChoice(config: string): unknown {
  const [route] = runtimeOf(config).binds[0]?.listeners.get(undefined)?.routes.entries()[0]?.[1] ?? []
  const action = route?.route.action
  return action?.kind === 'destinations' ? action.choices[0] : undefined
}

describe('compileRuntime', () => {
  it.each(INVALID)('refuses %s', (_title, config, path, words) => {
    const run = () => compileRuntime(config as Config)
    expect(run).toThrow(words)
    expect(run).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(`${path}: `) }),
    )
  })

  it('refuses a root file without a certificate', () => {
    const config = configOf(toHost('a.test:80', { backendTLS: { root: 'ca.pem' } }))
    expect(() => compileRuntime(config, { readFile: () => 'nothing' })).toThrow(/no certificate/)
  })

  it('takes an unresolved key for a bug', () => {
    const config = configOf(GUIDE.file)
    expect(() => compileRuntime(config)).toThrow(expect.objectContaining({ code: 'BUG' }))
  })

  it('refuses a key that no header can carry, and does not show it', () => {
    const config = configOf(GUIDE.inline.replace('sk-proj....', 'sk-canary\\nsecond'))
    const run = () => compileRuntime(config)
    expect(run).toThrow(expect.objectContaining({ code: 'SECRET_REJECTED' }))
    expect(run).not.toThrow(/canary/)
  })

  it("runs the guide's config to the letter", () => {
    const runtime = runtimeOf(GUIDE.inline)
    expect(runtime.binds.map(({ key, port }) => [key, port])).toEqual([['bind/3000', 3000]])
    expect(upstreamsOf(runtime).map(({ origin }) => origin)).toEqual(['https://api.openai.com:443'])
  })

  it('holds keys where nothing prints them', () => {
    const runtime = runtimeOf(
      toModel('a.test:80', {
        backendAuth: {
          key: { value: 'canary-header' },
          credentials: [
            { key: 'canary-query', location: { queryParameter: { name: 'q' } } },
            { key: 'canary-cookie', location: { cookie: { name: 'c' } } },
          ],
        },
      }),
    )
    expect(inspect(runtime, { depth: Number.POSITIVE_INFINITY, showHidden: true })).not.toMatch(/canary/)
    expect(JSON.stringify(runtime)).not.toMatch(/canary/)
  })

  it('is frozen', () => {
    const runtime = runtimeOf(toModel('a.test:80'))
    expect(Object.isFrozen(runtime)).toBe(true)
    expect(Object.isFrozen(runtime.binds[0])).toBe(true)
    expect(upstreamsOf(runtime).every(Object.isFrozen)).toBe(true)
  })

  it.each([
    ['of the backend where both have one', '2s', '1s', 2000],
    ['of the backend alone', '2s', undefined, 2000],
    ['of the route alone', undefined, '1s', 1000],
    ['of neither', undefined, undefined, 0],
  ])('gives a call the time %s', (_title, requestTimeout, backendRequestTimeout, wanted) => {
    const written = JSON.parse(toHost('a.test:80', { timeout: { backendRequestTimeout } }))
    written.binds[0].listeners[0].routes[0].backends[0].policies = { http: { requestTimeout } }
    expect(firstChoice(JSON.stringify(written))).toMatchObject({ backendTimeoutMs: wanted })
  })

  it.each([
    ['of the reference', { requestTimeout: '2s' }, { requestTimeout: '3s' }, 2000],
    ['of the backend where the reference has no http', undefined, { requestTimeout: '3s' }, 3000],
    [
      'of the route where the http of the reference has none',
      { version: null },
      { requestTimeout: '3s' },
      1000,
    ],
    ['of the route where the http of the reference is empty', {}, { requestTimeout: '3s' }, 1000],
  ])('takes http from the strongest level alone: the time %s', (_title, ofReference, ofBackend, wanted) => {
    const written = JSON.parse(toHost('a.test:80', { timeout: { backendRequestTimeout: '1s' } }))
    written.binds[0].listeners[0].routes[0].backends = [{ backend: '/b', policies: { http: ofReference } }]
    written.backends = [{ name: 'b', host: 'a.test:80', policies: { http: ofBackend } }]
    expect(firstChoice(JSON.stringify(written))).toMatchObject({ backendTimeoutMs: wanted })
  })

  it('lists models with the time it was made', async () => {
    const config = configOf(
      'llm: {models: [{name: b, provider: openAI}, {name: "long-*", provider: openAI}, {name: x, provider: openAI, visibility: internal}]}',
    )
    const runtime = compileRuntime(config, { now: () => 1_700_000_000_999 })
    const [route] = runtime.binds[0]?.listeners.get(undefined)?.routes.entries()[0]?.[1] ?? []
    const list =
      route?.route.action.kind === 'models' ? JSON.parse(route.route.action.list.toString()) : undefined
    expect(list).toEqual({
      data: [
        { id: 'long-*', object: 'model', created: 1_700_000_000, owned_by: 'openai' },
        { id: 'b', object: 'model', created: 1_700_000_000, owned_by: 'openai' },
      ],
      object: 'list',
    })
  })
})

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['2m3s', 123_000],
    ['100us', 1],
    ['0s', 0],
  ])('%s', (text, expected) => {
    expect(milliseconds(text)).toBe(expected)
  })
})

describe('regular expressions', () => {
  it.each([
    ['/v\\d+', '/v12', true],
    ['(?i)/ABC', '/abc', true],
    ['(?P<name>/a)', '/a', true],
    ['/\\p{L}+', '/é', true],
    ['\\A/a\\z', '/a', true],
    ['/a-\\-', '/a--', true],
    ['/abc', '/ABC', false],
  ])('%s on %s', (written, text, expected) => {
    expect(compileRegex(written, []).test(text)).toBe(expected)
  })

  it('that the engine has no word for is refused', () => {
    expect(() => compileRegex('a(?R)b', ['routes', 0])).toThrow(
      'routes[0]: this regular expression cannot be run here',
    )
  })
})

it.each([
  ['UTF-8', 'utf8'],
  ['none', 'latin1'],
] as const)(
  'remembers a file by its bytes, as whoever watches it compares them: %s',
  async (_title, encoding) => {
    const users = join(mkdtempSync(join(tmpdir(), 'agw-compile-')), 'users')
    writeFileSync(users, Buffer.from('# of Müller\n', encoding))
    const { files } = runtimeOf(toHost('a.test:80', { basicAuth: { htpasswd: { file: users } } }))
    expect([...files.keys()]).toEqual([users])
    expect(await changedSince(new Map([[users, files.get(users)?.hash]]), 0)).toBe(false)
  },
)
