import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { AskedName, PortTls } from './server-tls.ts'

/** By which roots the clients of a port were let in, where they had to show a certificate. */
export class ClientRoots {
  readonly #now: () => PortTls
  readonly #met = new WeakMap<Duplex, PortTls>()
  readonly #judged = new WeakMap<Duplex, { readonly name: AskedName; readonly roots: ReadonlySet<string> }>()

  /** `now` are the certificates by which a client that comes now is judged. */
  constructor(now: () => PortTls) {
    this.#now = now
  }

  /** A connection has come, and its handshake begins. */
  meet(connection: Duplex): void {
    this.#met.set(connection, this.#now())
  }

  /** The handshake over a connection is over. */
  admit(secure: TLSSocket, connection: Duplex | undefined): void {
    const tls = (connection && this.#met.get(connection)) ?? this.#now()
    const name = secure.servername
    const roots = tls.rootsFor(name)
    if (roots.size > 0) this.#judged.set(secure, { name, roots })
  }

  /** One of the roots that it may have been let in by does not count any more. */
  isOutdated(socket: Duplex): boolean {
    const judged = this.#judged.get(socket)
    if (judged === undefined) return false
    const { name, roots } = judged
    const counting = this.#now().rootsFor(name)
    return roots !== counting && ![...roots].every(root => counting.has(root))
  }
}
