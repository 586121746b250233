import { Readable } from 'node:stream'
import { BytePieces } from '../../byte-pieces.ts'
import type { Exchange } from '../exchange.ts'
import type { BodyReader, GatewayRequest } from '../http1/gateway-request.ts'

/** A request body on its way in. */
export class Gathering {
  readonly limit: number
  readonly done: (exchange: Exchange) => void
  readonly tooLarge: (exchange: Exchange) => void
  pieces = new BytePieces()
  /** Bytes that the client has announced; -1 when it sends chunks until it is done. */
  announced = -1
  #passedOn = 0

  constructor(limit: number, done: (exchange: Exchange) => void, tooLarge: (exchange: Exchange) => void) {
    this.limit = limit
    this.done = done
    this.tooLarge = tooLarge
  }

  /** Goes on where another gathering has stopped. */
  takeOver(before: Gathering): void {
    this.pieces = before.pieces
  }

  /** Bytes of the body: as many as are announced, or else as have come. */
  get size(): number {
    return Math.max(this.announced, this.pieces.size + this.#passedOn)
  }

  /** What came so far and what still comes, for an upstream that takes bodies of any size. */
  rest(exchange: Exchange): Readable {
    exchange.inviteBody()
    return Readable.from(this.#all(exchange.request), { objectMode: false })
  }

  async *#all(request: GatewayRequest): AsyncGenerator<Buffer> {
    try {
      yield* this.pieces.list
      for await (const chunk of request.pieces()) {
        this.#passedOn += chunk.length
        yield chunk
      }
    } finally {
      // An upstream may answer before it has read everything. The client is to hear that answer, and the rest of its
      // body must be out of the way for its next request.
      request.drop()
    }
  }
}

/**
 * Waits for the whole body, for those who look into it before it is known where the request goes. Undefined when there
 * is nothing to wait for. A body that is too large is not there afterwards, but none of it is lost.
 */
export function awaitBody(exchange: Exchange, limit: number): Promise<void> | undefined {
  if (exchange.body !== undefined || hasNoBody(exchange.request)) return undefined
  return new Promise(resolve => {
    const settle = (): void => resolve()
    gatherBody(exchange, new Gathering(limit, settle, settle))
  })
}

/** By what its head says. */
export function hasNoBody({ headers }: GatewayRequest): boolean {
  const length = headers['content-length']
  return length === undefined ? headers['transfer-encoding'] === undefined : Number(length) === 0
}

/** Calls `done` with the whole body in `exchange.body`, or `tooLarge` once it is known to exceed the limit. */
export function gatherBody(exchange: Exchange, gathering: Gathering): void {
  const { request } = exchange
  if (exchange.body !== undefined || hasNoBody(request)) {
    gathering.done(exchange)
    return
  }
  const length = request.headers['content-length']
  if (length !== undefined) gathering.announced = Number(length)
  const before = exchange.gathering
  // Somebody has looked at it before, and found it too large.
  if (before !== undefined) gathering.takeOver(before)
  exchange.gathering = gathering
  if (gathering.announced > gathering.limit || gathering.pieces.size > gathering.limit) {
    gathering.tooLarge(exchange)
    return
  }
  exchange.inviteBody()
  request.read(GATHER)
}

const GATHER: BodyReader = { onPiece, onEnd }

function onPiece(request: GatewayRequest, chunk: Buffer): void {
  const { exchange } = request
  const gathering = exchange?.gathering
  if (exchange === undefined || gathering === undefined) return
  const { pieces } = gathering
  pieces.add(chunk)
  if (pieces.size === gathering.announced) finish(exchange, gathering)
  else if (pieces.size > gathering.limit) {
    request.stop()
    exchange.attempt(gathering.tooLarge)
  }
}

/** A body of known length is here with its last byte; of the other kind this tells. */
function onEnd({ exchange }: GatewayRequest): void {
  if (exchange?.gathering !== undefined) finish(exchange, exchange.gathering)
}

function finish(exchange: Exchange, gathering: Gathering): void {
  exchange.gathering = undefined
  exchange.body = gathering.pieces.whole()
  exchange.attempt(gathering.done)
}
