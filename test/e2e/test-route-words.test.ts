import { describe, expect, it, onTestFinished } from 'vitest'
import { type MockOptions, startMock } from '../../src/mock/index.ts'
import { type Run, start } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { folder, KEY, put, testRoute, useRouteScene } from '../helpers/route-scene.ts'

useRouteScene()

const test = (...args: string[]): Promise<Run> => testRoute(args, { env: { COLUMNS: '500', MINE: KEY } })

const routes = (...list: object[]) => ({ gateways: { default: { port: 3000 } }, routes: list })
const at = (path: string, more: object): object => ({ matches: [{ path: { pathPrefix: path } }], ...more })

async function provider(options: MockOptions = {}): Promise<string> {
  const mock = await startMock(options)
  onTestFinished(() => mock.close())
  return `127.0.0.1:${mock.port}`
}

const openai = (hostOverride: string, backendAuth: object): object => ({
  backends: [{ ai: { name: 'openai', provider: { openAI: {} }, hostOverride } }],
  policies: { backendAuth },
})

describe('an answer that the gateway gives by itself', () => {
  const config = routes(
    at('/old', { policies: { requestRedirect: { path: { full: '/new' }, status: 301 } } }),
    at('/hello', { policies: { directResponse: { status: 418, body: 'one\ntwo\n' } } }),
    at('/none', { backends: [] }),
  )

  it.each([
    [
      'a redirect, and where to',
      '/old',
      /^answer {5}301 from the gateway itself.*\n {11}location: http:\/\/localhost\/new\n/m,
    ],
    [
      'a text of several lines in a paragraph',
      '/hello',
      /^answer {5}418 from the gateway itself.*\n[\s\S]*\n\none\ntwo\n/m,
    ],
    ['none where no backend can be chosen', '/none', /^decided by config\.yaml:\d+ {2}routes\[2\]$/m],
  ])('is told as such: %s', async (_, path, says) => {
    await put(config)
    for (const args of [[], ['--explain']]) {
      const { stdout, status } = await test(path, ...args)
      expect(stdout).toMatch(says)
      expect(stdout).not.toMatch(/ $/m)
      expect(status).toBe(1)
    }
  })

  it('fails with what would pass', async () => {
    await put(config)
    expect((await test('/old', '--explain')).stdout).toMatch(
      /✗ did not pass: got 301, and any 2xx passes; --expect-status 301 expects it\n$/,
    )
    const { stdout, status } = await test('/old', '--expect-status', '301')
    expect({ status, end: stdout.split('\n').at(-2) }).toEqual({ status: 0, end: '✓ passed' })
  })

  it('is told in JSON too, with the headers that hold no secret', async () => {
    await put(config)
    for (const args of [[], ['--explain']]) {
      const { stdout } = await test('/old', '--json', ...args)
      expect(JSON.parse(stdout)).toMatchObject({
        answeredBy: 'gateway',
        responseHeaders: [{ name: 'location', value: 'http://localhost/new' }],
      })
    }
  })

  it('does not pass with a preflight that lets no page through', async () => {
    await put(routes(at('/', { policies: { cors: { allowOrigins: ['https://page.test'] } }, backends: [] })))
    const preflight = (origin: string) =>
      test('--method', 'OPTIONS', '-H', `origin: ${origin}`, '-H', 'access-control-request-method: POST')
    const allowed = await preflight('https://page.test')
    expect(allowed.stdout).toMatch(/access-control-allow-origin: https:\/\/page\.test/)
    expect(allowed.status).toBe(0)
    const refused = await preflight('https://other.test')
    expect(refused.stdout).toContain(
      'no browser lets a page of https://other.test send this: let the cors policy allow it, in allowOrigins',
    )
    expect(refused.stdout).toMatch(/✗ did not pass: no page of https:\/\/other\.test may send it\n$/)
    expect(refused.status).toBe(1)
  })
})

