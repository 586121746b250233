import { createServer, type Server } from 'node:http'
import { afterEach, expect, it } from 'vitest'
import { sendRequest } from '../../src/test-route/send-request.ts'

let server: Server | undefined
afterEach(() => server?.close())

/** The answer to a request to a server that sends this. */
async function answerOf(body: string, contentType = 'text/event-stream') {
  const it = createServer((_, response) => response.setHeader('content-type', contentType).end(body))
  server = it
  await new Promise<void>(resolve => it.listen(0, '127.0.0.1', resolve))
  const address = it.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const wanted = { method: 'GET', path: '/', headers: {}, body: undefined, timeoutMs: 10_000 }
  return sendRequest({ url: `http://127.0.0.1:${port}`, ...wanted })
}

const EVENT = `data: {"choices":[{"delta":{"content":"${'é'.repeat(500)}"}}]}\n\n`
const LAST = 'data: {"choices":[],"usage":{"total_tokens":7}}\n\n'

it('of a stream that is too long to be shown, the end is kept by whole lines', async () => {
  const { body = '', tail = '', bytes } = await answerOf(EVENT.repeat(2000) + LAST)
  expect(bytes).toBe(2000 * Buffer.byteLength(EVENT) + LAST.length)
  expect(body.length).toBeLessThan(256 * 1024)
  expect(tail.endsWith(LAST)).toBe(true)
  expect(tail.split('\n').filter(line => line !== '' && !line.startsWith('data: {'))).toEqual([])
})

it('of one that is shown, there is nothing else to keep', async () => {
  expect((await answerOf(EVENT + LAST)).tail).toBeUndefined()
})

it('of a long text without lines nothing whole is at the end', async () => {
  expect((await answerOf('x'.repeat(300 * 1024), 'text/plain')).tail).toBeUndefined()
})
