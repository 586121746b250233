import type { Readable } from 'node:stream'
import { CallConnection, type CallOwner } from './call-connection.ts'
import { callHead } from './call-head.ts'
import type { Call, Caller } from './caller.ts'
import { FreeList } from './free-list.ts'
import { type Connector, errors } from './undici.ts'

/** A call whose body is here. */
export type WholeCall = Call & { readonly body: Exclude<Call['body'], Readable> }

/** The connections to one upstream over which whole calls go, as many as there are at a time. */
export class CallConnections implements CallOwner {
  readonly idleMs: number
  readonly #url: URL
  readonly #connect: Connector
  readonly #all = new Set<CallConnection>()
  readonly #free = new FreeList<CallConnection>()
  #sweep: NodeJS.Timeout | undefined
  /** When it looks next, by `performance.now()`. */
  #sweepAt = 0
  /** What calls are told from now on. */
  #over: Error | undefined
  #emptied: Promise<void> | undefined
  #onEmpty: (() => void) | undefined

  constructor(origin: string, connect: Connector, idleMs: number) {
    this.#url = new URL(origin)
    this.#connect = connect
    this.idleMs = idleMs
  }

  /** Those there are, free or not. */
  get count(): number {
    return this.#all.size
  }

  dispatch(call: WholeCall, caller: Caller): void {
    if (this.#over !== undefined) return caller.onError(this.#over)
    const { body } = call
    try {
      const head = callHead(call, body?.length ?? 0, this.#url.host)
      const connection = this.#take() ?? this.#open()
      caller.connection = connection
      connection.make({
        head,
        body: body?.length === 0 ? null : body,
        isHead: call.method === 'HEAD',
        caller,
      })
    } catch (error) {
      caller.onError(error as Error)
    }
  }

  #take(): CallConnection | undefined {
    for (;;) {
      const { newest } = this.#free
      if (newest === undefined) return undefined
      this.#free.remove(newest)
      if (newest.idleUntil > performance.now() && !newest.isCut) return newest
      newest.drop(IDLE)
    }
  }

  #open(): CallConnection {
    const connection = new CallConnection(this)
    this.#all.add(connection)
    return connection
  }

  connect(callback: Parameters<Connector>[1]): void {
    const { protocol, host, port } = this.#url
    const hostname = this.#url.hostname.replace(/^\[(.*)\]$/, '$1')
    this.#connect({ protocol, host, hostname, port, servername: '', localAddress: null }, callback)
  }

  onFree(connection: CallConnection): void {
    if (this.#over !== undefined) return connection.drop(this.#over)
    this.#free.add(connection)
    if (this.#sweep === undefined || connection.idleUntil < this.#sweepAt) this.#sweepBy(connection.idleUntil)
  }

  onGone(connection: CallConnection): void {
    this.#free.remove(connection)
    this.#all.delete(connection)
    if (this.#all.size === 0) this.#onEmpty?.()
  }

  #sweepBy(time: number): void {
    clearTimeout(this.#sweep)
    this.#sweepAt = time
    this.#sweep = setTimeout(this.#dropIdle, Math.max(1, Math.ceil(time - performance.now()))).unref()
  }

  /** Closes what nobody has used for too long: one timer is for all of them. */
  readonly #dropIdle = (): void => {
    this.#sweep = undefined
    const now = performance.now()
    let next = Number.POSITIVE_INFINITY
    for (let one = this.#free.oldest; one !== undefined; ) {
      const { newer } = one
      if (one.idleUntil <= now) one.drop(IDLE)
      else next = Math.min(next, one.idleUntil)
      one = newer
    }
    if (next < Number.POSITIVE_INFINITY) this.#sweepBy(next)
  }

  /** Closes each once its call is through. What is called from now on is refused. */
  async close(): Promise<void> {
    this.#over ??= new errors.ClientClosedError()
    for (let one = this.#free.oldest; one !== undefined; one = this.#free.oldest) one.drop(this.#over)
    await this.#empty()
  }

  /** Resolves when none is left. */
  async #empty(): Promise<void> {
    if (this.#all.size === 0) return
    this.#emptied ??= new Promise(resolve => {
      this.#onEmpty = resolve
    })
    await this.#emptied
  }

  /** Drops them all, whatever is under way. What is called from now on is refused. */
  async destroy(): Promise<void> {
    const reason = new errors.ClientDestroyedError()
    this.#over = reason
    clearTimeout(this.#sweep)
    for (const connection of this.#all) connection.drop(reason)
    await this.#empty()
  }
}

const IDLE = new errors.InformationalError('idle')
