import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { AccessEvent } from '../../../src/gateway/index.ts'
import { RecentRedactors } from '../../../src/gateway/telemetry/recent-redactors.ts'
import { keyLike } from '../../helpers/keys.ts'
import { call } from '../kit/client.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { told, WHOLE } from '../kit/told.ts'
import { type Answering, startUpstream } from '../kit/upstream.ts'

it('a credential is noted once, however often the request is tried', async () => {
  const asked = vi.spyOn(RecentRedactors.prototype, 'of')
  onTestFinished(() => asked.mockRestore())
  const event = await told(
    { path: 'request.path' },
    {
      answer: response => void response.writeHead(503).end(),
      to: toHost,
      headers: { authorization: 'Bearer canary-of-a-client-0123456789' },
      policies: {
        retry: { attempts: 3, codes: [503] },
        transformations: { request: { set: { 'x-a': '"a"' } } },
      },
    },
  )
  expect(event.retries).toBe(3)
  const [[secrets] = []] = asked.mock.calls
  expect(secrets).toContain('canary-of-a-client-0123456789')
  for (const [all] of asked.mock.calls) expect(all).toEqual([...new Set(all)])
})

describe('no credential is told', () => {
  const KEY = 'canary-of-a-client-0123456789'
  const CLIENT = 'canary-of-another-9876543210'
  const everywhere = ({ log, otlpLog, span, labels }: AccessEvent): string =>
    JSON.stringify([log?.added, otlpLog?.added, span?.added, labels])

  it('that an answer gives to the client', async () => {
    const answer: Answering = response =>
      response
        .writeHead(302, [
          ...['Set-Cookie', 'session=canary-a', 'set-cookie', 'other=canary-b'],
          ...['location', 'https://app.test/back?code=canary-c&state=7#access_token=canary-d'],
          ...['X-Own-Secret', 'canary-e', 'x-subject-token', 'x', 'authentication-info', 'canary-f'],
        ])
        .end()
    const add = {
      cookie: 'response.headers["set-cookie"][0]',
      raw: 'response.headers.raw()["set-cookie"]',
      all: 'response.headers',
      whole: 'string(variables().response.headers["set-cookie"][1])',
      to: 'response.headers["location"]',
      own: 'response.headers["x-own-secret"]',
    }
    const event = await told(add, { answer, to: toHost, config: { sensitiveHeaders: ['X-Own-Secret'] } })
    expect(event.log?.added).toMatchObject({
      cookie: '<redacted>',
      to: 'https://app.test/back?code=<redacted>&state=7#access_token=<redacted>',
      own: '<redacted>',
    })
    expect(everywhere(event)).not.toContain('canary')
  })

  it.each<[string, Readonly<Record<string, string>>, object]>([
    ['a header', { 'x-api-key': KEY }, {}],
    ['a token', { authorization: `Bearer ${KEY}` }, {}],
    ['a cookie', { cookie: `a=1; session=${KEY}` }, {}],
    [
      'a key that was taken out of the request',
      { authorization: `Bearer ${KEY}` },
      { apiKey: { mode: 'strict', keys: [{ key: KEY }] } },
    ],
    ['a password', { authorization: `Basic ${Buffer.from(`user:${KEY}`).toString('base64')}` }, {}],
  ])('that an upstream repeats of %s', async (_, headers, policies) => {
    const answer: Answering = response =>
      response.writeHead(200, { 'x-echo': `${KEY} ${encodeURIComponent(KEY)}`, 'x-b': 'plain' }).end('{}')
    const add = { echo: 'response.headers["x-echo"]', b: 'response.headers["x-b"]', all: 'response.headers' }
    const event = await told(add, { answer, headers, policies, to: toHost })
    expect(event.log?.added).toMatchObject({ b: 'plain' })
    expect(everywhere(event)).not.toContain('canary')
  })

  it.each<[string, string, Readonly<Record<string, string>>]>([
    ['a header', 'request.headers["x-api-key"]', { 'x-api-key': KEY }],
    ['a whole list', '[{"a": request.headers["x-api-key"]}]', { 'x-api-key': KEY }],
    ['a name', '{request.headers["x-api-key"]: 1}', { 'x-api-key': KEY }],
    ['a coded one', 'base64.encode(bytes(request.headers["x-api-key"]))', { 'x-api-key': KEY }],
    [
      'a token',
      '"token: " + request.headers["proxy-authorization"]',
      { 'proxy-authorization': `Bearer ${KEY}` },
    ],
    ['the key that was checked', 'apiKey.key.unredacted()', { authorization: `Bearer ${CLIENT}` }],
    ['the query', 'request.uri', {}],
  ])('that the config keeps in metadata: %s', async (_, source, headers) => {
    const apiKey = { mode: 'optional', keys: [{ key: CLIENT }] }
    const metadata = { kept: source, plain: '"plain text"', count: '7' }
    const remove = ['x-api-key', 'authorization']
    const transformations = { request: { metadata, remove } }
    const add = {
      kept: 'metadata.kept',
      all: 'metadata',
      whole: 'variables().metadata',
      part: 'string(metadata.kept).substring(0, 14)',
      plain: 'metadata.plain',
      count: 'metadata.count + 1',
    }
    const policies = { apiKey, transformations }
    const event = await told(add, { headers, policies, to: toHost, path: `/a?key=${KEY}` })
    expect(event.log?.added).toMatchObject({ plain: 'plain text', count: 8, all: { count: 7 } })
    expect(event.log?.added).toHaveProperty(['all', 'kept'])
    expect(everywhere(event)).not.toMatch(/canary|Y2FuYXJ5/)
  })

  it.each<[string, object]>([
    ['set', { set: { 'x-copy': 'request.headers["x-api-key"]' }, remove: ['x-api-key'] }],
    ['added', { add: { 'x-copy': '"key " + request.headers["x-api-key"]' } }],
    ['all anew', { replace: '{"x-copy": request.headers["x-api-key"], "x-plain": "plain"}' }],
    ['coded', { set: { 'x-copy': 'base64.encode(bytes(request.headers["x-api-key"]))' } }],
  ])('that the config copies to another header of the request: %s', async (_, request) => {
    const add = {
      copy: 'request.headers["x-copy"]',
      all: 'request.headers',
      plain: 'request.headers["x-plain"]',
    }
    const policies = { transformations: { request } }
    const headers = { 'x-api-key': KEY, 'x-plain': 'plain' }
    const event = await told(add, { headers, policies, to: toHost })
    expect(event.log?.added).toMatchObject({ plain: 'plain', copy: expect.stringContaining('<redacted>') })
    expect(everywhere(event)).not.toMatch(/canary|Y2FuYXJ5/)
  })

  it('that the config copies to the host, the path or the body of the request', async () => {
    const body = 'toJson({"model": "m", "user": request.headers["x-api-key"], "messages": []})'
    const set = {
      ':authority': 'request.headers["x-api-key"]',
      ':path': '"/" + request.headers["x-api-key"]',
    }
    const add = {
      uri: 'request.uri',
      host: 'request.host',
      body: 'string(request.body)',
      user: 'llmRequest.user',
      model: 'llmRequest.model',
    }
    const policies = { transformations: { request: { set, body } } }
    const event = await told(add, { headers: { 'x-api-key': KEY }, policies })
    expect(event.log?.added).toMatchObject({ host: '<redacted>', user: '<redacted>', model: 'm' })
    expect(everywhere(event)).not.toContain('canary')
    expect(event.host).toBe('127.0.0.1')
  })

  it.each<[string, string, Readonly<Record<string, string>>]>([
    ['a parameter of the path', `/a;key=${KEY}/b?c=1`, {}],
    ['a parameter in capitals, escaped', `/a;B=1;K%45y%3D${KEY}`, {}],
    ['a part of the path', `/key=${KEY}/b`, {}],
    ['an address in the query', `/a?to=https%3A%2F%2Fb.test%2F%3Fcode%3D${KEY}`, {}],
    ['a parameter behind a semicolon', `/a?b=1;key=${KEY}`, {}],
    ['a login in the path', `/http://user:${KEY}@b.test/`, {}],
    ['what stands in a header, too', `/a/${KEY}/b`, { 'x-api-key': KEY }],
    ['the same, escaped', `/a/${KEY.replaceAll('-', '%2D')}/b`, { authorization: `Bearer ${KEY}` }],
  ])('that stands in the target as %s', async (_, path, headers) => {
    const add = { uri: 'request.uri', path: 'request.path', all: 'request.pathAndQuery' }
    for (const wanted of [add, {}]) {
      const event = await told(wanted, { path, headers, to: toHost })
      expect(everywhere(event) + event.path).not.toMatch(/canary/i)
      expect(event.path).toContain('<redacted>')
    }
  })

  it.each(['/a/canary-7/b', '/a/x-canary-7.json', '/a/%63anary-7'])(
    'that was checked, however short it is, and stands in the path, too: %s',
    async path => {
      const policies = { apiKey: { mode: 'strict', keys: [{ key: 'canary-7' }] } }
      const headers = { authorization: 'Bearer canary-7' }
      const event = await told({ path: 'request.path' }, { path, headers, policies, to: toHost })
      expect(everywhere(event) + event.path).not.toContain('anary-7')
    },
  )

  it('that is a key beyond doubt, wherever it stands', async () => {
    const key = keyLike('gemini', 'told')
    const answer: Answering = response =>
      response
        .writeHead(200, { 'content-type': 'application/json', 'x-echo': `not ${key}` })
        .end(JSON.stringify({ model: key, usage: { prompt_tokens: 1, completion_tokens: 1 } }))
    const add = {
      host: 'request.host',
      header: 'request.headers["x-note"]',
      body: 'string(request.body)',
      echo: 'response.headers["x-echo"]',
      model: 'llm.requestModel',
      list: '[request.uri]',
      name: '{request.uri: 1}',
    }
    const headers = { host: `${key}.test`, 'x-note': `my ${key}` }
    const event = await told(add, {
      answer,
      headers,
      path: `/v1/chat/completions?a=${key}`,
      body: { model: key, messages: [{ role: 'user', content: key }] },
    })
    const { path, host, model, answerModel } = event
    expect([path, host, model, answerModel].join(' ')).toBe(
      '/v1/chat/completions?a=<redacted> <redacted> <redacted> <redacted>',
    )
    expect(event.log?.added).toMatchObject({ header: 'my <redacted>', echo: 'not <redacted>' })
    expect(everywhere(event)).not.toContain(key.slice(10, 40))
  })

  it('that an expression finds in the host', async () => {
    const apiKey = {
      mode: 'optional',
      keys: [{ key: KEY }],
      location: { expression: 'request.host.split(".")[0]' },
    }
    const event = await told({}, { headers: { host: `${KEY}.test` }, policies: { apiKey }, to: toHost })
    expect(event.host).toBe('<redacted>.test')
    expect(everywhere(event)).not.toContain('canary')
  })

  it('that the config copies to a field of the request to a model', async () => {
    const ai = { transformations: { user: 'request.headers["x-api-key"]' } }
    const add = { user: 'llmRequest.user', model: 'llmRequest.model' }
    const event = await told(add, { headers: { 'x-api-key': KEY }, policies: { ai } })
    expect(event.log?.added).toEqual({ user: '<redacted>', model: 'gpt-4o' })
    expect(everywhere(event)).not.toContain('canary')
  })

  it('of an answer, that the config copies to another header of it, or keeps', async () => {
    const answer: Answering = response =>
      response.writeHead(200, { 'set-cookie': `session=${KEY}; path=/`, 'x-auth-token': CLIENT }).end('{}')
    const response = {
      metadata: { kept: 'response.headers["x-auth-token"]' },
      set: { 'x-session': 'response.headers["set-cookie"]' },
      remove: ['set-cookie', 'x-auth-token'],
    }
    const add = { session: 'response.headers["x-session"]', kept: 'metadata.kept' }
    const event = await told(add, { answer, policies: { transformations: { response } }, to: toHost })
    expect(event.log?.added).toEqual({ session: 'session=<redacted>; path=/', kept: '<redacted>' })
    expect(everywhere(event)).not.toContain('canary')
  })

  it('at debug, in the path that the config copies it to', async () => {
    const upstream = await startUpstream(WHOLE)
    const set = { ':path': '"/for/" + request.headers["x-api-key"]' }
    const request = { set, remove: ['x-api-key'] }
    const config = toHost(`127.0.0.1:${upstream.port}`, { transformations: { request } })
    const { port, nextEvent } = await startTestGateway(config, { wantsDebug: () => true })
    await call(port, { headers: { 'x-api-key': KEY } })
    expect((await nextEvent()).debug?.path).toBe('/for/<redacted>')
  })

  it.each(['strict', 'permissive'])(
    'in a header where the config looks for keys, be it wrong: %s',
    async mode => {
      const location = { header: { name: 'X-Team-Key' } }
      const policies = { apiKey: { mode, keys: [{ key: CLIENT }], location } }
      const add = { key: 'request.headers["x-team-key"]', all: 'request.headers' }
      const event = await told(add, { headers: { 'x-team-key': KEY }, policies, to: toHost })
      expect(event.log?.added).toMatchObject({ key: '<redacted>' })
      expect(everywhere(event)).not.toContain('canary')
    },
  )

  const BODY = { model: 'gpt-4o', messages: [] }

  it.each<[string, string, object]>([
    [
      'in a header',
      'request.headers["x-team-key"].substring(5)',
      { headers: { 'x-team-key': `team-${KEY}` } },
    ],
    ['in the query', 'request.uri.split("team=")[1]', { path: `/v1/chat/completions?team=${KEY}` }],
    ['in the body', 'llmRequest.user', { body: { ...BODY, user: KEY } }],
  ])('that an expression of the config finds, right or wrong: %s', async (_, expression, asked) => {
    const add = { all: 'request', uri: 'request.uri', body: 'string(request.body)', asked: 'llmRequest' }
    for (const key of [KEY, CLIENT]) {
      const apiKey = { mode: 'permissive', keys: [{ key }], location: { expression } }
      const event = await told(add, { body: BODY, ...asked, policies: { apiKey } })
      expect(event.log?.added).toMatchObject({ asked: BODY })
      expect(everywhere(event) + event.path).not.toContain('canary')
    }
  })

  it('of the request, and still rules can go by it', async () => {
    const transformations = { request: { metadata: { kept: 'request.headers["x-api-key"]' } } }
    const filter = `metadata.kept == "${KEY}"`
    const asked = { filter, headers: { 'x-api-key': KEY }, policies: { transformations }, to: toHost }
    expect((await told({}, asked)).log?.isWanted).toBe(true)
  })
})
