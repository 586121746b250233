import { isIP, type Socket } from 'node:net'
import { type ConnectionOptions, checkServerIdentity } from 'node:tls'
import type { Transport, UpstreamObserver } from '../telemetry/upstream-times.ts'
import { type ConnectTo, redirect } from './connect-to.ts'
import { Connections } from './connections.ts'
import { noticing, type OwnPorts } from './own-ports.ts'
import { buildConnector, type Connector } from './undici.ts'
import type { Upstream, UpstreamTls } from './upstream.ts'

/** As undici wants it, but it gives back the socket. */
type SocketConnector = (...call: Parameters<Connector>) => Socket

/**
 * Opens connections to one upstream. Certificates are verified unless the config says otherwise, and against the
 * upstream's own name wherever `connectTo` sends the connection.
 */
function connectorFor(upstream: Upstream, connectTo: readonly ConnectTo[]): SocketConnector {
  const { tls, servername, connectTimeoutMs, socketPath } = upstream
  const connect = buildConnector({
    timeout: connectTimeoutMs,
    ...(tls !== undefined && tlsOptions(tls, servername)),
    ...(socketPath !== undefined && { socketPath }),
  })
  const target = redirect(connectTo, upstream.hostname, upstream.port)
  return (options, callback) =>
    connect(
      {
        ...options,
        hostname: target.host,
        port: String(target.port),
        // An address is no name to ask for, only one to verify.
        servername: isIP(servername) === 0 ? servername : '',
      },
      callback,
    )
}

type VerifyOptions = Pick<
  ConnectionOptions,
  'ecdhCurve' | 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'checkServerIdentity'
>

function tlsOptions({ ca, identity, groups, verify }: UpstreamTls, servername: string): VerifyOptions {
  return {
    ...(ca !== undefined && { ca }),
    ...identity?.options,
    ...(groups !== undefined && { ecdhCurve: groups }),
    rejectUnauthorized: verify !== 'nothing',
    checkServerIdentity: (_host, certificate) =>
      verify === 'name' ? checkServerIdentity(servername, certificate) : undefined,
  }
}

/** A server on this machine that takes the place of every upstream, in clear text. */
export interface StandIn {
  readonly host: string
  readonly port: number
}

/** Connects to the stand-in, whatever the upstream: no request leaves the machine. */
function standInConnector({ host, port }: StandIn): SocketConnector {
  const connect = buildConnector({})
  return (options, callback) =>
    connect({ ...options, protocol: 'http:', hostname: host, port: String(port), servername: '' }, callback)
}

/** Tells how long a connection took that came about. */
function timed(connect: SocketConnector, transport: Transport, times: UpstreamObserver): Connector {
  return (options, callback) => {
    let since = performance.now()
    const socket = connect(options, (...opened) => {
      if (opened[0] === null) times.connect(transport, performance.now() - since)
      callback(...opened)
    })
    // The name has been looked up, which does not count.
    socket.once('lookup', () => {
      since = performance.now()
    })
  }
}

/** The connections to all upstreams. They outlive reloads, as long as some runtime still names the upstream. */
export class Pools {
  readonly #connectTo: readonly ConnectTo[]
  readonly #standIn: StandIn | undefined
  readonly #isOwn: OwnPorts
  /** Told what calls and connections take. */
  readonly times: UpstreamObserver | undefined
  /** Connections that have become WebSockets: no pool knows of them any more. */
  readonly tunnels = new Set<{ close(): void }>()
  readonly #pools = new Map<string, Connections>()
  /** Those that nobody asks for any more, until their last request is through. */
  readonly #closing = new Set<Connections>()
  #isOver = false

  constructor(
    connectTo: readonly ConnectTo[] = [],
    standIn?: StandIn,
    times?: UpstreamObserver,
    isOwn: OwnPorts = () => false,
  ) {
    this.#isOwn = isOwn
    this.#connectTo = connectTo
    this.#standIn = standIn
    this.times = times
  }

  /** The connections to an upstream, the first of them made when it is first asked for. */
  to(upstream: Upstream): Connections {
    return this.#pools.get(upstream.key) ?? this.#open(upstream)
  }

  #open(upstream: Upstream): Connections {
    const pool: Connections = new Connections(upstream.origin, {
      connect: noticing(this.#connector(upstream), this.#isOwn, () => {
        pool.leadsHere = true
      }),
      idleMs: upstream.idleMs,
    })
    this.#pools.set(upstream.key, pool)
    if (this.#isOver) void pool.destroy()
    return pool
  }

  #connector(upstream: Upstream): Connector {
    const connect = this.#standIn ? standInConnector(this.#standIn) : connectorFor(upstream, this.#connectTo)
    const isSecure = upstream.tls !== undefined && this.#standIn === undefined
    return this.times === undefined ? connect : timed(connect, isSecure ? 'tls' : 'plaintext', this.times)
  }

  /** Closes, once their requests are through, the pools whose upstream is not among the keys. */
  keep(keys: ReadonlySet<string>): void {
    for (const [key, pool] of this.#pools) {
      if (keys.has(key)) continue
      this.#pools.delete(key)
      void this.#close(pool)
    }
  }

  async #close(pool: Connections): Promise<void> {
    this.#closing.add(pool)
    try {
      await pool.close()
    } catch {
      // One of its connections could not be closed in order.
      await pool.destroy()
    } finally {
      this.#closing.delete(pool)
    }
  }

  /** Drops every connection, whatever is under way on it. What is sent from now on is refused. */
  async destroy(): Promise<void> {
    this.#isOver = true
    for (const tunnel of this.tunnels) tunnel.close()
    const pools = [...this.#pools.values(), ...this.#closing]
    this.#pools.clear()
    await Promise.all(pools.map(pool => pool.destroy()))
  }
}
