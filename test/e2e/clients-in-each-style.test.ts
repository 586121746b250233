import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type SeenRequest, startMock } from '../../src/mock/index.ts'
import { fingerprint } from '../../src/secrets/secret.ts'
import { rawClient } from '../gateway/kit/client.ts'
import { startTestGateway } from '../gateway/kit/gateway.ts'
import { keyLike } from '../helpers/keys.ts'
import { noCurl, unless } from '../helpers/needs.ts'

const KEYS = { openAI: keyLike('openai', 'styles'), anthropic: keyLike('anthropic', 'styles') }
const VIRTUAL = 'agw_sk_0123456789abcdefghijklmnopqrstuv'
const QUESTION = 'Who holds the key?'
const messages = [{ role: 'user' as const, content: QUESTION }]
const [GPT, CLAUDE] = ['gpt-4o-mini', 'claude-sonnet-4-5']

/** Who may come in, everywhere. */
const apiKey = { mode: 'strict', keys: [{ key: VIRTUAL, metadata: { user: 'ann' } }] }

function route(provider: 'openAI' | 'anthropic', path: string, type: string, upstream: string) {
  const ai = { name: provider, provider: { [provider]: {} }, hostOverride: upstream }
  const policies = { backendAuth: { key: KEYS[provider] }, ai: { routes: { [path]: type } } }
  return { matches: [{ path: { pathPrefix: path } }], policies, backends: [{ ai }] }
}

const routes = (upstream: string) => [
  route('openAI', '/v1/chat/completions', 'completions', upstream),
  route('anthropic', '/v1/messages', 'messages', upstream),
]

/** The same gateway in each of the three styles. */
const STYLES: readonly (readonly [style: string, config: (upstream: string) => object])[] = [
  ['binds', to => ({ binds: [{ port: 3000, listeners: [{ policies: { apiKey }, routes: routes(to) }] }] })],
  ['gateways and routes', to => ({ gateways: { default: { port: 3000, apiKey } }, routes: routes(to) })],
  [
    'llm',
    to => {
      const model = (name: string, provider: 'openAI' | 'anthropic') => ({
        name,
        provider,
        params: { apiKey: KEYS[provider], baseUrl: `http://${to}/v1` },
      })
      return {
        llm: { policies: { apiKey }, models: [model('gpt-*', 'openAI'), model('claude-*', 'anthropic')] },
      }
    },
  ],
]

/** A gateway, and what its provider saw last: its own key, and nothing of the client's. */
async function start(config: (typeof STYLES)[number][1]) {
  const seen: SeenRequest[] = []
  const mock = await startMock({ keys: Object.values(KEYS), onRequest: one => seen.push(one) })
  onTestFinished(() => mock.close())
  const { url, port, nextEvent } = await startTestGateway(JSON.stringify(config(`127.0.0.1:${mock.port}`)))
  const expectSwapped = (provider: 'openAI' | 'anthropic'): void => {
    expect(seen.at(-1)?.keyFingerprint).toBe(fingerprint(KEYS[provider]))
    expect(JSON.stringify(seen)).not.toContain(VIRTUAL)
  }
  return { url, port, nextEvent, seen, expectSwapped }
}

const chat = (stream: boolean): string => JSON.stringify({ model: GPT, messages, stream })
const HEADERS = { authorization: `Bearer ${VIRTUAL}`, 'content-type': 'application/json' }
const KINDS = [
  ['whole', false],
  ['streamed', true],
] as const

async function curl(url: string, ...args: string[]): Promise<string> {
  const headers = Object.entries(HEADERS).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const run = promisify(execFile)('curl', ['-sS', '-N', ...headers, ...args, `${url}/v1/chat/completions`])
  return (await run).stdout
}

