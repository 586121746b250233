import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { Health } from '../../../src/gateway/traffic/health.ts'
import { call, post } from '../kit/client.ts'
import { runtimeOf } from '../kit/config.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream, type Upstream } from '../kit/upstream.ts'

interface Flappy extends Upstream {
  status: number
  headers: Record<string, string>
}

async function upstream(status = 200): Promise<Flappy> {
  const started: Flappy = Object.assign(
    await startUpstream(response => {
      response.writeHead(started.status, { 'content-type': 'application/json', ...started.headers }).end('{}')
    }),
    { status, headers: {} },
  )
  return started
}

const provider = (name: string, to: Upstream, policies: object = {}) => ({
  name,
  hostOverride: `127.0.0.1:${to.port}`,
  provider: { openAI: { model: name } },
  policies: { backendAuth: { key: `key-of-${name}-0123456789` }, ...policies },
})
const EVICTING = { health: { eviction: { duration: '1h' } } }

const model = (name: string, to: Upstream, more: object = {}) => ({
  name,
  provider: 'openai',
  params: { hostOverride: `127.0.0.1:${to.port}`, apiKey: `key-of-${name}-0123456789` },
  ...more,
})
/** Repeats whatever is answered with 503, 30 times at most. */
const AGAIN = {
  name: { name: 'again', namespace: 'd' },
  target: { gateway: { gatewayName: 'default', gatewayNamespace: 'default' } },
  policy: { retry: { codes: [503], attempts: 30 } },
}

function config(groups: readonly (readonly object[])[], policies: object = {}): string {
  const ai = { groups: groups.map(providers => ({ providers })) }
  return JSON.stringify({
    binds: [{ port: 3000, listeners: [{ routes: [{ policies, backends: [{ ai }] }] }] }],
  })
}

const ask = (port: number) => post(port, '/v1/chat/completions', { model: 'any', messages: [] })

