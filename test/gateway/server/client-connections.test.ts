import { connect as connectPlain, type Socket } from 'node:net'
import { connect } from 'node:tls'
import { describe, expect, it } from 'vitest'
import type { ConnectionChange, ConnectionPlace } from '../../../src/gateway/server/client-connections.ts'
import { makeCertificate } from '../../helpers/tls.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { eventually } from '../kit/wait.ts'

const A = makeCertificate(['a.test'])
const FILES: Readonly<Record<string, string>> = { 'a.pem': A.cert, 'a.key': A.key }
const compile = { readFile: (path: string) => FILES[path] ?? '' }

const route = { policies: { directResponse: { status: 200, body: 'x' } } }
const tls = { cert: 'a.pem', key: 'a.key' }
const PLAIN = { port: 3000, listeners: [{ name: 'l', routes: [route] }] }
const SECURE = {
  port: 3000,
  listeners: [
    { name: 'a', hostname: 'a.test', protocol: 'HTTPS', tls, routes: [route] },
    { name: 'b', hostname: '*.b.test', protocol: 'HTTPS', tls, routes: [route] },
  ],
}
const GET = 'GET / HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n'

async function watched(bind: object) {
  const told: (readonly [ConnectionPlace, ConnectionChange])[] = []
  const { port } = await startTestGateway(JSON.stringify({ binds: [bind] }), {
    onConnection: (...one) => told.push(one),
    compile,
  })
  return { port, told }
}

describe('connections of clients', () => {
  it('in the clear are told when they come, and with their bytes when they are gone', async () => {
    const { port, told } = await watched(PLAIN)
    connectPlain(port, '127.0.0.1').resume().end(GET)
    await eventually(() => told.length === 2)
    const place = { bind: 'bind/3000', protocol: 'http', listener: undefined }
    expect(told).toEqual([
      [place, { kind: 'opened', handshakeMs: undefined }],
      [place, { kind: 'closed', received: GET.length, sent: expect.any(Number) }],
    ])
  })

  it.each([
    ['the listener of its name', 'a.test', 'a'],
    ['the listener of its names', 'x.b.test', 'b'],
    ['no listener where none has the name that it left out', '', undefined],
  ])('with TLS are told after the handshake, with %s', async (_title, servername, listener) => {
    const { port, told } = await watched(SECURE)
    const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false })
    socket.on('secureConnect', () => socket.end(GET)).resume()
    await eventually(() => told.length === 2)
    const [[place, opened] = [], [, closed] = []] = told
    expect(place).toEqual({ bind: 'bind/3000', protocol: 'https', listener })
    expect(opened).toEqual({ kind: 'opened', handshakeMs: expect.any(Number) })
    expect(opened?.kind === 'opened' && opened.handshakeMs).toBeGreaterThanOrEqual(0)
    // The handshake is among them.
    expect(closed?.kind === 'closed' && closed.received).toBeGreaterThan(GET.length + 100)
    expect(closed?.kind === 'closed' && closed.sent).toBeGreaterThan(A.cert.length / 2)
  })

  it('are told apart where several shake hands at a time', async () => {
    const { port, told } = await watched(SECURE)
    const names = ['a.test', 'x.b.test', 'a.test', 'y.b.test']
    for (const servername of names) {
      const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false })
      socket.on('secureConnect', () => socket.end(GET)).resume()
    }
    await eventually(() => told.length === 8)
    const opened = told.filter(([, { kind }]) => kind === 'opened')
    expect(opened.map(([{ listener }]) => listener).sort()).toEqual(['a', 'a', 'b', 'b'])
    for (const [, change] of opened)
      expect(change.kind === 'opened' && change.handshakeMs).toEqual(expect.any(Number))
  })

  it('are not told of where the handshake fails', async () => {
    const { port, told } = await watched(SECURE)
    const refused = connect({ host: '127.0.0.1', port, servername: 'c.test', rejectUnauthorized: false })
    await new Promise(resolve => refused.on('error', () => {}).once('close', resolve))
    const plain = connectPlain(port, '127.0.0.1').resume().end(GET)
    await new Promise(resolve => plain.on('error', () => {}).once('close', resolve))
    const socket = connect({ host: '127.0.0.1', port, servername: 'a.test', rejectUnauthorized: false })
    socket.on('secureConnect', () => socket.end(GET)).resume()
    await eventually(() => told.length === 2)
    expect(told[0]?.[0].listener).toBe('a')
  })

  // Long before the time limit of handshakes.
  it.each([
    ['nothing', ''],
    ['half a handshake', '\x16\x03\x01\x02\x00'],
  ])(
    'that end in the midst of their handshake, with %s, are gone at once',
    async (_title, bytes) => {
      const { port } = await watched(SECURE)
      const socket = connectPlain({ host: '127.0.0.1', port, allowHalfOpen: true }).resume()
      socket.on('error', () => {}).end(bytes, 'latin1')
      await new Promise(resolve => socket.once('close', resolve))
    },
    5000,
  )

  // Only Linux has more than one address of its own without being told.
  it.runIf(process.platform === 'linux')(
    'have their time limits, also two of one port to two addresses',
    async () => {
      const { port } = await startTestGateway(JSON.stringify({ binds: [SECURE] }), {
        compile,
        host: '0.0.0.0',
        slowClients: { headMs: 300, checkMs: 50 },
      })
      const to = (host: string, localPort?: number): Socket =>
        connectPlain({ host, port, localAddress: '127.0.0.1', ...(localPort !== undefined && { localPort }) })
      const first = to('127.0.0.1')
      await new Promise(resolve => first.once('connect', resolve))
      const second = to('127.0.0.2', first.localPort)
      await new Promise((resolve, reject) => second.once('connect', resolve).once('error', reject))
      const closed = [first, second].map(socket => {
        const secure = connect({ socket, servername: 'a.test', rejectUnauthorized: false })
        return new Promise(resolve => secure.once('close', resolve).resume())
      })
      await Promise.all(closed)
    },
  )
})
