import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** What an upstream was sent. */
export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly rawHeaders: readonly string[]
  readonly body: string
}

export interface Upstream {
  readonly port: number
  readonly seen: Seen[]
  /** Connections that were opened so far. */
  readonly connections: Socket[]
  readonly server: Server
}

export type Answering = (response: ServerResponse, seen: Seen, request: IncomingMessage) => void

const OK: Answering = response => {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** An HTTP server on a port of its own that records what it is sent; closed when the test is over. */
export async function startUpstream(
  answer: Answering = OK,
  tls?: { readonly cert: string; readonly key: string },
): Promise<Upstream> {
  const seen: Seen[] = []
  const connections: Socket[] = []
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', rawHeaders } = request
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    )
    const record = { method, url, headers, rawHeaders, body: await bodyOf(request).catch(() => '<cut off>') }
    seen.push(record)
    answer(response, record, request)
  }
  const server = tls === undefined ? createServer(handle) : createTlsServer(tls, handle)
  server.on('connection', socket => connections.push(socket))
  const port = await listen(server)
  return { port, seen, connections, server }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}
