import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { fingerprint } from '../../src/secrets/secret.ts'
import { json, mock, OPENAI_KEY, post } from './harness.ts'
import { ANSWER, auth, chat } from './openai-chat.ts'

describe('request bodies', () => {
  test('gzip is decompressed', async () => {
    const { url } = await mock()
    const init = post({ ...auth, 'content-encoding': 'gzip' }, chat)
    const response = await fetch(`${url}/v1/chat/completions`, {
      ...init,
      body: gzipSync(JSON.stringify(chat)),
    })
    expect((await json(response)).choices[0].message.content).toBe(ANSWER)
  })

  test.each([
    { name: 'one byte over 32 MiB', headers: {}, body: Buffer.alloc(32 * 1024 * 1024 + 1, ' ') },
    {
      name: 'gzip that grows over it',
      headers: { 'content-encoding': 'gzip' },
      body: gzipSync(Buffer.alloc(33 * 1024 * 1024, ' ')),
    },
  ])('$name is 413', async ({ headers, body }) => {
    const sizes: number[] = []
    const { url } = await mock({ onRequest: seen => sizes.push(seen.bodyBytes) })
    const init = { method: 'POST', headers: { ...auth, ...headers }, body }
    const response = await fetch(`${url}/v1/chat/completions`, init)
    expect(response.status).toBe(413)
    expect((await json(response)).error.code).toBe('request_too_large')
    expect(sizes).toEqual([body.length])
  })

  test('32 MiB exactly is read', async () => {
    const { url } = await mock()
    const head = JSON.stringify(chat)
    const init = { method: 'POST', headers: auth, body: head.padEnd(32 * 1024 * 1024, ' ') }
    expect((await fetch(`${url}/v1/chat/completions`, init)).status).toBe(200)
  })
})

test('what was seen is told, with fingerprints in the place of keys', async () => {
  const seen: unknown[] = []
  const { url } = await mock({ onRequest: one => seen.push(one) })
  const body = JSON.stringify({ ...chat, stream: true })
  const init = { method: 'POST', headers: { ...auth, 'X-Team': 'blue' }, body }
  const running = await fetch(`${url}/v1/chat/completions?a=1&a=2`, init)
  await running.text()
  const print = fingerprint(OPENAI_KEY)
  expect(seen).toHaveLength(1)
  expect(seen[0]).toMatchObject({
    method: 'POST',
    path: '/v1/chat/completions?a=1&a=2',
    shape: 'openai',
    keyFingerprint: print,
    model: 'gpt-4o-mini',
    stream: true,
    bodyBytes: Buffer.byteLength(body),
    body: JSON.parse(body),
    headers: { authorization: `Bearer ${print}`, 'x-team': 'blue' },
  })
  expect(seen[0]).toMatchObject({
    rawHeaders: expect.arrayContaining([['authorization', `Bearer ${print}`]]),
  })
})
