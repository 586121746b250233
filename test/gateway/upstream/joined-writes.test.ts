import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { expect, it, onTestFinished, vi } from 'vitest'
import { joinWrites } from '../../../src/gateway/upstream/joined-writes.ts'

/** What arrives of pieces that are written together, and how many writes they took. */
async function written(
  pieces: readonly (readonly [Buffer | string, BufferEncoding?])[],
): Promise<{ readonly bytes: Buffer; readonly isJoined: boolean }> {
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const arrived = once(server, 'connection').then(async ([socket]) => Buffer.concat(await socket.toArray()))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  joinWrites(socket)
  const one = vi.spyOn(socket, '_write')
  await once(socket, 'connect')
  socket.cork()
  for (const [chunk, encoding] of pieces) {
    if (typeof chunk === 'string') socket.write(chunk, encoding)
    else socket.write(chunk)
  }
  socket.uncork()
  socket.end()
  return { bytes: await arrived, isJoined: one.mock.calls.length === 1 }
}

const head = 'POST / HTTP/1.1\r\nx: \xe9\r\n\r\n'

it.each([
  ['a short body leaves with its head', randomBytes(1000), true],
  ['a long one behind it', randomBytes(100_000), false],
])('%s, and every byte arrives', async (_, body, isJoined) => {
  const whole = Buffer.concat([Buffer.from(head, 'latin1'), body])
  expect(await written([[head, 'latin1'], [body]])).toEqual({ bytes: whole, isJoined })
})

it('text in another encoding stays what it is', async () => {
  const { bytes, isJoined } = await written([['é', 'utf8'], [Buffer.from([0xe9])]])
  expect(bytes).toEqual(Buffer.from([0xc3, 0xa9, 0xe9]))
  expect(isJoined).toBe(false)
})
