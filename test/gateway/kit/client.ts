import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Call {
  readonly method?: string
  readonly path?: string
  /** Names and values as they are sent; `host` included when given. */
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string | Buffer
  readonly agent?: Agent
}

/** One request over a connection of its own, unless an agent is given. */
export function call(port: number, options: Call = {}): Promise<Answer> {
  const { method = 'POST', path = '/', headers = {}, body, agent } = options
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, method, path, headers, agent: agent ?? new Agent({ keepAlive: false }) },
      response => resolve(collect(response)),
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Waits until nobody listens any more: clients whom the system had let in before are met first. */
export async function untilRefused(port: number): Promise<void> {
  for (let isOpen = true; isOpen; ) {
    isOpen = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
  }
}

async function collect(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks).toString(),
  }
}

/** Asks a model, and gives the answer as soon as its head is there. */
export function openChat(port: number, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const sent = request(
      { host: '127.0.0.1', port, method: 'POST', path: '/v1/chat/completions', headers },
      resolve,
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Posts JSON. */
export function post(
  port: number,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return call(port, {
    path,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

/** A TCP connection to the gateway that sends what the test writes and keeps what comes back. */
export interface RawClient {
  readonly socket: Socket
  readonly received: () => string
  /** Waits until what was received satisfies the test, or the connection has ended. */
  until(enough: (text: string) => boolean): Promise<string>
  readonly closed: Promise<void>
}

export async function rawClient(port: number): Promise<RawClient> {
  const socket = connect({ host: '127.0.0.1', port })
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  onTestFinished(() => {
    socket.destroy()
  })
  let text = ''
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const check of waiting) check()
  }
  socket.on('data', chunk => {
    text += chunk.toString('latin1')
    wake()
  })
  socket.on('error', () => {})
  let isClosed = false
  const closed = new Promise<void>(resolve =>
    socket.once('close', () => {
      isClosed = true
      resolve()
      wake()
    }),
  )
  return {
    socket,
    received: () => text,
    closed,
    until: enough =>
      new Promise(resolve => {
        const check = () => {
          if (!enough(text) && !isClosed) return
          waiting.delete(check)
          resolve(text)
        }
        waiting.add(check)
        check()
      }),
  }
}
