import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import { own } from '../../config/own.ts'
import type { Exchange } from '../exchange.ts'
import { type Failure, llmRequestFailure } from '../failures.ts'
import { removeRequestHeader } from '../headers/request-edits.ts'

type Decode = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>

const CODINGS: Readonly<Record<string, Decode>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
}

const BROKEN = llmRequestFailure(400, 'failed to parse request: the body cannot be decoded')
const TOO_LARGE = llmRequestFailure(413, 'request was too large')

/** Whether the body has to be decoded before anybody can look into it. */
export function isEncoded({ headers, body }: Exchange): boolean {
  const coding = headers['content-encoding']
  return coding !== undefined && body !== undefined && own(CODINGS, coding.trim().toLowerCase()) !== undefined
}

/**
 * Puts the plain body in the place of an encoded one, for requests whose body the gateway reads. It may be no larger
 * than a body that comes as it is: a few bytes can stand for gigabytes.
 */
async function decodeBody(exchange: Exchange, limit: number): Promise<Failure | undefined> {
  const decode = own(CODINGS, (exchange.headers['content-encoding'] ?? '').trim().toLowerCase())
  if (decode === undefined || exchange.body === undefined) return undefined
  try {
    exchange.body = await decode(exchange.body, { maxOutputLength: limit })
  } catch (error) {
    return error instanceof RangeError ? TOO_LARGE : BROKEN
  }
  removeRequestHeader(exchange.request, 'content-encoding')
  return undefined
}

/** Goes on once the body can be read. */
export function withPlainBody(exchange: Exchange, next: (exchange: Exchange) => void): void {
  if (!isEncoded(exchange)) return next(exchange)
  const limit = exchange.bodyLimit ?? exchange.generation.runtime.settings.maxBodyBytes
  void decodeBody(exchange, limit).then(failure => {
    if (exchange.isAnswered) return
    exchange.attempt(failure === undefined ? next : () => exchange.end(failure))
  })
}
