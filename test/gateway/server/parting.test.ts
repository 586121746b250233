import { connect, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { rawClient } from '../kit/client.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'

const UPLOAD = Buffer.alloc(3_000_000, 'u')
const PIECE = 64 * 1024
const LENGTH = `content-length: ${UPLOAD.length}\r\n`
const apiKey = { mode: 'strict', keys: [{ key: 'agw_sk_of_a_client' }] }

/** As one chunk. */
function chunkOf(body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n')])
}

/** Sends piece by piece, as an upload does, and gives the statuses that have come once the connection is gone. */
async function statusesFor(port: number, head: string, body: Buffer): Promise<string[]> {
  const client = await rawClient(port)
  const { socket } = client
  socket.write(head)
  for (let at = 0; at < body.length && !socket.destroyed; at += PIECE) {
    socket.write(body.subarray(at, at + PIECE))
    await new Promise(resolve => setImmediate(resolve))
  }
  await client.closed
  return client.received().match(/(?<=HTTP\/1\.1 )\d{3}/g) ?? []
}

describe('a client that is parted from has its answer, though more comes from it', () => {
  it.each([
    [
      'that it asks to be the last',
      `POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${LENGTH}\r\n`,
      '401',
    ],
    ['of HTTP/1.0', `POST / HTTP/1.0\r\n${LENGTH}\r\n`, '401'],
    [
      'and that has not waited for leave',
      `POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n${LENGTH}\r\n`,
      '401',
    ],
    [
      'whose body breaks the rules',
      'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n',
      '400',
    ],
    ['whose head is too long', 'POST / HTTP/1.1\r\nhost: a\r\nx: ', '431'],
  ])('%s', async (_, head, status) => {
    const { port } = await startTestGateway(toHost('127.0.0.1:1', status === '401' ? { apiKey } : {}))
    for (let i = 0; i < 10; i++) expect(await statusesFor(port, head, UPLOAD)).toContain(status)
  })

  it('and the answers before it', async () => {
    const large = 'l'.repeat(300_000)
    const upstream = await startUpstream(response => void response.end(large))
    const policies = { buffer: { request: { maxBytes: 10 } } }
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`, policies))
    const heads = `GET / HTTP/1.1\r\nhost: a\r\n\r\nPOST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${LENGTH}\r\n`
    for (let i = 0; i < 10; i++) expect(await statusesFor(port, heads, UPLOAD)).toEqual(['200', '413'])
  })
})

/** Goes on sending once the gateway has ended its side; whether that was refused before all of it had been sent. */
async function isCutOff(socket: Socket): Promise<boolean> {
  let isClosed = false
  socket
    .on('error', () => {})
    .once('close', () => {
      isClosed = true
    })
  await new Promise(resolve => socket.once('end', resolve).resume())
  for (let i = 0; i < 500 && !isClosed; i++) {
    socket.write('more')
    await new Promise(resolve => setImmediate(resolve))
  }
  return isClosed
}

it.each([
  ['at once, though an answer before its last one came early', [''], true],
  ['gently behind a last answer that came early', ['', 'connection: close\r\n'], false],
])('a connection is parted from %s', async (_, early, isAtOnce) => {
  const { port } = await startTestGateway(toHost('127.0.0.1:1', { apiKey }))
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  onTestFinished(() => void socket.destroy())
  for (const header of early) {
    // It is answered by its head alone.
    socket.write(`POST / HTTP/1.1\r\nhost: a\r\n${header}content-length: 4\r\n\r\nda`)
    await new Promise(resolve => socket.once('data', resolve))
    if (header === '') socket.write('ta')
  }
  if (isAtOnce) socket.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
  expect(await isCutOff(socket)).toBe(isAtOnce)
})

it.each([
  ['tells its length', `content-length: ${2 ** 40}\r\n`, 'close', UPLOAD],
  ['comes in chunks', 'transfer-encoding: chunked\r\n', 'keep-alive', chunkOf(UPLOAD)],
])('a refused body that %s and has no end is not read for ever', async (_, header, connection, part) => {
  const { port } = await startTestGateway(toHost('127.0.0.1:1', { apiKey }))
  const client = await rawClient(port)
  client.socket.write(`POST / HTTP/1.1\r\nhost: a\r\n${header}\r\n`)
  expect(await client.until(text => text.includes('\r\n\r\n'))).toMatch(
    new RegExp(`^HTTP/1\\.1 401 [^]*connection: ${connection}\r\n`, 'i'),
  )
  const ended = new Promise(resolve => client.socket.once('end', resolve))
  const send = (): void => {
    if (client.socket.writable) client.socket.write(part, () => setImmediate(send))
  }
  send()
  await ended
})

it.each([
  ['is no HTTP', 'zz\r\n', { status: 400, error: 'the request is no well-formed HTTP/1.1' }],
  ['does not come in time', '', { status: 408, error: 'the request did not come in time' }],
])('the log tells of a body that %s', async (_, body, told) => {
  const slowClients = { headMs: 1000, requestMs: 50, checkMs: 10 }
  const { port, nextEvent } = await startTestGateway(toHost('127.0.0.1:1'), { slowClients })
  const client = await rawClient(port)
  client.socket.write(`POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${body}`)
  expect(await nextEvent()).toMatchObject({ ...told, reason: 'InvalidRequest' })
})