describe.each(STYLES)('in the style of %s', (_style, config) => {
  describe.each(KINDS)('an answer that is %s', (_kind, stream) => {
    it('reaches the OpenAI package', async () => {
      const { url, expectSwapped, nextEvent } = await start(config)
      const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: VIRTUAL, maxRetries: 0 })
      let text = ''
      if (stream) {
        for await (const chunk of await client.chat.completions.create({ model: GPT, messages, stream }))
          text += chunk.choices[0]?.delta.content ?? ''
      } else {
        const answer = await client.chat.completions.create({ model: GPT, messages })
        text = answer.choices[0]?.message.content ?? ''
      }
      expect(text).toContain(QUESTION)
      expectSwapped('openAI')
      expect(await nextEvent()).toMatchObject({
        status: 200,
        isStream: stream,
        provider: 'openai',
        model: GPT,
      })
    })

    it('reaches the Anthropic package', async () => {
      const { url, expectSwapped, nextEvent } = await start(config)
      const client = new Anthropic({ baseURL: url, apiKey: VIRTUAL, maxRetries: 0 })
      const asked = { model: CLAUDE, max_tokens: 50, messages }
      const { content, usage } = stream
        ? await client.messages.stream(asked).finalMessage()
        : await client.messages.create(asked)
      expect(content[0]).toMatchObject({ type: 'text', text: expect.stringContaining(QUESTION) })
      expectSwapped('anthropic')
      expect(await nextEvent()).toMatchObject({
        isStream: stream,
        provider: 'anthropic',
        usage: { inputTokens: usage.input_tokens, outputTokens: usage.output_tokens },
      })
    })

    it.skipIf(noCurl !== undefined).each([
      ['curl', []],
      ['curl with HTTP/1.0', ['--http1.0']],
      ['curl that waits for leave to send', ['-H', 'expect: 100-continue']],
      ['curl that takes packed answers', ['--compressed']],
      ['curl that would rather speak HTTP/2', ['--http2']],
    ])(`reaches %s${unless(noCurl)}`, async (_client, args) => {
      const { url, expectSwapped } = await start(config)
      const answer = await curl(url, '-d', chat(stream), ...args)
      expect(answer).toContain(stream ? 'data: [DONE]' : QUESTION)
      expectSwapped('openAI')
    })

    it('reaches fetch, whose body is packed', async () => {
      const { url, seen, expectSwapped } = await start(config)
      const headers = { ...HEADERS, 'content-encoding': 'gzip' }
      const body = gzipSync(chat(stream))
      const answer = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body })
      expect(await answer.text()).toContain(stream ? 'data: [DONE]' : QUESTION)
      expect(answer.headers.get('content-type')).toContain(stream ? 'text/event-stream' : 'application/json')
      expectSwapped('openAI')
      expect(seen.at(-1)?.model).toBe(GPT)
    })

    it('reaches a client of HTTP/1.0, which hears its end by that of the connection', async () => {
      const { port, expectSwapped } = await start(config)
      const { socket, until, closed } = await rawClient(port)
      const head = Object.entries(HEADERS).map(([name, value]) => `${name}: ${value}\r\n`)
      const body = chat(stream)
      socket.write(
        `POST /v1/chat/completions HTTP/1.0\r\n${head.join('')}content-length: ${body.length}\r\n\r\n${body}`,
      )
      await closed
      const text = await until(() => true)
      expect(text).toMatch(/^HTTP\/1\.[01] 200 /)
      expect(text.toLowerCase()).not.toContain('transfer-encoding')
      expect(text).toContain(stream ? 'data: [DONE]' : QUESTION)
      expectSwapped('openAI')
    })
  })

  it('a wrong key is refused, and nothing of it goes on', async () => {
    const { url, seen } = await start(config)
    const wrong = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'agw_sk_wrong', maxRetries: 0 })
    await expect(wrong.chat.completions.create({ model: GPT, messages })).rejects.toThrow(
      OpenAI.AuthenticationError,
    )
    const other = new Anthropic({ baseURL: url, apiKey: 'agw_sk_wrong', maxRetries: 0 })
    const asked = { model: CLAUDE, max_tokens: 5, messages }
    await expect(other.messages.create(asked)).rejects.toThrow(Anthropic.AuthenticationError)
    expect(seen).toEqual([])
  })
})
