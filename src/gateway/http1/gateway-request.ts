import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { BytePieces } from '../../byte-pieces.ts'
import type { Exchange } from '../exchange.ts'
import type { Offer } from '../websocket/offer.ts'
import type { ChunkTaker } from './chunks.ts'
import { Fields } from './fields.ts'
import type { RequestHead } from './request-head.ts'

/** Bytes of a body that are kept for somebody who is not there yet; beyond them nothing more is read. */
const MOST_KEPT = 64 * 1024

/** Takes a body, piece by piece, for the request that it is of. */
export interface BodyReader {
  onPiece(request: GatewayRequest, piece: Buffer): void
  onEnd(request: GatewayRequest): void
}

const DROP: BodyReader = { onPiece() {}, onEnd() {} }

/** A head for those who make a request by hand. */
const EMPTY: RequestHead = {
  method: 'GET',
  url: '/',
  httpVersionMinor: 1,
  rawHeaders: [],
  headers: {},
  bodyLength: 0,
  keepsAlive: true,
  offersUpgrade: false,
}

/** A client's request: its head, and its body as it comes. */
export class GatewayRequest implements ChunkTaker {
  readonly socket: Socket
  method: string
  url: string
  httpVersionMinor: 0 | 1
  rawHeaders: string[]
  headers: IncomingHttpHeaders
  exchange: Exchange | undefined = undefined
  /** It asks for a WebSocket, and nothing more comes as HTTP. */
  offer: Offer | undefined = undefined
  /** It expects something else than leave to send its body. */
  expectsOther = false
  /** All of it has come. */
  complete = false
  /** Nobody will see the rest: the client has gone, or has its answer. */
  #isGivenUp = false
  #onGivenUp: (() => void) | undefined = undefined
  #reader: BodyReader | undefined = undefined
  /** What has come of the body, as long as nobody reads it. */
  #kept: BytePieces | undefined = undefined
  #hasEnded = false
  /** Nothing more is read from the connection. */
  #isHeld = false

  /** A connection without a socket stands for one. */
  constructor(socket: Duplex, head: RequestHead = { ...EMPTY, rawHeaders: [], headers: emptyFields() }) {
    this.socket = socket as Socket
    this.method = head.method
    this.url = head.url
    this.httpVersionMinor = head.httpVersionMinor
    this.rawHeaders = head.rawHeaders
    this.headers = head.headers
  }

  /** `1.1` */
  get httpVersion(): string {
    return this.httpVersionMinor === 1 ? '1.1' : '1.0'
  }

  /** Hands the body to this one, what is here of it at once. */
  read(reader: BodyReader): void {
    this.#reader = reader
    const kept = this.#kept
    this.#kept = undefined
    // As one, for its reader may make place for another.
    if (kept !== undefined) this.onPiece(kept.take())
    if (this.#hasEnded) this.#reader?.onEnd(this)
    else this.#readOn()
  }

  /** Whoever reads the body does not go on: what comes is kept, until somebody else does. */
  stop(): void {
    this.#reader = undefined
  }

  /** Nobody wants the rest of the body, which has to be out of the way of the next request. */
  drop(): void {
    if (this.#hasEnded) return
    this.#kept = undefined
    this.#reader = DROP
    this.onGone()
    this.#readOn()
  }

  /** The body as it comes, for one who may be slow to take it. Throws when the rest will not come. */
  async *pieces(): AsyncGenerator<Buffer> {
    const here = new BytePieces()
    let wake = (): void => {}
    this.#onGivenUp = () => wake()
    this.read({
      onPiece: (_request, piece) => {
        here.add(piece)
        if (here.size > MOST_KEPT) this.#hold()
        wake()
      },
      onEnd: () => wake(),
    })
    for (;;) {
      if (here.size > 0) yield here.take()
      else if (this.#hasEnded) return
      else if (this.#isGivenUp) throw new Error('the client sends no more')
      else {
        const waited = new Promise<void>(resolve => {
          wake = resolve
        })
        this.#readOn()
        await waited
      }
    }
  }

  /** A piece of the body has come. */
  onPiece(piece: Buffer): void {
    if (this.#reader !== undefined) return this.#reader.onPiece(this, piece)
    this.#kept ??= new BytePieces()
    this.#kept.add(piece)
    if (this.#kept.size > MOST_KEPT) this.#hold()
  }

  /** There is no more of it. */
  onEnd(): void {
    this.complete = true
    this.#hasEnded = true
    // For the next request.
    this.#readOn()
    this.#reader?.onEnd(this)
  }

  #hold(): void {
    this.#isHeld = true
    this.socket.pause()
  }

  #readOn(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.socket.resume()
  }

  /** The client has gone, and the rest does not come. */
  onGone(): void {
    if (this.#hasEnded) return
    this.#isGivenUp = true
    this.#onGivenUp?.()
  }
}

function emptyFields(): IncomingHttpHeaders {
  return new Fields() as IncomingHttpHeaders
}
