import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { type ClientOptions, WebSocket, WebSocketServer } from 'ws'

/** A WebSocket server that records the handshakes it was sent. */
export interface SocketUpstream {
  readonly port: number
  readonly handshakes: IncomingMessage[]
  readonly sockets: Socket[]
}

/** `behave` is called with each connection. It agrees to the first protocol that is offered. */
export async function startSocketUpstream(
  behave: (socket: WebSocket) => void,
  tls?: { readonly cert: string; readonly key: string },
): Promise<SocketUpstream> {
  const handshakes: IncomingMessage[] = []
  const sockets: Socket[] = []
  const refuse: RequestListener = (_request, response) => response.writeHead(404).end('no socket')
  const server = tls === undefined ? createServer(refuse) : createTlsServer(tls, refuse)
  const sessions = new WebSocketServer({ server, perMessageDeflate: true })
  server.on('connection', socket => sockets.push(socket))
  sessions.on('connection', (socket, request) => {
    handshakes.push(request)
    socket.on('error', () => {})
    behave(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, handshakes, sockets }
}

/** What echoes every message. */
export function echo(socket: WebSocket): void {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
}

/** A client whose handshake is through. */
export function openSocket(
  port: number,
  path = '/',
  options: ClientOptions & { readonly protocols?: string[] } = {},
): Promise<WebSocket> {
  const { protocols = [], ...others } = options
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, others)
  onTestFinished(() => socket.terminate())
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket.on('error', () => {})))
    socket.once('error', reject)
  })
}

/** The next message, as text. */
export function nextMessage(socket: WebSocket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once('message', data => resolve(data.toString()))
    socket.once('close', code => reject(new Error(`closed with ${code}`)))
  })
}

export function closed(socket: WebSocket): Promise<number> {
  return new Promise(resolve => socket.once('close', code => resolve(code)))
}

/** A handshake as bytes; `headers` in place of, or besides, those it must have. */
export function handshake(path = '/', headers: Readonly<Record<string, string | undefined>> = {}): string {
  const all = { ...HANDSHAKE, ...headers }
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  )
  return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}

const HANDSHAKE = {
  host: 'a.test',
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
} as const

/** The upstream's agreement to that handshake (RFC 6455 §1.3). */
export const AGREED =
  'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n' +
  'sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n'

/** A frame of a server, not masked. */
export function serverFrame(payload: string | Buffer, opcode = 1, isFinal = true): Buffer {
  const bytes = Buffer.from(payload)
  const first = (isFinal ? 0x80 : 0) | opcode
  if (bytes.length < 126) return Buffer.concat([Buffer.from([first, bytes.length]), bytes])
  const head = Buffer.from([first, 126, bytes.length >> 8, bytes.length & 0xff])
  return Buffer.concat([head, bytes])
}
