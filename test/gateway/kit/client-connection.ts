import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { onTestFinished } from 'vitest'
import { ClientConnection } from '../../../src/gateway/http1/client-connection.ts'
import type { ConnectionRules, Intake } from '../../../src/gateway/http1/connection-rules.ts'
import type { GatewayRequest } from '../../../src/gateway/http1/gateway-request.ts'
import type { GatewayResponse } from '../../../src/gateway/http1/gateway-response.ts'

/** A request that has come, and what is to be answered. */
export interface Taken {
  readonly request: GatewayRequest
  readonly response: GatewayResponse
  readonly expectsContinue: boolean
}

export interface OpenConnection {
  readonly connection: ClientConnection
  /** What a client holds of it, and what the connection has. */
  readonly client: Duplex
  readonly server: Duplex
  readonly rules: ConnectionRules
  /** The requests that have come so far. */
  readonly taken: Taken[]
  /** What the client has got so far, one byte a character. */
  readonly received: () => string
  /** Sends, one byte a character, and waits until all that this sets off has happened. */
  readonly send: (text: string) => Promise<void>
}

/** A minute, which no test waits. */
const AGES = 60_000

export const rulesFor = (
  accept: Intake['accept'],
  rules: Partial<ConnectionRules> = {},
): ConnectionRules => ({
  accept,
  onRefused: () => {},
  headMs: AGES,
  requestMs: AGES,
  idleMs: AGES,
  keepAliveLine: '',
  isClosing: false,
  isOutdated: () => false,
  ...rules,
})

/** Long enough for bytes to go there and back in memory. */
export async function passed(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise(resolve => setImmediate(resolve))
}

/** The same over sockets. */
export async function startServer(accept: (one: Taken) => void, others: Partial<ConnectionRules> = {}) {
  const taken: Taken[] = []
  const sockets: Socket[] = []
  const connections: ClientConnection[] = []
  const rules = rulesFor((request, response, expectsContinue) => {
    const one = { request, response, expectsContinue }
    taken.push(one)
    accept(one)
  }, others)
  const server = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
    sockets.push(socket)
    connections.push(new ClientConnection(socket, rules))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, taken, sockets, connections }
}

/** A connection in memory. Requests are kept, and nobody answers them, unless `accept` does. */
export function openConnection(
  accept: (one: Taken) => void = () => {},
  others: Partial<ConnectionRules> = {},
): OpenConnection {
  const taken: Taken[] = []
  const rules = rulesFor((request, response, expectsContinue) => {
    const one = { request, response, expectsContinue }
    taken.push(one)
    accept(one)
  }, others)
  const [client, server] = duplexPair()
  const connection = new ClientConnection(server, rules)
  let text = ''
  client.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1')
  })
  client.on('error', () => {})
  onTestFinished(() => {
    client.destroy()
    server.destroy()
  })
  const send = async (bytes: string): Promise<void> => {
    client.write(bytes, 'latin1')
    await passed()
  }
  return { connection, client, server, rules, taken, received: () => text, send }
}

/** Answers with this text. */
export function answer({ response }: Taken, text = '', headers: readonly string[] = []): void {
  response.writeHead(200, 'OK', [...headers, 'content-length', String(text.length)])
  response.end(text)
}

export const get = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\nhost: a\r\n${headers}\r\n`

/** With a body that may be the first part of one of that length. */
export const posted = (path: string, body: string, length = body.length): string =>
  `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n${body}`

/** The head of a request whose body comes in chunks. */
export const CHUNKED = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n'

/** An answer of the connection itself, as the last one that it gives. */
export const refusal = (status: string, body: string): RegExp =>
  new RegExp(
    `HTTP/1\\.1 ${status}\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\nDate: [^\r]+ GMT\r\nConnection: close\r\n\r\n${body}$`,
  )

/** The statuses that a client has got. */
export const statusesIn = (text: string): string[] => text.match(/(?<=HTTP\/1\.1 )\d{3}/g) ?? []
