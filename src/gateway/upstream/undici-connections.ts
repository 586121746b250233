import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Call, Caller } from './caller.ts'
import { FreeList, type Listed } from './free-list.ts'
import { Client, type Connector } from './undici.ts'

class Connection extends Client implements Listed<Connection> {
  isFree = false
  /** It has a socket. */
  isOpen = false
  older: Connection | undefined = undefined
  newer: Connection | undefined = undefined

  /** Its socket has broken off, or is given up: whose call is on it hears of that once the socket has closed. */
  get isCut(): boolean {
    return !this.stats.connected
  }
}

/** Tells a caller what undici tells. */
class Told implements Dispatcher.DispatchHandler {
  readonly #caller: Caller

  constructor(caller: Caller) {
    this.#caller = caller
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#caller.onConnect(abort)
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void, statusText: string): boolean {
    return this.#caller.onHeaders(status, textsOf(headers), resume, statusText)
  }

  onUpgrade(status: number, headers: Buffer[] | string[] | null, socket: Duplex): void {
    this.#caller.onUpgrade?.(status, textsOf(headers), socket)
  }

  onData(piece: Buffer): boolean {
    return this.#caller.onData(piece)
  }

  onComplete(): void {
    this.#caller.onComplete()
  }

  onError(error: Error): void {
    this.#caller.onError(error)
  }
}

function textsOf(bytes: readonly Buffer[] | readonly string[] | null): string[] {
  return (bytes ?? []).map(part => part.toString('latin1'))
}

/**
 * The connections to one upstream over which undici makes calls: those whose body is a stream, and WebSockets. There are as
 * many as there are requests at a time. One whose socket has closed while nobody used it is forgotten.
 */
export class UndiciConnections {
  readonly #origin: string
  readonly #options: Client.Options
  readonly #all = new Set<Connection>()
  readonly #free = new FreeList<Connection>()
  #isOver = false

  constructor(origin: string, connect: Connector, keepAliveTimeout: number) {
    this.#origin = origin
    // The compiled route has its own deadlines, and a model may think for longer than any default.
    this.#options = { connect, keepAliveTimeout, headersTimeout: 0, bodyTimeout: 0 }
  }

  dispatch(call: Call, caller: Caller): void {
    const connection = this.#free.newest ?? this.#open()
    this.#free.remove(connection)
    caller.connection = connection
    const canTakeMore = connection.dispatch({ ...call, headers: [...call.headers] }, new Told(caller))
    // A request that cannot be written is refused at once, and nothing would tell that the connection is free again.
    if (canTakeMore || connection.stats.size === 0) this.#release(connection)
  }

  #open(): Connection {
    const connection = new Connection(this.#origin, this.#options)
    if (this.#isOver) {
      // What is sent on it is refused, as on those that were there.
      void connection.destroy()
      return connection
    }
    this.#all.add(connection)
    connection.on('drain', () => {
      // Told late where a request was refused within its call: the next one may have the connection by now.
      if (connection.stats.size === 0) this.#release(connection)
    })
    connection.on('connect', () => {
      connection.isOpen = true
    })
    connection.on('disconnect', (_origin, _targets, error) => {
      connection.isOpen = false
      if (connection.isFree) this.#forget(connection)
      else if (isAbort(error)) {
        this.#forget(connection)
        void connection.destroy()
      }
    })
    // undici's pool leaves out what could not connect, too: a new one begins with a clean state.
    connection.on('connectionError', () => this.#forget(connection))
    return connection
  }

  #release(connection: Connection): void {
    if (connection.isFree || !this.#all.has(connection)) return
    if (!connection.isOpen) return this.#forget(connection)
    this.#free.add(connection)
  }

  #forget(connection: Connection): void {
    this.#all.delete(connection)
    this.#free.remove(connection)
  }

  /** Those there are, free or not. */
  get count(): number {
    return this.#all.size
  }

  /** Closes each once its request is through. What is sent from now on is refused. */
  async close(): Promise<void> {
    this.#isOver = true
    await Promise.all([...this.#all].map(connection => connection.close()))
  }

  /** Drops them all, whatever is under way. What is sent from now on is refused. */
  async destroy(): Promise<void> {
    this.#isOver = true
    await Promise.all([...this.#all].map(connection => connection.destroy()))
  }
}

/** A request was given up, and its socket with it. undici would open another one for it, to find nothing to send. */
function isAbort(error: Error & { readonly code?: string }): boolean {
  return error.code === 'UND_ERR_INFO' && error.message === 'aborted'
}
