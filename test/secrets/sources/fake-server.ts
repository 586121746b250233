import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEachFile } from '../../helpers/afterwards.ts'

/** A request as a fake store sees it. */
export interface Seen {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** Whether the one who asks is still there. */
  isOpen(): boolean
}

/** What a fake store answers. */
export interface Said {
  readonly status: number
  readonly json?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

const servers: Server[] = []
afterEachFile(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** A store on a port of this machine, stopped after the file's tests. `answer` may never resolve: that is a slow store. */
export async function fakeServer(
  answer: (seen: Seen) => Said | Promise<Said>,
): Promise<{ readonly url: string; readonly seen: Seen[] }> {
  const seen: Seen[] = []
  const listener: RequestListener = (request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    const isOpen = (): boolean => !request.socket.destroyed
    request.on('end', async () => {
      const one = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body,
        isOpen,
      }
      seen.push(one)
      const { status, json, headers } = await answer(one)
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(json === undefined ? '' : JSON.stringify(json))
    })
  }
  const server = createServer(listener).listen(0, '127.0.0.1')
  servers.push(server)
  await new Promise(resolve => server.once('listening', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}
