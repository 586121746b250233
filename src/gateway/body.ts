import { Readable } from 'node:stream'
import type { Exchange, GatewayRequest } from './exchange.ts'

/** A request body on its way in. */
export class Gathering {
  readonly limit: number
  readonly done: (exchange: Exchange) => void
  readonly tooLarge: (exchange: Exchange, gathering: Gathering) => void
  readonly chunks: Buffer[] = []
  size = 0

  constructor(
    limit: number,
    done: (exchange: Exchange) => void,
    tooLarge: (exchange: Exchange, gathering: Gathering) => void,
  ) {
    this.limit = limit
    this.done = done
    this.tooLarge = tooLarge
  }

  /** What came so far and what still comes, for an upstream that takes bodies of any size. */
  rest(exchange: Exchange): Readable {
    exchange.inviteBody()
    return Readable.from(both(this.chunks, exchange.request), { objectMode: false })
  }
}

async function* both(chunks: readonly Buffer[], request: GatewayRequest): AsyncGenerator<Buffer> {
  yield* chunks
  for await (const chunk of request) yield chunk as Buffer
}

/** Calls `done` with the whole body in `exchange.body`, or `tooLarge` as soon as it is known to exceed the limit. */
export function gatherBody(exchange: Exchange, gathering: Gathering): void {
  const { request } = exchange
  const declared = request.headers['content-length']
  if (declared === undefined && request.headers['transfer-encoding'] === undefined) {
    gathering.done(exchange)
  } else if (declared !== undefined && Number(declared) > gathering.limit) {
    gathering.tooLarge(exchange, gathering)
  } else {
    exchange.gathering = gathering
    exchange.inviteBody()
    request.on('data', onData)
    request.on('end', onEnd)
  }
}

function onData(this: GatewayRequest, chunk: Buffer): void {
  const { exchange } = this
  const gathering = exchange?.gathering
  if (exchange === undefined || gathering === undefined) return
  gathering.chunks.push(chunk)
  gathering.size += chunk.length
  if (gathering.size <= gathering.limit) return
  stop(this)
  gathering.tooLarge(exchange, gathering)
}

function onEnd(this: GatewayRequest): void {
  const { exchange } = this
  const gathering = exchange?.gathering
  if (exchange === undefined || gathering === undefined) return
  exchange.gathering = undefined
  const [only] = gathering.chunks
  exchange.body = gathering.chunks.length === 1 ? only : Buffer.concat(gathering.chunks, gathering.size)
  gathering.done(exchange)
}

function stop(request: GatewayRequest): void {
  request.pause()
  request.off('data', onData)
  request.off('end', onEnd)
}