describe('groups of providers', () => {
  it('share requests out within the first group, each with its own key and model', async () => {
    const [a, b, c] = [await upstream(), await upstream(), await upstream()]
    const { port } = await startTestGateway(
      config([[provider('a', a), provider('b', b)], [provider('c', c)]]),
    )
    for (let i = 0; i < 40; i++) expect((await ask(port)).status).toBe(200)
    expect(a.seen.length + b.seen.length).toBe(40)
    expect(Math.min(a.seen.length, b.seen.length)).toBeGreaterThan(0)
    expect(c.seen).toEqual([])
    expect(a.seen[0]?.headers['authorization']).toBe('Bearer key-of-a-0123456789')
    expect(JSON.parse(b.seen[0]?.body ?? '').model).toBe('b')
  })

  it('without retry: the failure goes to the client, later requests go elsewhere', async () => {
    const [a, b] = [await upstream(500), await upstream()]
    const { port } = await startTestGateway(config([[provider('a', a, EVICTING)], [provider('b', b)]]))
    expect((await ask(port)).status).toBe(500)
    for (let i = 0; i < 5; i++) expect((await ask(port)).status).toBe(200)
    expect(a.seen).toHaveLength(1)
  })

  it('with retry and eviction: the request itself goes elsewhere', async () => {
    const [a, b] = [await upstream(503), await upstream()]
    const groups = [[provider('a', a, EVICTING)], [provider('b', b)]]
    const { port, nextEvent } = await startTestGateway(config(groups, { retry: { codes: [503] } }))
    expect((await ask(port)).status).toBe(200)
    expect(JSON.parse(b.seen[0]?.body ?? '').model).toBe('b')
    expect(b.seen[0]?.headers['authorization']).toBe('Bearer key-of-b-0123456789')
    expect(await nextEvent()).toMatchObject({ retries: 1, model: 'b' })
  })

  it('with retry and no eviction: the same provider is tried again', async () => {
    const [a, b] = [await upstream(503), await upstream()]
    const groups = [[provider('a', a)], [provider('b', b)]]
    const { port } = await startTestGateway(config(groups, { retry: { codes: [503] } }))
    expect((await ask(port)).status).toBe(503)
    expect(a.seen).toHaveLength(2)
    expect(b.seen).toEqual([])
  })

  it('a connection that cannot be made evicts as a 5xx does', async () => {
    const [gone, b] = [await upstream(), await upstream()]
    await new Promise(resolve => gone.server.close(resolve))
    const groups = [[provider('a', gone, EVICTING)], [provider('b', b)]]
    const { port } = await startTestGateway(config(groups, { retry: { codes: [503] } }))
    expect((await ask(port)).status).toBe(200)
    expect(b.seen).toHaveLength(1)
  })

  it.each(['requestTimeout', 'backendRequestTimeout'])(
    'a provider that has not answered within %s is evicted',
    async name => {
      const hung = await startUpstream(() => {})
      const b = await upstream()
      const groups = [[provider('a', hung, EVICTING)], [provider('b', b)]]
      const { port } = await startTestGateway(config(groups, { timeout: { [name]: '300ms' } }))
      expect((await ask(port)).status).toBe(504)
      expect((await ask(port)).status).toBe(200)
      expect([hung.seen.length, b.seen.length]).toEqual([1, 1])
    },
  )

  it('one whose answer cannot be read is evicted, too', async () => {
    const broken = await startUpstream(response => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>under repair</html>')
    })
    const b = await upstream()
    const groups = [[provider('a', broken, EVICTING)], [provider('b', b)]]
    const response = [{ regex: { rules: [{ pattern: 'x' }] } }]
    const { port } = await startTestGateway(config(groups, { ai: { promptGuard: { response } } }))
    expect((await ask(port)).status).toBe(502)
    expect((await ask(port)).status).toBe(200)
    expect([broken.seen.length, b.seen.length]).toEqual([1, 1])
  })

  it.each([
    ['a call that fails twice over counts once', 503],
    ['answers that break off behind their heads are failures in a row', 200],
  ])('%s', async (_title, status) => {
    const broken = await startUpstream(response => {
      response
        .writeHead(status, { 'content-length': 100 })
        .write('half', () => response.socket?.resetAndDestroy())
    })
    const b = await upstream()
    const policy = { health: { eviction: { duration: '1h', consecutiveFailures: 2 } } }
    const { port } = await startTestGateway(config([[provider('a', broken, policy)], [provider('b', b)]]))
    for (let i = 0; i < 3; i++) await ask(port).catch(() => {})
    expect([broken.seen.length, b.seen.length]).toEqual([2, 1])
  })

  it('a backend that was not sent the whole request is not', async () => {
    const [hung, b] = [await startUpstream(() => {}), await upstream()]
    const backends = [
      { host: `127.0.0.1:${hung.port}`, weight: 1_000_000, policies: EVICTING },
      { host: `127.0.0.1:${b.port}` },
    ]
    const routes = [{ policies: { timeout: { requestTimeout: '300ms' } }, backends }]
    const frontendPolicies = { http: { maxBufferSize: 1 } }
    const binds = [{ port: 3000, listeners: [{ routes }] }]
    const { port } = await startTestGateway(JSON.stringify({ binds, frontendPolicies }))
    const client = connect(port, '127.0.0.1')
    client.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nhalf')
    const [answer] = (await once(client, 'data')) as [Buffer]
    client.destroy()
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 504 /)
    expect((await call(port)).status).toBe(504)
    expect(b.seen).toEqual([])
  })

  it('a connection that breaks off before the answer sends the request elsewhere', async () => {
    const broken = await startUpstream(response => void response.socket?.resetAndDestroy())
    const b = await upstream()
    const groups = [[provider('a', broken, EVICTING)], [provider('b', b)]]
    const { port } = await startTestGateway(config(groups, { retry: { codes: [503] } }))
    for (let i = 0; i < 5; i++) expect((await ask(port)).status).toBe(200)
    expect([broken.seen.length, b.seen.length]).toEqual([1, 5])
  })

  it('an answer that breaks off behind its head evicts, too, and stays the answer', async () => {
    const broken = await startUpstream(response => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: {}\n\n', () => setTimeout(() => response.destroy(), 20))
    })
    const b = await upstream()
    const groups = [[provider('a', broken, EVICTING)], [provider('b', b)]]
    const { port } = await startTestGateway(config(groups, { retry: { codes: [503] } }))
    await expect(ask(port)).rejects.toThrow('aborted')
    expect((await ask(port)).status).toBe(200)
    expect([broken.seen.length, b.seen.length]).toEqual([1, 1])
  })

  it('have as many calls under way as are, and none once all are over', async () => {
    const [a, b] = [await upstream(503), await upstream()]
    const groups = [[provider('a', a, EVICTING)], [provider('b', b)]]
    const runtime = runtimeOf(config(groups, { retry: { codes: [503] } }))
    const states: Health[] = []
    for (const kept of runtime.kept as readonly { create: () => unknown }[]) {
      const { create } = kept
      kept.create = () => {
        const made = create()
        if (made instanceof Health) states.push(made)
        return made
      }
    }
    const { port, nextEvent } = await startTestGateway(runtime)
    expect((await ask(port)).status).toBe(200)
    expect((await nextEvent()).retries).toBe(1)
    expect(states.map(({ inFlight }) => inFlight)).toEqual([0, 0])
  })

  it('when all are evicted, one of the first group is used', async () => {
    const [a, b] = [await upstream(500), await upstream(500)]
    const { port } = await startTestGateway(
      config([[provider('a', a, EVICTING)], [provider('b', b, EVICTING)]]),
    )
    await ask(port)
    await ask(port)
    await ask(port)
    expect([a.seen.length, b.seen.length]).toEqual([2, 1])
  })

  it('come back after the time of the eviction', async () => {
    const [a, b] = [await upstream(500), await upstream()]
    const policy = { health: { eviction: { duration: '1s' } } }
    const { port } = await startTestGateway(config([[provider('a', a, policy)], [provider('b', b)]]))
    await ask(port)
    a.status = 200
    await ask(port)
    expect(b.seen).toHaveLength(1)
    while (a.seen.length < 2) {
      await new Promise(resolve => setTimeout(resolve, 50))
      await ask(port)
    }
  })

  it('are left out for as long as Retry-After says where the policy names no time', async () => {
    const [a, b] = [await upstream(503), await upstream()]
    a.headers['retry-after'] = '0'
    const policy = { health: { eviction: {} } }
    const { port } = await startTestGateway(config([[provider('a', a, policy)], [provider('b', b)]]))
    await ask(port)
    await ask(port)
    expect(a.seen).toHaveLength(2)
    a.headers['retry-after'] = '3600'
    await ask(port)
    await ask(port)
    expect([a.seen.length, b.seen.length]).toEqual([3, 1])
  })

  it('are left out for that long by a policy that says nothing of evictions, and not without it', async () => {
    const [a, b] = [await upstream(429), await upstream()]
    const policy = { health: { unhealthyExpression: 'response.code == 429' } }
    const { port } = await startTestGateway(config([[provider('a', a, policy)], [provider('b', b)]]))
    await ask(port)
    await ask(port)
    a.headers['x-ratelimit-reset-tokens'] = '1h'
    await ask(port)
    await ask(port)
    expect([a.seen.length, b.seen.length]).toEqual([3, 1])
  })

  it('of a named backend are left out by every route that leads to it', async () => {
    const [a, b] = [await upstream(500), await upstream()]
    const written = JSON.parse(config([[provider('a', a, EVICTING)], [provider('b', b)]]))
    const [listener] = written.binds[0].listeners
    written.backends = [{ name: 'both', ...listener.routes[0].backends[0] }]
    listener.routes = ['/one', '/two'].map(pathPrefix => ({
      matches: [{ path: { pathPrefix } }],
      backends: [{ backend: '/both' }],
    }))
    const { port } = await startTestGateway(JSON.stringify(written))
    const by = (path: string) => post(port, `${path}/v1/chat/completions`, { model: 'any', messages: [] })
    expect((await by('/one')).status).toBe(500)
    expect((await by('/two')).status).toBe(200)
    expect([a.seen.length, b.seen.length]).toEqual([1, 1])
  })

  it('are not evicted for a request that cannot be sent', async () => {
    const [a, b] = [await upstream(), await upstream()]
    const transformations = { request: { set: { ':method': 'request.headers["x-method"]' } } }
    const groups = [[provider('a', a, EVICTING)], [provider('b', b)]]
    const { port } = await startTestGateway(config(groups, { transformations, retry: { codes: [503] } }))
    const by = (method: string) => post(port, '/', { model: 'any' }, { 'x-method': method })
    expect(await by('CONNECT')).toMatchObject({ status: 400, body: 'invalid request' })
    expect((await by('PUT')).status).toBe(200)
    expect([a.seen.length, b.seen.length]).toEqual([1, 0])
  })

  it('are evicted by what the expression says, and by nothing else', async () => {
    const [a, b] = [await upstream(500), await upstream()]
    const policy = { health: { unhealthyExpression: 'response.code == 429', eviction: { duration: '1h' } } }
    const { port } = await startTestGateway(config([[provider('a', a, policy)], [provider('b', b)]]))
    await ask(port)
    a.status = 429
    await ask(port)
    await ask(port)
    expect([a.seen.length, b.seen.length]).toEqual([2, 1])
  })

  it('are evicted as usual by an expression that says nothing', async () => {
    const [a, b] = [await upstream(500), await upstream()]
    const policy = { health: { unhealthyExpression: ' ', eviction: { duration: '1h' } } }
    const { port } = await startTestGateway(config([[provider('a', a, policy)], [provider('b', b)]]))
    expect((await ask(port)).status).toBe(500)
    expect((await ask(port)).status).toBe(200)
  })

  it('keep their health over a reload that does not touch it', async () => {
    const [a, b] = [await upstream(500), await upstream()]
    const groups = [[provider('a', a, EVICTING)], [provider('b', b)]]
    const { gateway, port } = await startTestGateway(config(groups))
    await ask(port)
    await gateway.reload(runtimeOf(config(groups, { timeout: { requestTimeout: '1h' } })))
    await ask(port)
    expect([a.seen.length, b.seen.length]).toEqual([1, 1])
  })
})

