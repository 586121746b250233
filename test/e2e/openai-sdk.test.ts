import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mock, type SeenRequest, startMock } from '../../src/mock/index.ts'
import { fingerprint } from '../../src/secrets/secret.ts'
import { type LiveGateway, startLive } from '../../src/serving/live.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'

const KEY = keyLike('openai', 'sdk')
let mock: Mock
let gateway: LiveGateway
let folder: string
let client: OpenAI
const seen: SeenRequest[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agw-sdk-'))
  mock = await startMock({ keys: [KEY], onRequest: one => seen.push(one), control: true })
  const port = await freePort()
  const file = join(folder, 'config.yaml')
  await writeFile(
    file,
    `gateways: { default: { port: ${port} } }
llm:
  models:
  - name: "*"
    provider: openAI
    params: { apiKey: "$KEY", baseUrl: "http://127.0.0.1:${mock.port}/v1" }
`,
  )
  gateway = await startLive({
    load: { file, env: { KEY }, cwd: folder, envFile: false },
    gateway: {},
    reload: false,
    onEvent: () => {},
  })
  client = new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: 'none', maxRetries: 0 })
})
afterAll(async () => {
  await gateway.close(0)
  await mock.close()
  await rm(folder, { recursive: true, force: true })
})

describe('the official OpenAI package against the gateway', () => {
  const messages = [{ role: 'user' as const, content: 'Who holds the key?' }]

  it('chat.completions.create', async () => {
    const answer = await client.chat.completions.create({ model: 'gpt-4o-mini', messages })
    expect(answer.choices[0]?.message.content).toContain('Who holds the key?')
    expect(answer.usage?.total_tokens).toBeGreaterThan(0)
    expect(seen.at(-1)).toMatchObject({ keyFingerprint: fingerprint(KEY), model: 'gpt-4o-mini' })
  })

  it('chat.completions.create, streamed', async () => {
    let text = ''
    let chunks = 0
    for await (const chunk of await client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages,
      stream: true,
    })) {
      text += chunk.choices[0]?.delta.content ?? ''
      chunks += 1
    }
    expect(text).toContain('Who holds the key?')
    expect(chunks).toBeGreaterThan(2)
  })

  it('models.list', async () => {
    const names: string[] = []
    for await (const model of client.models.list()) names.push(model.id)
    expect(names).toEqual(['*'])
  })

  it('models.retrieve', async () => {
    const { id, object, created } = await client.models.retrieve('org/gpt-4o-mini')
    expect([id, object]).toEqual(['org/gpt-4o-mini', 'model'])
    expect(created).toBeGreaterThan(1_700_000_000)
  })

  it('embeddings.create', async () => {
    const answer = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'hello' })
    expect(answer.data[0]?.embedding.every(Number.isFinite)).toBe(true)
    expect(seen.at(-1)?.path).toBe('/v1/embeddings')
  })

  it.each([
    ['429', OpenAI.RateLimitError],
    ['500', OpenAI.InternalServerError],
    ['400', OpenAI.BadRequestError],
    ['401', OpenAI.AuthenticationError],
    ['404', OpenAI.NotFoundError],
  ])('an upstream %s arrives as the right class', async (status, type) => {
    const failing = client.chat.completions.create(
      { model: 'gpt-4o-mini', messages },
      { headers: { 'x-mock': `status=${status}` } },
    )
    await expect(failing).rejects.toBeInstanceOf(type)
  })

  it('a model that no entry serves is a 404 of the gateway', async () => {
    await expect(
      client.chat.completions.create({ model: 'does-not-exist', messages }),
    ).rejects.toBeInstanceOf(OpenAI.NotFoundError)
  })
})
