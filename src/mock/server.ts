import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { AgwError } from '../errors.ts'
import { exchange } from './exchange.ts'
import { checkOptions, type Mock, type MockOptions } from './options.ts'

/**
 * Starts a provider that answers as OpenAI, Azure OpenAI, Anthropic, Gemini and Amazon Bedrock do, chosen per request.
 * Throws `USAGE` for a bad option, `PORT_TAKEN` when it cannot listen.
 */
export async function startMock(options: MockOptions = {}): Promise<Mock> {
  checkOptions(options)
  const server = createServer(options)
  const sockets = new Set<Socket>()
  let requests = 0
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('request', (request, response) => {
    requests += 1
    void exchange(request, response, options, requests)
  })
  const host = options.host ?? '127.0.0.1'
  const port = await listen(server, host, options.port ?? 0)
  let closing: Promise<void> | undefined
  return {
    url: `${options.tls ? 'https' : 'http'}://${reachable(host)}:${port}`,
    port,
    get requests() {
      return requests
    },
    close: () => {
      closing ??= new Promise(done => {
        server.close(() => done())
        // Not closeAllConnections(): it does not know the sockets that are still in a TLS handshake.
        for (const socket of sockets) socket.destroy()
      })
      return closing
    },
  }
}

/** Longer than the idle time of any client pool, so that the client never meets a connection closing under it. */
const KEEP_ALIVE_MS = 75_000

function createServer(options: MockOptions): Server {
  const common = { keepAliveTimeout: KEEP_ALIVE_MS }
  if (!options.tls) return createHttpServer(common)
  try {
    return createHttpsServer({ ...common, cert: options.tls.cert, key: options.tls.key })
  } catch (cause) {
    throw new AgwError('USAGE', "the mock's TLS certificate and key do not load", {
      hint: 'give two PEM texts that belong together',
      cause,
    })
  }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(cause, host, port)))
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): AgwError {
  if (cause.code === 'EADDRNOTAVAIL' || cause.code === 'ENOTFOUND' || cause.code === 'EAI_AGAIN') {
    const hint = 'use 127.0.0.1, ::1, or another address of this machine'
    return new AgwError('USAGE', `${host} is not an address of this machine`, { hint, cause })
  }
  const reason = cause.code === 'EACCES' ? 'may not be used by this user' : 'is taken'
  return new AgwError('PORT_TAKEN', `port ${port} on ${host} ${reason}: the mock cannot listen there`, {
    hint: 'choose another port, or 0 for a free one',
    cause,
  })
}

/** The wildcard addresses are for listening only; a client needs a real one. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
