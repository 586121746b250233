import type { Dispatcher } from 'undici'
import { Client } from './undici.ts'

/** Who makes a call, and is told of its answer. */
export interface Caller extends Dispatcher.DispatchHandler {
  /** What the call is made over. */
  connection?: { readonly isCut: boolean } | undefined
}

class Connection extends Client {
  isFree = false
  /** It has a socket. */
  isOpen = false
  /** Its neighbours among the free ones. */
  older: Connection | undefined = undefined
  newer: Connection | undefined = undefined

  /** Its socket has broken off, or is given up: whose call is on it hears of that once the socket has closed. */
  get isCut(): boolean {
    return !this.stats.connected
  }
}

/**
 * The connections to one upstream, as many as there are requests at a time. undici's own pool goes through all of them
 * twice for each request, which beside 1,000 open streams is 10 of 80 µs; here the one that was used last is taken.
 * One whose socket has closed while nobody used it is forgotten.
 */
export class Connections {
  readonly #origin: string
  readonly #options: Client.Options
  readonly #all = new Set<Connection>()
  /** The free one that was used last. */
  #newest: Connection | undefined
  #isOver = false
  /** One of them has turned out to lead to this gateway itself. */
  leadsHere = false
  /** Calls under way whose answers nobody waits for. */
  copies = 0

  constructor(origin: string, options: Client.Options) {
    this.#origin = origin
    this.#options = options
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Caller): void {
    const connection = this.#newest ?? this.#open()
    this.#unlink(connection)
    handler.connection = connection
    const canTakeMore = connection.dispatch(options, handler)
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
    connection.isFree = true
    connection.older = this.#newest
    if (this.#newest !== undefined) this.#newest.newer = connection
    this.#newest = connection
  }

  #forget(connection: Connection): void {
    this.#all.delete(connection)
    this.#unlink(connection)
  }

  /** Takes it out from among the free ones. */
  #unlink(connection: Connection): void {
    if (!connection.isFree) return
    const { older, newer } = connection
    if (older !== undefined) older.newer = newer
    if (newer !== undefined) newer.older = older
    else this.#newest = older
    connection.isFree = false
    connection.older = undefined
    connection.newer = undefined
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
