import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls'
import { ClientConnection } from '../http1/client-connection.ts'
import { type ConnectionRules, type Intake, keepAliveLine } from '../http1/connection-rules.ts'
import { keepCertificate } from './client-certificate.ts'
import {
  type ConnectionObserver,
  onSecureConnection,
  type SecureObserver,
  secureWatch,
  watchConnections,
} from './client-connections.ts'
import { ClientRoots } from './client-roots.ts'
import { listenFailure } from './listen-failure.ts'
import type { PortTls } from './server-tls.ts'

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
  /** Another process has the port, and hands over who comes to it. */
  readonly isShared?: boolean | undefined
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

/** And how often at least for those that have nothing more to ask. */
const SHORTEST_CHECK_MS = 10

/**
 * How long a closing port goes on to meet clients, in milliseconds: a queue of them takes a while where all is busy, and there
 * may always be another one.
 */
const MEETING_MS = 1000

const CLEAR_TEXT_TOLD = 'this port speaks TLS: call it by https://'
/** For who speaks HTTP where TLS is spoken. */
const CLEAR_TEXT = `HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: ${CLEAR_TEXT_TOLD.length}\r\nConnection: close\r\n\r\n${CLEAR_TEXT_TOLD}`

/** And how long it waits for the next one where another process hands them over, which has to accept them first. */
const HANDOVER_MS = 25

/** One open port. */
export class Port {
  readonly bind: string
  readonly #server: Server | TlsServer
  readonly #tls: PortOptions['tls']
  /** What clients have opened, sockets and connections without one, and what speaks HTTP over each, once its handshake is over. */
  readonly #connections = new Map<Duplex, ClientConnection | undefined>()
  readonly #rules: ConnectionRules
  readonly #roots: ClientRoots | undefined
  readonly #checkMs: number
  readonly #isShared: boolean
  /** Clients so far. */
  #met = 0
  #check: NodeJS.Timeout | undefined
  /** Once it closes: when it listens no more, and when its last connection has gone. */
  #deaf: Promise<void> | undefined
  #gone: Promise<void> | undefined

