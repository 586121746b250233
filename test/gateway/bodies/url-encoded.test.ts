import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasModelInUrlEncoded } from '../../../src/gateway/bodies/url-encoded.ts'
import { leastProcessorMs } from '../../helpers/processor-time.ts'
import { call, rawClient } from '../kit/client.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream, type Upstream } from '../kit/upstream.ts'

const KEY = 'sk-limited-0000'

async function limited(): Promise<{ port: number; upstream: Upstream }> {
  const upstream = await startUpstream()
  const llm = {
    policies: { apiKey: { keys: [{ key: KEY, allowedModels: ['cheap'] }] } },
    models: [{ name: '*', provider: 'openAI', params: { apiKey: 'k' } }],
  }
  const { port } = await startTestGateway(JSON.stringify({ llm }), {
    standIn: { host: '127.0.0.1', port: upstream.port },
  })
  return { port, upstream }
}

const headers = {
  authorization: `Bearer ${KEY}`,
  'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
}

describe('JSON that is said to be URL-encoded', () => {
  it('goes on, as curl -d sends it', async () => {
    const { port, upstream } = await limited()
    const body = JSON.stringify({
      model: 'cheap',
      messages: [{ role: 'user', content: 'a=b&c=d; model: x' }],
    })
    expect((await call(port, { path: '/v1/chat/completions', headers, body })).status).toBe(200)
    expect(upstream.seen.length).toBe(1)
  })

  it.each([
    ['plain', '&model=dear&b='],
    ['behind a semicolon', ';model=dear;b='],
    ['in another case', '&Model=dear&'],
    ['encoded', '&%6dodel=dear&'],
    ['behind a blank', '&+model=dear&'],
    ['as a list', '&model[]=dear&'],
    ['without a value', '&model&'],
  ])('is refused where it names another model to those who believe that: %s', async (_, hidden) => {
    const { port, upstream } = await limited()
    const body = `{"model":"cheap","a":"${hidden}"}`
    const answer = await call(port, { path: '/v1/images/edits', headers, body })
    expect(answer).toMatchObject({ status: 400, body: expect.stringContaining('more than one model') })
    expect(upstream.seen).toEqual([])
  })
})

it('a body full of fields is looked through at once, and each name found that is read as the model', () => {
  const names = (body: string) => hasModelInUrlEncoded('application/x-www-form-urlencoded', Buffer.from(body))
  for (const field of ['a;', '+&', '%20', '&+', 'mode&', '&mode+'])
    expect(leastProcessorMs(() => expect(names(field.repeat(2 ** 20))).toBe(false))).toBeLessThan(200)
  const part = fc.constantFrom('model', 'MO', '%6d', '%4F', 'del', '%64%65l', 'mod', '+', '%0a', 'x')
  const sign = fc.constantFrom('&', ';', '=', '[', '%5B', '%3d', '')
  fc.assert(
    fc.property(fc.array(fc.tuple(part, sign)), pieces => {
      const body = pieces.flat().join('')
      const fields = [...new URLSearchParams(body.replaceAll(';', '&')).keys()]
      const isNamed = fields.some(name => name.trim().split('[', 1)[0]?.trim().toLowerCase() === 'model')
      expect(names(body)).toBe(isNamed)
    }),
  )
})

it('JSON with two content types is refused', async () => {
  const { port, upstream } = await limited()
  const client = await rawClient(port)
  const body = '{"model":"cheap"}'
  const types = ['application/json', 'text/plain'].map(type => `content-type: ${type}`)
  client.socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${KEY}\r\n${types.join('\r\n')}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  expect(await client.until(text => text.includes('content type'))).toMatch(/^HTTP\/1.1 400 /)
  expect(upstream.seen).toEqual([])
})
