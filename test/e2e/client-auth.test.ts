import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Anthropic, { AuthenticationError, PermissionDeniedError } from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mock, type SeenRequest, startMock } from '../../src/mock/index.ts'
import { fingerprint } from '../../src/secrets/secret.ts'
import { type LiveGateway, startLive } from '../../src/serving/live.ts'
import { rawClient } from '../gateway/kit/client.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'

const OPENAI_KEY = keyLike('openai', 'clients')
const ANTHROPIC_KEY = keyLike('anthropic', 'clients')
const VIRTUAL = 'agw_sk_0123456789abcdefghijklmnopqrstuv'
const hash = createHash('sha256').update(VIRTUAL).digest('hex')

let mock: Mock
let gateway: LiveGateway
let folder: string
/** Ports of the gateway: keys in x-api-key, and in Authorization. */
let ports: { readonly header: number; readonly bearer: number }
const seen: SeenRequest[] = []

function config({ header, bearer }: typeof ports, upstream: number): string {
  return `gateways:
  header:
    port: ${header}
    apiKey:
      mode: strict
      location: { header: { name: x-api-key } }
      keys: [{ keyHash: "sha256:${hash}", metadata: { user: alice }, allowedModels: ["claude-*", "gpt-*"] }]
  bearer:
    port: ${bearer}
    apiKey: { mode: strict, keys: [{ keyHash: "sha256:${hash}" }] }
llm:
  gateways: [header, bearer]
  models:
  - name: "claude-*"
    provider: anthropic
    params: { apiKey: "$ANTHROPIC_KEY", baseUrl: "http://127.0.0.1:${upstream}/v1" }
  - name: "gpt-*"
    provider: openAI
    params: { apiKey: "$OPENAI_KEY", baseUrl: "http://127.0.0.1:${upstream}/v1" }
  - name: secret-model
    provider: openAI
    params: { apiKey: "$OPENAI_KEY", baseUrl: "http://127.0.0.1:${upstream}/v1" }
`
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agw-clients-'))
  mock = await startMock({ keys: [OPENAI_KEY, ANTHROPIC_KEY], onRequest: one => seen.push(one) })
  ports = { header: await freePort(), bearer: await freePort() }
  const file = join(folder, 'config.yaml')
  await writeFile(file, config(ports, mock.port))
  gateway = await startLive({
    load: { file, env: { OPENAI_KEY, ANTHROPIC_KEY }, cwd: folder, envFile: false },
    gateway: {},
    reload: false,
    onEvent: () => {},
  })
})
afterAll(async () => {
  await gateway.close(0)
  await mock.close()
  await rm(folder, { recursive: true, force: true })
})

/** The package sends its key as a bearer token since 1.0; older ones, and those who set it so, in x-api-key. */
function anthropic(key = VIRTUAL): Anthropic {
  const defaultHeaders = { 'x-api-key': key }
  return new Anthropic({
    baseURL: `http://127.0.0.1:${ports.header}`,
    apiKey: null,
    defaultHeaders,
    maxRetries: 0,
  })
}

const ask = { max_tokens: 50, messages: [{ role: 'user' as const, content: 'Who holds the key?' }] }

/** What the provider saw last: its own key, and nothing of the client's. */
function expectSwapped(key: string): void {
  const last = seen.at(-1)
  expect(last?.keyFingerprint).toBe(fingerprint(key))
  expect(JSON.stringify(last)).not.toContain(VIRTUAL)
}