describe('a model', () => {
  const config = {
    gateways: { default: { port: 3000 } },
    llm: {
      models: [
        { name: 'a', provider: 'openAI', params: { apiKey: KEY } },
        { name: 'claude-*', provider: 'anthropic', params: { apiKey: KEY } },
      ],
    },
  }

  it('is told, also where none was named', async () => {
    await put(config)
    const { stdout } = await test('--explain')
    expect(stdout).toMatch(/^request {4}POST \/v1\/chat\/completions {2}Host: localhost {2}model: a$/m)
    const { stdout: json } = await test('--explain', '--json')
    expect(JSON.parse(json).request.model).toBe('a')
  })

  it('stands in columns with the others that were looked at', async () => {
    await put(config)
    const { stdout } = await test('--explain', '--model', 'a')
    expect(stdout).toContain(
      [
        'route      internal/llm:request  llm            matches',
        'model      claude-*              llm.models[1]  not this one: another name',
        'model      a                     llm.models[0]  matches',
      ].join('\n'),
    )
  })

  it('that there is not is answered with those that there are', async () => {
    await put(config)
    for (const args of [['--explain'], ['--mock']]) {
      const { stdout } = await test('--model', 'nope', ...args)
      expect(stdout).toContain('this client may ask for these models: a, claude-*; --model NAME names one')
    }
  })
})

it('says how to ask as another host, where the routes are for that', async () => {
  await put({ gateways: { default: { port: 3000 } }, routes: [{ hostnames: ['*.site.test'], backends: [] }] })
  expect((await test('--explain')).stdout).toContain(
    '--host asks as clients of another host do: --host www.site.test',
  )
})

it('says that there are other ports', async () => {
  await put({
    gateways: { default: { port: 3000 }, more: { port: 3001 } },
    routes: [{ gateways: ['more'], backends: [] }],
  })
  const text = 'the first port of the config was asked; it has others: --port 3001'
  expect((await test('--explain')).stdout).toContain(text)
  expect((await test('--explain', '--port', '3000')).stdout).not.toContain(text)
})

it('names the limit that a gateway that runs has come to', async () => {
  const port = await freePort()
  const localRateLimit = [{ maxTokens: 1, tokensPerFill: 1, fillInterval: '600s' }]
  await put({
    gateways: { default: { port } },
    routes: [{ policies: { localRateLimit, directResponse: { status: 200, body: 'hello' } } }],
  })
  const gateway = start(['serve', '--log-level', 'off'], { cwd: folder })
  await gateway.until('ready')
  const at = ['--url', `http://127.0.0.1:${port}`]
  expect((await test(...at)).status).toBe(0)
  const { stdout, status } = await test(...at)
  expect(status).toBe(1)
  expect(stdout).toContain('this is more than the localRateLimit at routes[0].policies.localRateLimit allows')
  await gateway.stop()
})

describe('a provider', () => {
  it('that refuses the key of the config: what to do', async () => {
    await put(routes(openai(await provider({ keys: ['another'] }), { key: KEY })))
    const { stdout } = await test()
    expect(stdout).toContain('the provider does not take the key of openai: `agw keys check openai` asks it')
    expect(stdout).not.toContain('--expect-status')
  })

  it("that refuses the client's key is not said to have been given none", async () => {
    await put(routes(openai(await provider({ keys: ['another'] }), { passthrough: {} })))
    const { stdout } = await test('--key-from-env', 'MINE')
    expect(stdout).toContain("the provider does not take the client's own key")
    expect(stdout).toMatch(/^ {11}authorization: \(not shown\)$/m)
  })

  it('is not said to have answered where the mock did', async () => {
    await put(routes(openai('127.0.0.1:9', { key: KEY })))
    expect((await test('--mock')).stdout).toMatch(/^answer {5}200 from the mock {2}head/m)
  })
})

describe('the key of a backend that has none', () => {
  const basicAuth = { mode: 'optional', htpasswd: 'ann:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=' }
  const config = routes(at('/', { policies: { basicAuth }, backends: [{ host: '127.0.0.1:9' }] }))
  it.each([
    ['none', []],
    ["none: the client's own credential goes upstream", ['-H', 'x-api-key: a-key-of-mine']],
    // The gateway takes this one out.
    ['none', ['-H', 'authorization: Basic YW5uOnBhc3N3b3Jk']],
  ])('is told: %s', async (text, args) => {
    await put(config)
    expect((await test('--explain', ...args)).stdout).toMatch(new RegExp(`^key {8}${text}$`, 'm'))
  })
})

