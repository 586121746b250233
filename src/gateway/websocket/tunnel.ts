import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** How long a side may take to close, once it has got all there is or the gateway goes, in milliseconds. */
const PARTING_MS = 10_000

/** After so much silence TCP asks whether the other side is still there; nobody else would notice. */
const KEEP_ALIVE_MS = 60_000

export type Side = 'client' | 'upstream'

/** What the bytes for the client go through on their way. */
export interface Passage {
  /** What can be sent by now. */
  push(chunk: Buffer): Buffer
  /** What was held back, now that nothing more comes. */
  end(): Buffer
  /** One of the two has broken off. */
  onBroken(side: Side, error: Error): void
}

/**
 * Carries bytes both ways, no more of them than each side takes. No time limit applies as long as both are there. An end
 * is passed on behind what was sent before it; when one side breaks off, so does the other.
 */
export class Tunnel {
  readonly #client: Duplex
  readonly #upstream: Duplex
  readonly #passage: Passage
  #parting: NodeJS.Timeout | undefined

  /** `early` is what the client has sent by now. */
  constructor(client: Duplex, upstream: Duplex, early: readonly Buffer[], passage: Passage) {
    this.#client = client
    this.#upstream = upstream
    this.#passage = passage
    for (const chunk of early) upstream.write(chunk)
    client.pipe(upstream)
    upstream.on('data', (chunk: Buffer) => this.#passDown(chunk))
    upstream.once('end', () => {
      // Unless the gateway has ended it by now: to write behind that would cut off what is on its way.
      if (!client.writableEnded) client.end(passage.end())
    })
    client.on('drain', () => {
      this.#parting?.refresh()
      upstream.resume()
    })
    // Behind `pipe`, which stops reading where it can write no more: an end would not be seen.
    this.#attend(client, 'client', upstream)
    this.#attend(upstream, 'upstream', client)
  }

  #attend(socket: Duplex, side: Side, other: Duplex): void {
    if ('setKeepAlive' in socket) {
      const wire = socket as Socket
      wire.setTimeout(0)
      wire.setKeepAlive(true, KEEP_ALIVE_MS)
    }
    socket.on('error', error => this.#passage.onBroken(side, error))
    // It has got all there is.
    socket.once('finish', () => this.#part())
    socket.once('close', () => {
      if (other.destroyed) return clearTimeout(this.#parting)
      if (!socket.readableEnded) return void other.destroy()
      if (side === 'client') this.#part()
      other.resume()
    })
  }

  #passDown(chunk: Buffer): void {
    if (this.#client.destroyed) return
    this.#parting?.refresh()
    const shown = this.#passage.push(chunk)
    if (shown.length > 0 && !this.#client.write(shown)) this.#upstream.pause()
  }

  #part(): void {
    if (this.#client.destroyed && this.#upstream.destroyed) return
    this.#parting ??= setTimeout(() => this.destroy(), PARTING_MS)
  }

  /** The gateway stops: both are told so, the client with these last bytes. */
  close(last: Buffer): void {
    this.#client.unpipe(this.#upstream).resume()
    this.#upstream.end()
    if (!this.#client.writableEnded) this.#client.end(last)
    this.#upstream.removeAllListeners('data').resume()
    this.#part()
  }

  destroy(): void {
    clearTimeout(this.#parting)
    this.#client.destroy()
    this.#upstream.destroy()
  }
}
