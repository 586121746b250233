import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { takeOffer } from '../websocket/offer.ts'
import { keepCertificate } from './client-certificate.ts'
import {
  type ConnectionObserver,
  onSecureConnection,
  secureWatch,
  watchConnections,
} from './client-connections.ts'
import { refuseBytes } from './client-errors.ts'
import { ClientRoots } from './client-roots.ts'
import { GatewayRequest, GatewayResponse } from './gateway-request.ts'
import { listenFailure } from './listen-failure.ts'
import { inTurn } from './pipelining.ts'
import type { PortTls } from './server-tls.ts'
import { refuseTunnel } from './tunnels.ts'

type HttpServer = Server<typeof GatewayRequest, typeof GatewayResponse>
type HttpsServer = TlsServer<typeof GatewayRequest, typeof GatewayResponse>

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
  /**
   * The certificates to show now, asked for each connection; undefined for a port in the clear. All of them ask clients
   * for certificates, or none.
   */
  readonly tls: (() => PortTls) | undefined
  readonly slow: SlowClients
  /** The name of the listener that serves a connection with TLS. */
  readonly listenerOf: (socket: TLSSocket) => string | undefined
  readonly onConnection?: ConnectionObserver | undefined
}

/** How long clients may take, in milliseconds. */
export interface SlowClients {
  /** For the head of a request; after it the answer is 408. */
  readonly headMs: number
  /** For the whole of it. */
  readonly requestMs: number
  /** For a TLS handshake. */
  readonly handshakeMs: number
  /** How often it is looked for clients that have taken longer. */
  readonly checkMs: number
}

/** How often a closing port looks for connections without a request, in milliseconds. */
const SWEEP_MS = 25

/** One open port. */
export class Port {
  readonly bind: string
  readonly #server: HttpServer | HttpsServer
  readonly #tls: PortOptions['tls']
  /** What clients have opened: sockets, and connections without one. */
  readonly #connections = new Set<Duplex>()
  /** A connection whose handshake is over → what requests come over then. */
  readonly #secured = new WeakMap<Duplex, TLSSocket>()
  readonly #roots: ClientRoots | undefined
  /** The last request that came over a connection is answered by it. */
  readonly #last = new WeakMap<Duplex, GatewayResponse>()
  /** Once it closes: when its last connection has gone. */
  #gone: Promise<void> | undefined