it('blames no provider where a token was refused that could be judged with a network only', async () => {
  const { port } = new URL(`http://${await provider()}`)
  const jwks = { url: `http://127.0.0.1:${port}/jwks` }
  const jwtAuth = { mode: 'strict', issuer: 'https://issuer.test', jwks }
  await put(routes({ backends: [{ host: '127.0.0.1:9' }], policies: { jwtAuth } }))
  const token = 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImEifQ.eyJpc3MiOiJodHRwczovL2lzc3Vlci50ZXN0In0.c2ln'
  const { stdout } = await test('-H', `authorization: Bearer ${token}`)
  expect(stdout).toMatch(/^answer {5}401 from the gateway itself/m)
  expect(stdout).toContain(
    `jwtAuth refuses the credential: it needs the keys at ${jwks.url}; can they be fetched from here?`,
  )
  expect(stdout).not.toContain('--key-from-env')
})

it('says that an address is none before it asks for a key', async () => {
  await put(routes(openai('127.0.0.1:9', { passthrough: {} })))
  expect((await test('--url', '127.0.0.1:3000')).stderr).toMatch(/--url is not an address/)
})

describe('a request that several backends share', () => {
  const key = { backendAuth: { key: KEY } }
  const ai = (name: string, hostOverride: string) => ({
    name,
    provider: { openAI: {} },
    hostOverride,
    policies: key,
  })

  it('is shown by all of them, and told for the one that it went to', async () => {
    const [rare, usual] = [await provider(), await provider()]
    await put(
      routes({
        backends: [
          { ai: ai('rare', rare), weight: 1 },
          { ai: ai('usual', usual), weight: 3 },
        ],
      }),
    )
    const { stdout } = await test('--explain')
    expect(stdout).toContain(
      [
        'backend    rare   routes[0].backends[0].ai  25 %',
        '           usual  routes[0].backends[1].ai  75 %, told here',
      ].join('\n'),
    )
    expect(stdout).toContain(`POST http://${usual}/`)
    const { stdout: json } = await test('--explain', '--json')
    expect(JSON.parse(json).backends).toEqual([
      { name: 'rare', path: 'routes[0].backends[0].ai', provider: 'openai', share: 0.25 },
      { name: 'usual', path: 'routes[0].backends[1].ai', provider: 'openai', share: 0.75 },
    ])
    await put(
      routes({
        backends: [
          { ai: ai('rare', rare), weight: 0 },
          { ai: ai('usual', usual), weight: 1 },
        ],
      }),
    )
    expect((await test()).stdout).toContain(`POST http://${usual}/`)
  })

  it.each([0, 1, 2, 3])('tells where it went, not where it might have: try %i', async () => {
    const [one, other] = [await provider(), await provider({ failStatus: 503 })]
    await put(routes({ backends: [{ ai: ai('one', one) }, { ai: ai('other', other) }] }))
    const { stdout } = await test()
    const [, name] = /^answer {5}(200|503) /m.exec(stdout)?.[1] === '200' ? ['', one] : ['', other]
    expect(stdout).toContain(`POST http://${name}/`)
  })

  it('tells what else a virtual model stands for', async () => {
    const model = (name: string) => ({
      name,
      provider: 'openAI',
      visibility: 'internal',
      params: { apiKey: KEY },
    })
    const targets = [
      { model: 'small', weight: 1 },
      { model: 'large', weight: 9 },
    ]
    await put({
      gateways: { default: { port: 3000 } },
      llm: {
        models: [model('small'), model('large')],
        virtualModels: [{ name: 'v', routing: { weighted: { targets } } }],
      },
    })
    const { stdout } = await test('--explain')
    expect(stdout).toContain(
      ['backend    small  llm.models[0]  10 %', '           large  llm.models[1]  90 %, told here'].join(
        '\n',
      ),
    )
    expect(stdout).toContain('"model":"large"')
  })

  it('names those that are there for when others fail', async () => {
    const groups = [{ providers: [ai('first', '127.0.0.1:9')] }, { providers: [ai('second', '127.0.0.1:8')] }]
    await put(routes({ backends: [{ ai: { groups } }] }))
    expect((await test('--explain')).stdout).toMatch(
      /^backend {4}first .*100 %, told here\n {11}second .*when those before it are out of use$/m,
    )
  })
})
