import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { AgwError } from '../errors.ts'
import { Generation } from './generation.ts'
import { KeptStates } from './kept.ts'
import { accept, noteRefused } from './proxy.ts'
import { listenerShown } from './routing/listeners.ts'
import { type Bind, type Runtime, upstreamsOf } from './runtime.ts'
import type { ConnectionObserver } from './server/client-connections.ts'
import { Port, type SlowClients } from './server/port.ts'
import type { AccessEvent } from './telemetry/access-event.ts'
import type { UpstreamObserver } from './telemetry/upstream-times.ts'
import type { Outcome, Standing } from './traffic/health.ts'
import { type Limits, LocalLimits } from './traffic/limits.ts'
import { SharedHealth } from './traffic/shared-health.ts'
import type { ConnectTo } from './upstream/connect-to.ts'
import { Pools, type StandIn } from './upstream/pools.ts'

export interface GatewayOptions {
  /** Address to listen on, 127.0.0.1 unless set. */
  readonly host?: string
  readonly connectTo?: readonly ConnectTo[]
  /** A server on this machine that takes the place of every upstream, in clear text. */
  readonly standIn?: StandIn
  /** Told after each answer has gone; must not throw. */
  readonly onAccess?: (event: AccessEvent) => void
  readonly onConnection?: ConnectionObserver
  /** Told what calls and connections to upstreams take. */
  readonly onUpstream?: UpstreamObserver
  /** Asked once for each request that is over: whether its event shall tell how it came about. */
  readonly wantsDebug?: (() => boolean) | undefined
  /** Likewise, and whether that went wrong: whether it shall tell what the config changes in its line. It does, unless set. */
  readonly wantsLine?: ((isWrong: boolean) => boolean) | undefined
  /** Whether events shall tell the labels that the config adds to metrics. They do, unless this is false. */
  readonly wantsLabels?: boolean | undefined
  /** Where the buckets of rate limits are, if not in this process. */
  readonly limits?: Limits
  /** Told how a call of a backend went, where it matters to others who call it; must not throw. */
  readonly onOutcome?: (backend: string, outcome: Outcome) => void
  /** What others who call the same backends know of them. */
  readonly health?: ReadonlyMap<string, Standing>
  /** Told what goes wrong beside requests; must not throw. */
  readonly onNote?: (message: string) => void
  /** A configured port → the port to listen on instead; 0 lets the system choose. */
  readonly ports?: ReadonlyMap<number, number>
  /** Opens no port at all: clients come in by `connect`. */
  readonly inMemory?: boolean
  /** Another process has the ports, and hands over who comes to them. */
  readonly sharesPorts?: boolean
  /** How long clients may take to send what they have to. */
  readonly slowClients?: Partial<SlowClients>
}

/** A port that is open. */
export interface ListeningAddress {
  /** `bind/3000` */
  readonly bind: string
  /** The port listened on, which `ports` may have changed. */
  readonly port: number
  /** As the system has it: `0.0.0.0` is every address of the machine. */
  readonly address: string
  readonly scheme: 'http' | 'https'
}

export interface Gateway {
  readonly addresses: readonly ListeningAddress[]
  /** A client's connection to a port of the config (the first one unless given) that needs no socket. */
  connect(port?: number): Duplex
  /**
   * Serves new requests by the new runtime; those under way finish on theirs. Opens and closes ports as needed; when
   * one cannot be opened it throws PORT_TAKEN and everything goes on as before.
   */
  reload(runtime: Runtime): Promise<void>
  /** Takes in how a call of a backend went that somebody else has made, as `onOutcome` of theirs has told it. */
  learn(backend: string, outcome: Outcome): void
  /**
   * Stops listening and waits for the requests under way, at most `drainMs` (the config's deadline unless given);
   * then cuts off what is left.
   */
  close(options?: { readonly drainMs?: number }): Promise<void>
}

/** The head as Node has it, the whole request long enough for a large upload, the handshake as agentgateway has it. */
const SLOW_CLIENTS: SlowClients = { headMs: 60_000, requestMs: 300_000, handshakeMs: 15_000, checkMs: 5000 }

