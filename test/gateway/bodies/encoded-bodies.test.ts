import * as zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { call } from '../kit/client.ts'
import { toHost, toModel } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'

const { brotliCompressSync, deflateSync, gzipSync } = zlib
/** Since Node 22.15. */
const { zstdCompressSync } = zlib as { zstdCompressSync?: (body: string) => Buffer }

const BODY = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] })

describe('an encoded request body', () => {
  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['identity, GZIP', gzipSync],
    ...(zstdCompressSync ? ([['zstd', zstdCompressSync]] as const) : []),
  ] as const)('of coding %s is read and sent on in plain to a model', async (coding, pack) => {
    const upstream = await startUpstream()
    const { port, nextEvent } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    const answer = await call(port, {
      path: '/v1/x',
      headers: { 'content-encoding': coding },
      body: pack(BODY),
    })
    expect(answer).toMatchObject({ status: 200 })
    expect(upstream.seen[0]).toMatchObject({ body: BODY })
    expect(upstream.seen[0]?.headers).not.toHaveProperty('content-encoding')
    expect(upstream.seen[0]?.headers['content-length']).toBe(String(BODY.length))
    expect(await nextEvent()).toMatchObject({ model: 'gpt-4o' })
  })

  it('is no way around what the config asks of the model that it names', async () => {
    const upstream = await startUpstream()
    const routed = (policies: object) => ({
      policies,
      backends: [{ ai: { name: 'o', provider: { openAI: {} }, hostOverride: `127.0.0.1:${upstream.port}` } }],
    })
    const condition = 'llmRequest.model == "gpt-4o" && llm.requestModel == "gpt-4o" && !llm.streaming'
    const { port } = await startTestGateway(
      JSON.stringify({
        gateways: { default: { port: 3000 } },
        routes: [
          {
            matches: [{ path: { exact: '/limit' } }],
            ...routed({
              localRateLimit: {
                conditional: [{ condition, maxTokens: 1, tokensPerFill: 1, fillInterval: '1h' }],
              },
            }),
          },
          {
            matches: [{ path: { exact: '/rule' } }],
            ...routed({ authorization: { rules: ['llmRequest.messages[0].content == "hi"'] } }),
          },
        ],
      }),
    )
    const ask = (path: string, body: Buffer) =>
      call(port, { path, headers: { 'content-encoding': 'gzip' }, body }).then(({ status }) => status)
    expect([await ask('/limit', gzipSync(BODY)), await ask('/limit', gzipSync(BODY))]).toEqual([200, 429])
    expect(await ask('/rule', gzipSync(BODY))).toBe(200)
    expect(await ask('/rule', gzipSync(BODY.replace('hi', 'no')))).toBe(403)
    expect(await ask('/rule', gzipSync(Buffer.alloc(64 << 20, 'x')))).toBe(403)
    expect(await ask('/rule', Buffer.from(BODY))).toBe(403)
    expect(upstream.seen.map(({ body }) => body)).toEqual([BODY, BODY])
  })

  it('is read by the model router', async () => {
    const upstream = await startUpstream()
    const config = JSON.stringify({
      llm: { models: [{ name: 'gpt-*', provider: 'openAI', params: { apiKey: 'k' } }] },
    })
    const { port } = await startTestGateway(config, { standIn: { host: '127.0.0.1', port: upstream.port } })
    const headers = { 'content-encoding': 'gzip' }
    const sent = { path: '/v1/chat/completions', headers, body: gzipSync(BODY) }
    expect(await call(port, sent)).toMatchObject({ status: 200 })
    expect(upstream.seen[0]).toMatchObject({ body: BODY })
  })

  it('that would become too large for the model router is refused in JSON', async () => {
    const config = JSON.stringify({
      llm: { models: [{ name: 'gpt-*', provider: 'openAI', params: { apiKey: 'k' } }] },
    })
    const { port } = await startTestGateway(config)
    const body = gzipSync(Buffer.alloc(64 << 20, 'x'))
    const answer = await call(port, {
      path: '/v1/chat/completions',
      headers: { 'content-encoding': 'gzip' },
      body,
    })
    expect(answer.status).toBe(413)
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 'request_body_too_large' } })
  })

  it('that would become too large is refused, and never becomes so', async () => {
    const upstream = await startUpstream()
    const { port } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    const body = gzipSync(Buffer.alloc(64 << 20, 'x'))
    expect(body.length).toBeLessThan(100_000)
    const answer = await call(port, { headers: { 'content-encoding': 'gzip' }, body })
    expect(answer).toMatchObject({
      status: 413,
      body: 'failed to process LLM request: request was too large',
    })
    expect(upstream.seen).toEqual([])
  })

  it.each([
    ['that is broken', 'gzip', 400],
    ['of an unknown coding', 'zip', 415],
  ])('%s is refused', async (_title, coding, status) => {
    const upstream = await startUpstream()
    const { port } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    expect(await call(port, { headers: { 'content-encoding': coding }, body: BODY })).toMatchObject({
      status,
    })
    expect(upstream.seen).toEqual([])
  })

  it('goes to a plain host as it is', async () => {
    const upstream = await startUpstream()
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    await call(port, { headers: { 'content-encoding': 'gzip' }, body: gzipSync(BODY) })
    expect(upstream.seen[0]?.headers).toMatchObject({ 'content-encoding': 'gzip' })
  })
})