describe('the official Anthropic package with a virtual key', () => {
  it('messages.create', async () => {
    const answer = await anthropic().messages.create({ model: 'claude-sonnet-4-5', ...ask })
    expect(answer.content[0]).toMatchObject({ type: 'text', text: expect.stringContaining('Who holds') })
    expectSwapped(ANTHROPIC_KEY)
  })

  it('messages.create, with the key as a bearer token', async () => {
    const baseURL = `http://127.0.0.1:${ports.bearer}`
    const client = new Anthropic({ baseURL, apiKey: VIRTUAL, maxRetries: 0 })
    const answer = await client.messages.create({ model: 'claude-sonnet-4-5', ...ask })
    expect(answer.content[0]).toMatchObject({ type: 'text' })
    expectSwapped(ANTHROPIC_KEY)
  })

  it('messages.create, streamed', async () => {
    const stream = anthropic().messages.stream({ model: 'claude-sonnet-4-5', ...ask })
    expect(await stream.finalText()).toContain('Who holds the key?')
    expectSwapped(ANTHROPIC_KEY)
  })

  it('messages.create for a provider that speaks Chat Completions', async () => {
    const answer = await anthropic().messages.create({ model: 'gpt-4o-mini', system: 'be brief', ...ask })
    expect(answer.content[0]).toMatchObject({ type: 'text', text: expect.stringContaining('Who holds') })
    expect(answer).toMatchObject({ type: 'message', role: 'assistant', stop_reason: 'end_turn' })
    expect(answer.usage.output_tokens).toBeGreaterThan(0)
    expectSwapped(OPENAI_KEY)
    expect(seen.at(-1)).toMatchObject({ shape: 'openai', path: '/v1/chat/completions' })
  })

  it('messages.create for such a provider, streamed', async () => {
    const stream = anthropic().messages.stream({ model: 'gpt-4o-mini', ...ask })
    const answer = await stream.finalMessage()
    expect(answer.content[0]).toMatchObject({ type: 'text', text: expect.stringContaining('Who holds') })
    expect(answer.stop_reason).toBe('end_turn')
    expect(answer.usage.input_tokens).toBeGreaterThan(0)
  })

  it('a wrong key is an AuthenticationError', async () => {
    const call = anthropic('agw_sk_wrong').messages.create({ model: 'claude-sonnet-4-5', ...ask })
    await expect(call).rejects.toThrow(AuthenticationError)
  })

  it('a model that the key may not use is a PermissionDeniedError', async () => {
    const call = anthropic().messages.create({ model: 'secret-model', ...ask })
    await expect(call).rejects.toThrow(PermissionDeniedError)
    await expect(call).rejects.toThrow('Model is not allowed for this API key')
  })

  it('models.list shows what the key may use', async () => {
    const names: string[] = []
    for await (const model of anthropic().models.list()) names.push(model.id)
    expect(names).toEqual(['claude-*', 'gpt-*'])
  })
})

describe('the official OpenAI package with a virtual key', () => {
  const openai = (apiKey = VIRTUAL) =>
    new OpenAI({ baseURL: `http://127.0.0.1:${ports.bearer}/v1`, apiKey, maxRetries: 0 })

  it('chat.completions.create', async () => {
    const answer = await openai().chat.completions.create({ model: 'gpt-4o-mini', messages: ask.messages })
    expect(answer.choices[0]?.message.content).toContain('Who holds the key?')
    expectSwapped(OPENAI_KEY)
  })

  it('chat.completions.create for Anthropic, streamed', async () => {
    let text = ''
    const body = { model: 'claude-sonnet-4-5', messages: ask.messages, stream: true as const }
    for await (const chunk of await openai().chat.completions.create(body)) {
      text += chunk.choices[0]?.delta.content ?? ''
    }
    expect(text).toContain('Who holds the key?')
    expectSwapped(ANTHROPIC_KEY)
  })

  it('a wrong key is an AuthenticationError', async () => {
    const call = openai('agw_sk_wrong').models.list()
    await expect(call).rejects.toThrow(OpenAI.AuthenticationError)
  })
})

describe('an HTTP/1.0 client', () => {
  const body = JSON.stringify({ model: 'gpt-4o-mini', messages: ask.messages })
  const head = (more: string) =>
    `POST /v1/chat/completions HTTP/1.0\r\nHost: gateway\r\nContent-Type: application/json\r\n${more}` +
    `Content-Length: ${body.length}\r\n\r\n${body}`

  it('gets its answer, and the end of the connection behind it', async () => {
    const { socket, until, closed } = await rawClient(ports.bearer)
    socket.write(head(`Authorization: Bearer ${VIRTUAL}\r\n`))
    await closed
    const text = await until(() => true)
    expect(text).toMatch(/^HTTP\/1\.[01] 200 /)
    expect(text.toLowerCase()).not.toContain('transfer-encoding')
    expect(text).toContain('Who holds the key?')
  })

  it('without a key is refused', async () => {
    const { socket, until, closed } = await rawClient(ports.bearer)
    socket.write(head(''))
    await closed
    expect(await until(() => true)).toMatch(/^HTTP\/1\.[01] 401 /)
  })
})
