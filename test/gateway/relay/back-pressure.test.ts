import { Agent, type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { rawClient } from '../kit/client.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'
import { startUpstream } from '../kit/upstream.ts'
import { eventually, settled } from '../kit/wait.ts'

describe('back-pressure', () => {
  it('stops the upstream while the client takes nothing, and loses nothing', async () => {
    const size = 50 * 1024 * 1024
    const block = Buffer.alloc(64 * 1024, 'x')
    let sent = 0
    const upstream = await startRawUpstream(socket => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`)
      pump(socket)
    })
    const pump = (socket: Socket): void => {
      while (sent < size) {
        sent += block.length
        if (!socket.write(block)) {
          socket.once('drain', () => pump(socket))
          return
        }
      }
    }
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const before = process.memoryUsage()
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ host: '127.0.0.1', port, agent: new Agent({ keepAlive: false }) }, resolve)
        .on('error', reject)
        .end()
    })
    // Nobody reads.
    await settled(() => sent)
    expect(sent).toBeLessThan(size / 2)
    const { heapUsed, external, arrayBuffers } = process.memoryUsage()
    expect(
      heapUsed + external + arrayBuffers - (before.heapUsed + before.external + before.arrayBuffers),
    ).toBeLessThan(20 * 1024 * 1024)
    let received = 0
    for await (const chunk of answer) received += (chunk as Buffer).length
    expect(received).toBe(size)
  })

  it('keeps what a compressed answer becomes from filling the memory', async () => {
    const block = Buffer.alloc(1024 * 1024)
    const size = 100 * block.length
    const packed = Buffer.concat(Array.from({ length: 100 }, () => gzipSync(block)))
    const upstream = await startUpstream(response =>
      response.writeHead(500, { 'content-encoding': 'gzip' }).end(packed),
    )
    const backendAuth = { key: 'sk-canary-0123456789' }
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`, { backendAuth }))
    const held = (): number => {
      const { external, arrayBuffers } = process.memoryUsage()
      return external + arrayBuffers
    }
    const before = held()
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ host: '127.0.0.1', port, agent: new Agent({ keepAlive: false }) }, resolve)
        .on('error', reject)
        .end()
    })
    // Nobody reads.
    await settled(held)
    expect(held() - before).toBeLessThan(40 * 1024 * 1024)
    let received = 0
    for await (const chunk of answer) received += (chunk as Buffer).length
    expect(received).toBe(size)
  })

  it('stops the client while the upstream takes nothing', async () => {
    let resume: (() => void) | undefined
    const upstream = await startRawUpstream(socket => {
      socket.pause()
      resume = () => socket.resume()
    })
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    const size = 64 * 1024 * 1024
    client.socket.write(`PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: ${size}\r\n\r\n`)
    const block = Buffer.alloc(64 * 1024)
    let sent = 0
    const pump = (): void => {
      while (sent < size) {
        sent += block.length
        if (!client.socket.write(block)) {
          client.socket.once('drain', pump)
          return
        }
      }
    }
    pump()
    await eventually(() => resume !== undefined)
    await settled(() => sent)
    expect(sent).toBeLessThan(size / 2)
    resume?.()
    await eventually(() => sent === size)
  })
})
