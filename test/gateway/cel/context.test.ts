import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { CONTEXT_NAMES, FIELDS } from '../../../src/config/rules/cel-names.ts'
import { Cel } from '../../../src/gateway/cel/cel.ts'
import { type CelExtras, celContext } from '../../../src/gateway/cel/context.ts'
import { jsonValue, Redacted } from '../../../src/gateway/cel/values.ts'
import { Exchange } from '../../../src/gateway/exchange.ts'
import { Generation } from '../../../src/gateway/generation.ts'
import { GatewayRequest } from '../../../src/gateway/http1/gateway-request.ts'
import { GatewayResponse } from '../../../src/gateway/http1/gateway-response.ts'
import { KeptStates } from '../../../src/gateway/kept.ts'
import { LocalLimits } from '../../../src/gateway/traffic/limits.ts'
import { Pools } from '../../../src/gateway/upstream/pools.ts'
import { runtimeOf } from '../kit/config.ts'
import { toModel } from '../kit/configs.ts'

function exchange(): Exchange {
  const request = new GatewayRequest(new Socket())
  request.method = 'POST'
  request.url = '/v1/chat/completions?team=blue'
  request.headers = { host: 'api.test:3000', connection: 'x-hop', 'x-a': '1', 'x-b': '1, 2', 'x-hop': '1' }
  request.rawHeaders = 'Host api.test:3000 Connection x-hop X-A 1 X-B 1 x-b 2 X-Hop 1'.split(' ')
  const states = new KeptStates()
  const generation = new Generation(
    runtimeOf(toModel('127.0.0.1:1')),
    new Pools(),
    states,
    new LocalLimits(states),
    () => {},
  )
  return new Exchange(generation, 3000, request, new GatewayResponse(request))
}

function see(source: string, extras: CelExtras = {}, change: (it: Exchange) => void = () => {}): unknown {
  const made = exchange()
  change(made)
  return jsonValue(new Cel().compile(source, []).evaluate(celContext(made, extras)))
}

describe('an expression sees of its request', () => {
  it.each<[string, unknown]>([
    ['request.method', 'POST'],
    ['request.path', '/v1/chat/completions'],
    ['request.pathAndQuery', '/v1/chat/completions?team=blue'],
    ['request.uri', 'http://api.test:3000/v1/chat/completions?team=blue'],
    ['request.host', 'api.test:3000'],
    ['request.scheme', 'http'],
    ['request.version', 'HTTP/1.1'],
    ['request.headers["X-A"]', '1'],
    ['request.headers["x-b"]', ['1', '2']],
    ['"host" in request.headers || "connection" in request.headers || "x-hop" in request.headers', false],
    ['request.startTime < timestamp("2100-01-01T00:00:00Z")', true],
    ['request.body.size()', 0],
    ['response == null && jwt == null && apiKey == null && basicAuth == null && llmRequest == null', true],
    ['llm == null && backend == null && mcp == null && metadata == null', true],
    ['source.port', 0],
    ['proxy.bind', 'bind/3000'],
  ])('%s', (source, wanted) => {
    expect(see(source)).toEqual(wanted)
  })

  it('no body as long as that is not here', () => {
    const announce = (it: Exchange): void => {
      it.request.headers['content-length'] = '5'
    }
    expect(see('has(request.body)', {}, announce)).toBe(false)
  })
})

it('the gateway of a listener, by the name that agentgateway has for it', () => {
  const listener = exchange().bind?.listeners.candidates('')[0]
  expect(see('proxy.gateway', {}, it => Object.assign(it, { listener }))).toEqual({
    namespace: 'default',
    name: 'default',
  })
})

it('its source and its metadata, which are made once', () => {
  const made = Object.assign(exchange(), { userModel: 'm', metadata: { team: 'blue' } })
  const context = celContext(made)
  expect(context.metadata).toEqual({ agentgateway_user_model: 'm', team: 'blue' })
  expect(context.metadata).toBe(context.metadata)
  expect(context.source).toBe(celContext(made).source)
})

it('a body is seen once it is here', () => {
  const body = Buffer.from('{"model":"m"}')
  expect(see('json(request.body).model', {}, it => Object.assign(it, { body }))).toBe('m')
})

it('who the client is, its credentials hidden', () => {
  const caller = {
    jwt: { sub: 'alice', rawToken: new Redacted('eyJ.a.b') },
    apiKey: { user: 'bob', key: new Redacted('agw_sk_1') },
    basicAuth: { username: 'carol' },
  }
  const who = '[jwt.sub, apiKey.user, basicAuth.username]'
  expect(see(who, {}, it => Object.assign(it, { caller }))).toEqual(['alice', 'bob', 'carol'])
  expect(see('toJson([jwt, apiKey])', {}, it => Object.assign(it, { caller }))).not.toMatch(/eyJ|agw_sk/)
})

it('an LLM request and an answer, where they are', () => {
  expect(see('llmRequest.max_tokens + 1', { llmRequest: { max_tokens: 4 } })).toBe(5)
  const response = { status: 502, headers: ['X-B', '2'], body: Buffer.from('no') }
  expect(
    see('[string(response.code), response.headers["x-b"], string(response.body)]', { response }),
  ).toEqual(['502', '2', 'no'])
})

it('the names are those that validate knows', () => {
  const context = celContext(exchange())
  for (const name of CONTEXT_NAMES) expect(name in context, name).toBe(true)
  const request = celContext(Object.assign(exchange(), { body: Buffer.from('') })).request as object
  for (const name of Object.keys(request)) expect(FIELDS['request']).toContain(name)
})
