import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { call } from '../kit/client.ts'
import { toHost, toModel } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'

const JSON_HEAD = { 'content-type': 'application/json' }
const says = (content: string) =>
  JSON.stringify({ id: 'x', model: 'm', choices: [{ index: 0, message: { role: 'assistant', content } }] })
const events =
  'data: {"id":"x","model":"m","choices":[{"index":0,"delta":{"content":"secret"}}]}\n\n' +
  'data: {"id":"x","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
const streamed = (response: ServerResponse) =>
  response.writeHead(200, { 'content-type': 'text/event-stream' }).end(events)
const asked = { model: 'm', messages: [{ role: 'user', content: 'hi' }], max_tokens: 5 }
const guards = (action: string, streaming?: string) => ({
  ai: { promptGuard: { response: [{ regex: { action, rules: [{ pattern: 'secret' }] } }], streaming } },
})
const routes = { routes: { '/v1/messages': 'messages', '/v1/chat/completions': 'completions' } }

type Reply = (response: ServerResponse) => void
const json =
  (body: string, status = 200): Reply =>
  response =>
    response.writeHead(status, JSON_HEAD).end(body)
const plain =
  (body: string): Reply =>
  response =>
    response.end(body)

interface Asked {
  readonly method?: string
  readonly path?: string
  readonly stream?: boolean
}

const HERE = { directResponse: { status: 200, body: 'äöü' } }
const NOWHERE = { authorization: { rules: ['false'] } }
const MADE_ANEW = { transformations: { response: { body: '"a"' } } }
const HEAD = { method: 'HEAD' }
const MESSAGES = { path: '/v1/messages' }
const STREAM = { stream: true }
const inPieces: Reply = response => {
  response.write('ä')
  response.end('b')
}
const headOnly: Reply = response => response.writeHead(200, { 'content-length': '9' }).end()

const CASES: readonly (readonly [string, number, (address: string) => string, Reply, Asked])[] = [
  ['in one piece', 200, toHost, plain('x'.repeat(700)), {}],
  ['larger than a piece', 200, toHost, plain('x'.repeat(1_000_000)), {}],
  ['without a length', 200, toHost, inPieces, {}],
  ['to HEAD', 200, toHost, headOnly, HEAD],
  ['made here', 200, to => toHost(to, HERE), plain(''), {}],
  ['made here, to HEAD', 200, to => toHost(to, HERE), plain(''), HEAD],
  ['that refuses', 403, to => toHost(to, NOWHERE), plain(''), {}],
  ['made anew', 200, to => toHost(to, MADE_ANEW), plain('xyz'), {}],
  ['that is masked', 200, to => toModel(to, guards('mask')), json(says('secret')), {}],
  ['that is rejected', 403, to => toModel(to, guards('reject')), json(says('secret')), {}],
  ['that is a stream', 200, to => toModel(to), streamed, STREAM],
  ['whose stream is rejected', 200, to => toModel(to, guards('reject', 'Enabled')), streamed, STREAM],
  ['translated', 200, to => toModel(to, { ai: routes }), json(says('a')), MESSAGES],
  ['translated as a stream', 200, to => toModel(to, { ai: routes }), streamed, { ...MESSAGES, ...STREAM }],
  ['that repeats the key', 401, to => toModel(to), json('{"key":"sk-gateway-key"}', 401), {}],
]

describe('the bytes that are told of an answer', () => {
  it.each(CASES)('are those that the client got: %s', async (_title, status, config, answer, request) => {
    const upstream = await startUpstream(answer)
    const { port, nextEvent } = await startTestGateway(config(`127.0.0.1:${upstream.port}`))
    const { method = 'POST', path = '/v1/chat/completions', stream } = request
    const headers = { 'content-type': 'application/json' }
    const body = method === 'HEAD' ? undefined : JSON.stringify({ ...asked, ...(stream && { stream }) })
    const got = await call(port, { method, path, headers, ...(body !== undefined && { body }) })
    expect(got.status).toBe(status)
    expect((await nextEvent()).bytes).toBe(Buffer.byteLength(got.body))
  })
})