  private constructor(options: PortOptions, intake: Intake) {
    const { bind, tls, slow, listenerOf, onConnection, isShared = false } = options
    this.bind = bind
    this.#tls = tls
    this.#checkMs = slow.checkMs
    this.#isShared = isShared
    const roots = tls && new ClientRoots(tls)
    this.#roots = roots
    this.#rules = {
      ...intake,
      headMs: slow.headMs,
      requestMs: slow.requestMs,
      idleMs: 0,
      keepAliveLine: '',
      isClosing: false,
      isOutdated: socket => roots?.isOutdated(socket) === true,
    }
    this.idleMs = options.idleMs
    this.#server = serverFor(options)
    this.#server.on('connection', (connection: Duplex) => {
      rememberPeer(connection)
      this.#met += 1
      this.#roots?.meet(connection)
      this.#connections.set(connection, tls === undefined ? this.#talk(connection) : undefined)
      connection.once('close', () => this.#connections.delete(connection))
    })
    if (tls !== undefined) {
      const watch = onConnection && secureWatch(bind, listenerOf, onConnection)
      const tell: SecureObserver = (secure, below, handshakeMs) => {
        this.#roots?.admit(secure, below)
        watch?.(secure, below, handshakeMs)
        // As in the clear: before the end of its handshake a client that sends no more has gone.
        secure.allowHalfOpen = true
        // The one below may be unknown: one whose client has gone by then, or in memory.
        this.#connections.set(below ?? secure, this.#talk(secure, below))
        if (below === undefined) secure.once('close', () => this.#connections.delete(secure))
      }
      onSecureConnection(this.#server, tell, (error, secure, below) => {
        if (error.code === 'ERR_SSL_HTTP_REQUEST') below?.end(CLEAR_TEXT)
        secure.destroy(error)
      })
    } else if (onConnection !== undefined) watchConnections(this.#server, bind, onConnection)
  }

  #talk(socket: Duplex, wire?: Duplex): ClientConnection {
    this.#check ??= setTimeout(this.#checkAll, this.#nextCheckMs).unref()
    return new ClientConnection(socket, this.#rules, wire)
  }

  get #nextCheckMs(): number {
    return Math.min(this.#checkMs, Math.max(SHORTEST_CHECK_MS, this.#rules.idleMs / 2))
  }

  /** Looks for clients that have taken too long: one timer is for all of them, and runs while there are any. */
  readonly #checkAll = (): void => {
    const now = performance.now()
    for (const connection of this.#connections.values()) connection?.check(now)
    this.#check =
      this.#connections.size === 0 ? undefined : setTimeout(this.#checkAll, this.#nextCheckMs).unref()
  }

  /** Listens. Throws PORT_TAKEN, which names the port and what to do. */
  static async open(options: PortOptions, intake: Intake): Promise<Port> {
    const port = new Port(options, intake)
    if (options.port === undefined) return port
    await new Promise<void>((resolve, reject) => {
      const refuse = (error: NodeJS.ErrnoException) => reject(listenFailure(options, error))
      port.#server.once('error', refuse)
      port.#server.listen({ host: options.host, port: options.port }, () => {
        // A client whose connection the system could not hand over: there will be others.
        port.#server.off('error', refuse).on('error', () => {})
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
    for (const connection of this.#connections.values()) {
      if (connection !== undefined && this.#rules.isOutdated(connection.socket)) connection.leave()
    }
  }

  /** In milliseconds; 0 is for ever. */
  set idleMs(value: number) {
    this.#rules.idleMs = value === 0 ? Number.POSITIVE_INFINITY : value
    this.#rules.keepAliveLine = keepAliveLine(value)
  }

  /**
   * Stops listening and lets the requests under way finish; connections without one are dropped. After `drainMs` it calls
   * `giveUp`, which should end what they wait for, and drops the connections that are still there a moment later. One that
   * closes already may be given less time so.
   */
  async close(drainMs: number, giveUp: () => void = () => {}): Promise<void> {
    this.#gone ??= this.#drain(Math.min(MEETING_MS, drainMs / 2))
    let cut = setTimeout(() => {
      giveUp()
      for (const connection of this.#connections.values()) connection?.giveUp()
      cut = setTimeout(() => this.#cutOff(() => true), 2 * SWEEP_MS)
    }, drainMs)
    await this.#gone
    clearTimeout(cut)
  }

  /** When it listens no more, once it closes: before that nobody else can have its number. */
  get deaf(): Promise<void> | undefined {
    return this.#deaf
  }

  async #drain(meetingMs: number): Promise<void> {
    this.#rules.isClosing = true
    const closed = new Promise<void>(resolve => {
      this.#deaf = this.#meetAll(meetingMs).then(() => void this.#server.close(() => resolve()))
    })
    await this.#deaf
    const left = [...this.#connections.keys()].map(
      socket => new Promise<void>(resolve => socket.once('close', resolve)),
    )
    // A request that has come by then is read first.
    const sweep = setInterval(
      () => setImmediate(() => this.#cutOff(connection => connection?.isIdle !== false)),
      SWEEP_MS,
    )
    await Promise.all([closed, ...left])
    clearInterval(sweep)
    clearTimeout(this.#check)
  }

  /** Meets the clients that the system has taken in by now, for their requests may be here: each turn it hands over one. */
  async #meetAll(limitMs: number): Promise<void> {
    const latest = performance.now() + limitMs
    for (let before = -1; before !== this.#met && performance.now() < latest; ) {
      before = this.#met
      if (this.#isShared) await sleep(HANDOVER_MS)
      else await new Promise(resolve => setImmediate(() => setImmediate(resolve)))
    }
  }

  #cutOff(which: (connection: ClientConnection | undefined) => boolean): void {
    for (const [socket, connection] of this.#connections) {
      if (!which(connection)) continue
      if (connection === undefined) socket.destroy()
      else connection.cut()
    }
  }
}

/** Node remembers the address that it was asked for, and knows no other once the client has left. */
function rememberPeer(connection: Duplex): void {
  void (connection as Socket).remoteAddress
}

function serverFor({ slow, tls }: PortOptions): Server | TlsServer {
  // Whether a client that sends no more has gone is for the connection to say.
  if (tls === undefined) return createServer({ noDelay: true, allowHalfOpen: true })
  const certificates = tls()
  const { asksForCertificate } = certificates.rules
  const server = createTlsServer({
    noDelay: true,
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