/** Listens on every bind of the runtime. Throws PORT_TAKEN. */
export async function startGateway(runtime: Runtime, options: GatewayOptions = {}): Promise<Gateway> {
  const gateway = new RunningGateway(runtime, options)
  await gateway.open(runtime.binds)
  gateway.begin()
  return gateway
}

class RunningGateway implements Gateway {
  readonly #options: GatewayOptions
  readonly #host: string
  readonly #pools: Pools
  readonly #states = new KeptStates()
  readonly #health = new SharedHealth(this.#states)
  readonly #limits: Limits
  /** By configured port. */
  readonly #ports = new Map<number, Port>()
  /** Those that a reload has closed, as long as they have requests under way. */
  readonly #leaving = new Set<Port>()
  /** Replaced runtimes that still have requests under way. */
  readonly #retired = new Set<Generation>()
  #current: Generation
  /** Of a reload that is under way: who comes to a port that it has opened is served by it. */
  #next: Generation | undefined

  constructor(runtime: Runtime, options: GatewayOptions) {
    this.#options = options
    this.#host = options.host ?? '127.0.0.1'
    this.#limits = options.limits ?? new LocalLimits(this.#states)
    this.#pools = new Pools(options.connectTo ?? [], options.standIn, options.onUpstream, port =>
      [...this.#ports.values()].some(({ number }) => number === port),
    )
    this.#current = this.#generation(runtime)
    if (options.health !== undefined) this.#health.resume(runtime.kept, options.health)
  }