  private constructor(options: PortOptions, accept: Accept) {
    this.bind = options.bind
    this.#tls = options.tls
    this.#roots = options.tls && new ClientRoots(options.tls)
    this.#server = serverFor(options)
    // Node would leave out the 2001st header without a word; requests with so many are refused instead.
    this.#server.maxHeadersCount = 0
    this.#server.on('connection', (connection: Duplex) => {
      this.#connections.add(connection)
      rememberPeer(connection)
      this.#roots?.meet(connection)
      connection.once('close', () => this.#connections.delete(connection))
    })
    const begin = (request: GatewayRequest, response: GatewayResponse, expectsContinue: boolean): void => {
      if (this.#gone !== undefined) response.shouldKeepAlive = false
      // It was sent before its client could know.
      if (this.#roots?.isOutdated(request.socket)) request.socket.destroySoon()
      else accept(request, response, expectsContinue)
    }
    const take = (request: GatewayRequest, response: GatewayResponse, expectsContinue: boolean): void => {
      this.#last.set(request.socket, response)
      if (response.socket !== null) begin(request, response, expectsContinue)
      else inTurn(request, response, () => begin(request, response, expectsContinue))
    }
    this.#server.on('request', (request, response) => take(request, response, false))
    this.#server.on('checkContinue', (request, response) => take(request, response, true))
    this.#server.on('checkExpectation', (request, response) => {
      request.expectsOther = true
      take(request, response, false)
    })
    const { bind, tls, listenerOf, onConnection } = options
    if (tls !== undefined) {
      const watch = onConnection && secureWatch(bind, listenerOf, onConnection)
      onSecureConnection(this.#server, (secure, below, handshakeMs) => {
        if (below !== undefined) this.#secured.set(below, secure)
        this.#roots?.admit(secure, below)
        watch?.(secure, below, handshakeMs)
      })
    } else if (onConnection !== undefined) watchConnections(this.#server, bind, onConnection)
    this.#server.on('clientError', (error: Error, socket: Duplex) =>
      refuseBytes(error, socket, this.#last.get(socket)),
    )
    this.#server.on('upgrade', (request, socket, head) =>
      takeOffer(request, socket, head, this.#last.get(socket), response => {
        this.#last.set(socket, response)
        begin(request, response, false)
      }),
    )
    this.#server.on('connect', (_request, socket) => refuseTunnel(socket, this.#last.get(socket)))
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

  /** The address listened on, as the system has it; undefined where none is open. */
  get address(): string | undefined {
    return (this.#server.address() as AddressInfo | null)?.address
  }

  /** A connection without a socket, as if a client had come in. */
  connect(): Duplex {
    const [client, server] = duplexPair()
    this.#server.emit('connection', server)
    return client
  }

  get isSecure(): boolean {
    return 'setSecureContext' in this.#server
  }

  /** Whether it can go on with this: Node settles once for all how a server meets its clients. */
  canServe(tls: PortTls | undefined): boolean {
    if (this.#tls === undefined || tls === undefined) return this.#tls === tls
    return tls.ifAsksAs(this.#tls()) !== undefined
  }

  /**
   * Takes the certificates of a new runtime for clients that name no host; the others are asked for anyway. Parts from
   * clients that were let in by a root which does not count any more, once they have their answers.
   */
  renewTls(tls: PortTls): void {
    if ('setSecureContext' in this.#server) this.#server.setSecureContext(tls.options)
    for (const connection of this.#connections) {
      const socket = this.#secured.get(connection)
      if (socket !== undefined && this.#roots?.isOutdated(socket)) part(socket, this.#last.get(socket))
    }
  }

  set idleMs(value: number) {
    this.#server.keepAliveTimeout = value
  }

  /**
   * Stops listening and lets the requests under way finish; connections without one are dropped. After `drainMs` it calls
   * `giveUp`, which should end what they wait for, and drops the connections that are still there a moment later. One that
   * closes already may be given less time so.
   */
  async close(drainMs: number, giveUp: () => void = () => {}): Promise<void> {
    this.#gone ??= this.#drain()
    let cut = setTimeout(() => {
      giveUp()
      cut = setTimeout(() => this.#cutOff(() => true), 2 * SWEEP_MS)
    }, drainMs)
    await this.#gone
    clearTimeout(cut)
  }

  async #drain(): Promise<void> {
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    const left = [...this.#connections].map(connection => {
      // A client that is not told may send its next request just as the connection goes.
      const last = this.#last.get(this.#secured.get(connection) ?? connection)
      if (last?.headersSent === false) last.shouldKeepAlive = false
      return new Promise<void>(resolve => connection.once('close', resolve))
    })
    // A request that has come by then is read first.
    const sweep = setInterval(() => setImmediate(() => this.#cutOff(isIdle)), SWEEP_MS)
    await Promise.all([closed, ...left])
    clearInterval(sweep)
  }

  #cutOff(which: (last: GatewayResponse | undefined) => boolean): void {
    for (const connection of this.#connections) {
      const socket = this.#secured.get(connection) ?? connection
      if (which(this.#last.get(socket))) socket.destroy()
    }
  }
}

/** Node remembers the address that it was asked for, and knows no other once the client has left. */
function rememberPeer(connection: Duplex): void {
  void (connection as Socket).remoteAddress
}

/** No request is under way: the last one has been read whole, and its answer has gone. */
function isIdle(last: GatewayResponse | undefined): boolean {
  return last === undefined || (last.writableFinished && last.req.complete)
}

/** Ends a connection after the answer that is under way. */
function part(socket: TLSSocket, last: GatewayResponse | undefined): void {
  if (last === undefined || isIdle(last)) return socket.destroySoon()
  last.isLast = true
  if (last.tunnel !== undefined) last.tunnel.close()
  else if (last.headersSent) last.once('finish', () => socket.destroySoon())
  else last.shouldKeepAlive = false
}

/**
 * Bytes of a request's head; more is refused with 431. Cookies and tokens of large sign-ons fit, which Node's 16 KiB do not
 * hold, and a thousand connections that send heads without end take 64 MB at most.
 */
const MOST_HEAD = 64 * 1024

function serverFor({ idleMs, slow, tls }: PortOptions): HttpServer | HttpsServer {
  const options = {
    IncomingMessage: GatewayRequest,
    ServerResponse: GatewayResponse,
    // Strict: Content-Length beside Transfer-Encoding, bare line feeds and the like are refused with 400.
    insecureHTTPParser: false,
    // Such a request is refused in its turn.
    requireHostHeader: false,
    keepAliveTimeout: idleMs,
    maxHeaderSize: MOST_HEAD,
    headersTimeout: slow.headMs,
    requestTimeout: slow.requestMs,
    connectionsCheckingInterval: slow.checkMs,
    noDelay: true,
  }
  if (tls === undefined) return createServer(options)
  const certificates = tls()
  const { asksForCertificate } = certificates.rules
  const server = createTlsServer({
    ...options,
    ...certificates.options,
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: slow.handshakeMs,
    requestCert: asksForCertificate,
    rejectUnauthorized: asksForCertificate,
    SNICallback(name, done) {
      const context = tls().contextFor(name)
      if (context === undefined) done(new Error('no listener has this name'))
      else done(null, context)
    },
  })
  return asksForCertificate ? server.on('secureConnection', keepCertificate) : server
}