describe('backends by weight', () => {
  it('leave out one that is evicted, and a retry finds another', async () => {
    const [a, b] = [await upstream(503), await upstream()]
    const backend = (to: Upstream, weight: number) => ({
      host: `127.0.0.1:${to.port}`,
      weight,
      policies: EVICTING,
    })
    const route = { backends: [backend(a, 1_000_000), backend(b, 1)], policies: { retry: { codes: [503] } } }
    const { port } = await startTestGateway(
      JSON.stringify({ binds: [{ port: 3000, listeners: [{ routes: [route] }] }] }),
    )
    for (let i = 0; i < 5; i++) expect((await call(port)).status).toBe(200)
    expect([a.seen.length, b.seen.length]).toEqual([1, 5])
  })
})

describe('a failover virtual model', () => {
  it('goes to the model of the next priority once the first one is evicted', async () => {
    const [a, b] = [await upstream(500), await upstream()]
    const targets = [
      { model: 'b', priority: 2 },
      { model: 'a', priority: 1 },
    ]
    const { port } = await startTestGateway(
      JSON.stringify({
        llm: {
          models: [model('a', a, EVICTING), model('b', b)],
          virtualModels: [{ name: 'any', routing: { failover: { targets } } }],
        },
      }),
    )
    expect((await ask(port)).status).toBe(500)
    for (let i = 0; i < 3; i++) expect((await ask(port)).status).toBe(200)
    expect([a.seen.length, b.seen.length]).toEqual([1, 3])
    expect(b.seen[0]?.headers['authorization']).toBe('Bearer key-of-b-0123456789')
    expect(JSON.parse(b.seen[0]?.body ?? '').model).toBe('b')
  })

  it('knows at each gateway of the section what has failed at another', async () => {
    const [a, b] = [await upstream(500), await upstream()]
    const targets = ['a', 'b'].map((name, priority) => ({ model: name, priority }))
    const { gateway } = await startTestGateway(
      JSON.stringify({
        gateways: { one: { port: 3000 }, other: { port: 3001 } },
        llm: {
          gateways: ['one', 'other'],
          models: [model('a', a, EVICTING), model('b', b)],
          virtualModels: [{ name: 'any', routing: { failover: { targets } } }],
        },
      }),
    )
    const statuses = []
    for (const { port } of gateway.addresses) statuses.push((await ask(port)).status)
    expect(statuses).toEqual([500, 200])
  })

  it('does so within one request where a targeted policy repeats it', async () => {
    const [a, b] = [await upstream(503), await upstream()]
    const targets = [
      { model: 'a', priority: 1 },
      { model: 'b', priority: 2 },
    ]
    const virtualModels = [{ name: 'any', routing: { failover: { targets } } }]
    const { port } = await startTestGateway(
      JSON.stringify({
        policies: [AGAIN],
        llm: { models: [model('a', a, EVICTING), model('b', b)], virtualModels },
      }),
    )
    expect((await ask(port)).status).toBe(200)
    expect([a.seen.length, b.seen.length]).toEqual([1, 1])
  })
})

describe('weighted models', () => {
  it('are drawn anew for each try, and asked for by their own names', async () => {
    const [a, b] = [await upstream(503), await upstream(503)]
    const targets = [{ model: 'a' }, { model: 'b' }]
    const { port } = await startTestGateway(
      JSON.stringify({
        policies: [AGAIN],
        llm: {
          models: [model('a', a), model('b', b)],
          virtualModels: [{ name: 'any', routing: { weighted: { targets } } }],
        },
      }),
    )
    expect((await ask(port)).status).toBe(503)
    expect(Math.min(a.seen.length, b.seen.length)).toBeGreaterThan(0)
    expect(new Set(a.seen.map(({ body }) => JSON.parse(body).model))).toEqual(new Set(['a']))
    expect(new Set(b.seen.map(({ body }) => JSON.parse(body).model))).toEqual(new Set(['b']))
  })
})