  get addresses(): readonly ListeningAddress[] {
    return [...this.#ports.values()].map(({ bind, number, address, isSecure }) => ({
      bind,
      port: number,
      address: address ?? this.#host,
      scheme: isSecure ? 'https' : 'http',
    }))
  }

  connect(port?: number): Duplex {
    const open = port === undefined ? [...this.#ports.values()][0] : this.#ports.get(port)
    if (open === undefined) throw new AgwError('USAGE', `the config has no port ${port ?? ''}`)
    return open.connect()
  }

  #generation(runtime: Runtime): Generation {
    return new Generation(
      runtime,
      this.#pools,
      this.#states,
      this.#limits,
      generation => this.#onIdle(generation),
      this.#options,
    )
  }

  /** Lets begin what policies want to have in time. Not where no call is to leave, nor for a client that comes once. */
  begin(): void {
    const { inMemory, standIn } = this.#options
    if (inMemory === true || standIn !== undefined) return
    this.#states.begin(this.#current.runtime.kept, message => this.#options.onNote?.(message))
  }

  /** Opens all of the binds or none. */
  async open(binds: readonly Bind[]): Promise<void> {
    const opened = new Map<number, Port>()
    try {
      for (const bind of binds) opened.set(bind.port, await this.#listen(bind))
    } catch (error) {
      await Promise.all([...opened.values()].map(port => port.close(0)))
      throw error
    }
    for (const [number, port] of opened) this.#ports.set(number, port)
  }

  async #listen(bind: Bind): Promise<Port> {
    const port = this.#options.inMemory ? undefined : (this.#options.ports?.get(bind.port) ?? bind.port)
    // One that goes may still be meeting clients there.
    for (const leaving of this.#leaving) if (leaving.number === port) await leaving.deaf
    const idleMs = this.#current.runtime.settings.clientIdleMs
    const { inMemory, onConnection, slowClients, sharesPorts: isShared } = this.#options
    // Asked anew for every connection, so that a reload renews certificates without closing the port.
    const own = inMemory === true ? undefined : bind.tls
    const tls = own && (() => this.#current.bind(bind.port)?.tls?.ifAsksAs(own) ?? own)
    const slow = { ...SLOW_CLIENTS, ...slowClients }
    const listenerOf = (socket: TLSSocket): string | undefined =>
      listenerShown(this.#current.bind(bind.port) ?? bind, socket)?.name
    return Port.open(
      { bind: bind.key, host: this.#host, port, idleMs, tls, slow, listenerOf, onConnection, isShared },
      {
        accept: (request, response, expectsContinue) =>
          accept(this.#serving(bind.port), bind.port, request, response, expectsContinue),
        onRefused: (response, since) => noteRefused(this.#serving(bind.port), bind.port, response, since),
      },
    )
  }

  #serving(port: number): Generation {
    if (this.#next === undefined || this.#current.bind(port) !== undefined) return this.#current
    return this.#next
  }

  /**
   * A port that goes from clear text to TLS or back, or begins or ceases to ask clients for certificates, is closed
   * first: it cannot be both for a while. Returns what is served on these now.
   */
  #closeChanged(runtime: Runtime): Bind[] {
    const before: Bind[] = []
    for (const { port: number, tls } of runtime.binds) {
      const port = this.#ports.get(number)
      if (port === undefined || this.#options.inMemory || port.canServe(tls)) continue
      const bind = this.#current.bind(number)
      if (bind !== undefined) before.push(bind)
      this.#letGo(number, port, runtime)
    }
    return before
  }

  /** Closes a port that the next config has no use for; nobody waits for it unless the gateway closes, too. */
  #letGo(number: number, port: Port, { settings }: Runtime): void {
    this.#ports.delete(number)
    this.#leaving.add(port)
    void port.close(settings.drainMs).then(() => this.#leaving.delete(port))
  }

  async #openAnew(runtime: Runtime): Promise<void> {
    const missing = (binds: readonly Bind[]) => binds.filter(bind => !this.#ports.has(bind.port))
    const added = missing(runtime.binds)
    await this.open(added)
    const closed = this.#closeChanged(runtime)
    try {
      await this.open(missing(runtime.binds))
    } catch (error) {
      // As it was before, as far as others have not taken the ports meanwhile.
      await this.#closeAll(added)
      for (const bind of closed) await this.open([bind]).catch(() => {})
      throw error
    }
  }

  async #closeAll(binds: readonly Bind[]): Promise<void> {
    for (const { port: number } of binds) {
      const port = this.#ports.get(number)
      this.#ports.delete(number)
      await port?.close(0)
    }
  }

  async reload(runtime: Runtime): Promise<void> {
    const next = this.#generation(runtime)
    this.#next = next
    try {
      await this.#openAnew(runtime)
    } catch (error) {
      this.#next = undefined
      this.#retire(next)
      throw error
    }
    const previous = this.#current
    this.#current = next
    this.#next = undefined
    this.begin()
    this.#retire(previous)
    const wanted = new Set(runtime.binds.map(bind => bind.port))
    for (const [number, port] of this.#ports) {
      port.idleMs = runtime.settings.clientIdleMs
      const tls = this.#current.bind(number)?.tls
      if (tls !== undefined) port.renewTls(tls)
      if (!wanted.has(number)) this.#letGo(number, port, runtime)
    }
  }

  learn(backend: string, outcome: Outcome): void {
    this.#health.learn(this.#current.runtime.kept, backend, outcome)
  }

  #retire(generation: Generation): void {
    this.#retired.add(generation)
    if (generation.active === 0) this.#onIdle(generation)
  }

  /** The last request of a generation is over; if it was replaced, connections and states that only it used can go. */
  #onIdle(generation: Generation): void {
    if (!this.#retired.delete(generation)) return
    const serving = [this.#current, ...(this.#next === undefined ? [] : [this.#next]), ...this.#retired]
    this.#pools.keep(
      new Set(serving.flatMap(({ runtime }) => upstreamsOf(runtime).map(upstream => upstream.key))),
    )
    this.#states.keep(new Set(serving.flatMap(({ runtime }) => runtime.kept.map(({ id }) => id))))
  }

  async close(options: { readonly drainMs?: number } = {}): Promise<void> {
    const drainMs = options.drainMs ?? this.#current.runtime.settings.drainMs
    const ports = [...this.#ports.values(), ...this.#leaving]
    this.#ports.clear()
    // Whoever still waits for an upstream then is told so, as long as no answer has begun.
    const giveUp = (): void => void this.#pools.destroy()
    await Promise.all(ports.map(port => port.close(drainMs, giveUp)))
    await this.#pools.destroy()
    this.#states.keep(new Set())
  }
}
