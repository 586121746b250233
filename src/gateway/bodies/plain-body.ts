import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import { own } from '../../config/own.ts'
import type { Exchange } from '../exchange.ts'
import { type Failure, llmRequestFailure } from '../failures.ts'
import { removeRequestHeader } from '../headers/request-edits.ts'

type Decode = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>
type ZlibDecode = (
  bytes: Buffer,
  options: { maxOutputLength: number },
  then: (error: Error | null, plain: Buffer) => void,
) => void

type DecodeAtOnce = (bytes: Buffer, options: { maxOutputLength: number }) => Buffer

/** Since Node 22.15. */
const { zstdDecompress, zstdDecompressSync } = zlib as {
  zstdDecompress?: ZlibDecode
  zstdDecompressSync?: DecodeAtOnce
}

const CODINGS: Readonly<Record<string, Decode>> = {
  gzip: promisify(zlib.gunzip),
  deflate: promisify(zlib.inflate),
  br: promisify(zlib.brotliDecompress),
  ...(zstdDecompress && { zstd: promisify(zstdDecompress) }),
}

const CODINGS_AT_ONCE: Readonly<Record<string, DecodeAtOnce>> = {
  gzip: zlib.gunzipSync,
  deflate: zlib.inflateSync,
  br: zlib.brotliDecompressSync,
  ...(zstdDecompressSync && { zstd: zstdDecompressSync }),
}

/** What a request is answered whose body cannot be read. */
export interface BodyRefusals {
  readonly tooLarge: Failure
  /** The body is not in the coding that it names. */
  readonly broken: Failure
  /** It names one that is not known here, or several. */
  readonly unknown: Failure
}

export const LLM_BODY_REFUSALS: BodyRefusals = {
  tooLarge: llmRequestFailure(413, 'request was too large'),
  broken: llmRequestFailure(400, 'failed to parse request: the body cannot be decoded'),
  unknown: llmRequestFailure(415, 'unsupported content encoding'),
}

/** The client is told no more than agentgateway tells; the log names the limit and where it is set. */
export function tooLargeFor({ bodyLimit, generation }: Exchange, refusal: Failure): Failure {
  const set = bodyLimit === undefined ? 'frontendPolicies.http.maxBufferSize' : 'policies.buffer'
  const limit = bodyLimit ?? generation.runtime.settings.maxBodyBytes
  return { ...refusal, error: `the body is larger than the ${limit} bytes of ${set}` }
}

/** The codings that lie on a body, in lower case. */
function codingsOf({ headers }: Exchange): readonly string[] {
  const named = headers['content-encoding']
  if (named === undefined) return []
  const codings = named.split(',').map(coding => coding.trim().toLowerCase())
  return codings.filter(coding => coding !== '' && coding !== 'identity')
}

/** Whether the body has to be decoded before anybody can look into it. */
export function isEncoded(exchange: Exchange): boolean {
  return codingsOf(exchange).length > 0
}

/**
 * Puts the plain body in the place of an encoded one, for requests whose body the gateway reads. It may be no larger
 * than a body that comes as it is: a few bytes can stand for gigabytes.
 */
async function decodeBody(
  exchange: Exchange,
  limit: number,
  refusals: BodyRefusals,
): Promise<Failure | undefined> {
  const [coding = '', ...others] = codingsOf(exchange)
  const decode = others.length === 0 ? own(CODINGS, coding) : undefined
  if (decode === undefined) return refusals.unknown
  try {
    exchange.body = await decode(exchange.body ?? Buffer.alloc(0), { maxOutputLength: limit })
  } catch (error) {
    return error instanceof RangeError ? refusals.tooLarge : refusals.broken
  }
  removeRequestHeader(exchange.request, 'content-encoding')
  return undefined
}

/** The plain body in place of an encoded one, at once; undefined where it cannot be read, or is too large. */
export function plainBytes(exchange: Exchange): Buffer | undefined {
  const [coding = '', ...others] = codingsOf(exchange)
  const decode = others.length === 0 ? own(CODINGS_AT_ONCE, coding) : undefined
  if (decode === undefined || exchange.body === undefined) return undefined
  try {
    return decode(exchange.body, { maxOutputLength: exchange.generation.runtime.settings.maxBodyBytes })
  } catch {
    return undefined
  }
}

/** Goes on once the body can be read. */
export function withPlainBody(
  exchange: Exchange,
  refusals: BodyRefusals,
  next: (exchange: Exchange) => void,
): void {
  if (!isEncoded(exchange)) return next(exchange)
  const limit = exchange.bodyLimit ?? exchange.generation.runtime.settings.maxBodyBytes
  void decodeBody(exchange, limit, refusals).then(failure => {
    if (exchange.isAnswered) return
    const told = failure === refusals.tooLarge ? tooLargeFor(exchange, failure) : failure
    exchange.attempt(told === undefined ? next : () => exchange.end(told))
  })
}
