import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { AgwError } from '../errors.ts'
import { GatewayRequest, GatewayResponse } from './exchange.ts'
import type { ConnectionEnd } from './telemetry/metrics.ts'

/** Takes a request; `expectsContinue` when the client waits for leave to send its body. */
export type Accept = (request: GatewayRequest, response: GatewayResponse, expectsContinue: boolean) => void

export interface PortOptions {
  /** `bind/3000` */
  readonly bind: string
  readonly host: string
  /** 0 lets the system choose; undefined opens none, and only `connect` gets in. */
  readonly port: number | undefined
  /** How long an idle connection is kept, in milliseconds. */
  readonly idleMs: number
  readonly onConnection?: ((bind: string, closed?: ConnectionEnd) => void) | undefined
}

const CONNECT_REFUSED =
  'HTTP/1.1 405 Method Not Allowed\r\ncontent-type: text/plain\r\ncontent-length: 18\r\nconnection: close\r\n\r\nmethod not allowed'

/** How often a closing port looks for connections that have become idle, in milliseconds. */
const SWEEP_MS = 25

/** One open port. */
export class Port {
  readonly bind: string
  readonly #server: Server<typeof GatewayRequest, typeof GatewayResponse>
  /** Connections that came in without a socket: the server does not wait for them. */
  readonly #unlistened = new Set<Duplex>()
  #isClosing = false

  private constructor(options: PortOptions, accept: Accept) {
    this.bind = options.bind
    this.#server = createServer({
      IncomingMessage: GatewayRequest,
      ServerResponse: GatewayResponse,
      // Strict: Content-Length beside Transfer-Encoding, bare line feeds and the like are refused with 400.
      insecureHTTPParser: false,
      requireHostHeader: true,
      keepAliveTimeout: options.idleMs,
      noDelay: true,
    })
    const take = (request: GatewayRequest, response: GatewayResponse, expectsContinue: boolean) => {
      if (this.#isClosing) response.shouldKeepAlive = false
      accept(request, response, expectsContinue)
    }
    this.#server.on('request', (request, response) => take(request, response, false))
    this.#server.on('checkContinue', (request, response) => take(request, response, true))
    const { bind, onConnection } = options
    if (onConnection !== undefined) this.#server.on('connection', socket => watch(socket, bind, onConnection))
    this.#server.on('connect', (_request, socket) => socket.end(CONNECT_REFUSED))
  }

  /** Listens. Throws PORT_TAKEN, which names the port and what to do. */
  static async open(options: PortOptions, accept: Accept): Promise<Port> {
    const port = new Port(options, accept)
    if (options.port === undefined) {
      // Node begins to keep track of connections when it hears that it listens.
      port.#server.emit('listening')
      return port
    }
    await new Promise<void>((resolve, reject) => {
      const refuse = (error: NodeJS.ErrnoException) => reject(listenFailure(options, error))
      port.#server.once('error', refuse)
      port.#server.listen({ host: options.host, port: options.port }, () => {
        port.#server.off('error', refuse)
        resolve()
      })
    })
    return port
  }

  /** The port number listened on; 0 where none is open. */
  get number(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0
  }

  /** A connection without a socket, as if a client had come in. */
  connect(): Duplex {
    const [client, server] = duplexPair()
    this.#unlistened.add(server)
    server.once('close', () => this.#unlistened.delete(server))
    this.#server.emit('connection', server)
    return client
  }

  set idleMs(value: number) {
    this.#server.keepAliveTimeout = value
  }

  /**
   * Stops listening and lets the requests under way finish. After `drainMs` it calls `giveUp`, which should end what
   * they wait for, and drops the connections that are still there a moment later.
   */
  async close(drainMs: number, giveUp: () => void = () => {}): Promise<void> {
    if (this.#isClosing) return
    this.#isClosing = true
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    const left = [...this.#unlistened].map(duplex => once(duplex, 'close'))
    const sweep = setInterval(() => this.#server.closeIdleConnections(), SWEEP_MS)
    let cut = setTimeout(() => {
      giveUp()
      cut = setTimeout(() => this.#server.closeAllConnections(), 2 * SWEEP_MS)
    }, drainMs)
    await Promise.all([closed, ...left])
    clearInterval(sweep)
    clearTimeout(cut)
  }
}

function watch(socket: Socket, bind: string, tell: NonNullable<PortOptions['onConnection']>): void {
  tell(bind)
  // A connection in memory counts no bytes.
  socket.once('close', () => tell(bind, { received: socket.bytesRead ?? 0, sent: socket.bytesWritten ?? 0 }))
}

function listenFailure({ host, port }: PortOptions, error: NodeJS.ErrnoException): AgwError {
  if (error.code === 'EADDRINUSE') {
    return new AgwError('PORT_TAKEN', `Port ${port} on ${host} is taken by another process.`, {
      hint: 'Stop that process, give the bind another port in the config, or listen elsewhere with --host.',
      cause: error,
    })
  }
  return new AgwError(
    'PORT_TAKEN',
    `Cannot listen on ${host}, port ${port}: ${error.code ?? 'unknown error'}.`,
    {
      hint: 'Choose an address of this machine with --host, and a port above 1023 unless you may use lower ones.',
      cause: error,
    },
  )
}
