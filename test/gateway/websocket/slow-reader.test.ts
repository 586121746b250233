import type { Socket } from 'node:net'
import { expect, it } from 'vitest'
import { rawClient } from '../kit/client.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'
import { settled } from '../kit/wait.ts'
import { AGREED, handshake } from '../kit/websocket.ts'

const CHUNK = Buffer.alloc(64 * 1024, 'x')
const TOTAL = 128 * 1024 * 1024
/** What the kernel's buffers of three connections and the gateway hold of it, generously. */
const MOST_HELD = 48 * 1024 * 1024

/** Writes as much as the other side takes, and counts what it has taken. */
function flood(socket: Socket): () => number {
  let written = 0
  const go = (): void => {
    while (written < TOTAL) {
      written += CHUNK.length
      if (!socket.write(CHUNK)) return
    }
    socket.end()
  }
  socket.on('drain', go)
  go()
  return () => written
}

function takeAll(socket: Socket): Promise<number> {
  let bytes = 0
  return new Promise(resolve => {
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    socket.once('end', () => resolve(bytes))
    socket.resume()
  })
}

it.each(['client', 'upstream'] as const)(
  'a %s that reads slowly holds up the other side, and not memory',
  async slow => {
    const upstream = await startRawUpstream(socket => {
      socket.removeAllListeners('data')
      if (slow === 'upstream') socket.pause()
      socket.write(AGREED)
    })
    const key = { key: 'sk-a-key-that-is-looked-for' }
    const config = toHost(`127.0.0.1:${upstream.port}`, { backendAuth: key })
    const { port } = await startTestGateway(config)
    const client = await rawClient(port)
    client.socket.write(handshake())
    await client.until(text => text.includes('\r\n\r\n'))
    const [server] = upstream.sockets as [Socket]
    client.socket.removeAllListeners('data')
    const [writer, reader] = slow === 'client' ? [server, client.socket] : [client.socket, server]
    reader.pause()
    const before = process.memoryUsage().rss
    const written = flood(writer)
    await settled(written)
    expect(written()).toBeLessThan(MOST_HELD)
    expect(process.memoryUsage().rss - before).toBeLessThan(MOST_HELD)
    expect(await takeAll(reader)).toBe(written())
    expect(written()).toBe(TOTAL)
  },
)
