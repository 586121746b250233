import { type Failure, failure } from '../failures.ts'
import type { ChunkFault } from './chunks.ts'
import type { HeadFault } from './head-reader.ts'

/** Why a connection is ended in the midst of a request. */
type Refusal = HeadFault | ChunkFault | 'half' | 'late' | 'lost'

const refusal = (status: number, body: string): Failure => failure(status, 'InvalidRequest', body)

/** What a client is told that is parted from in the midst of a request; the log says the same, unless there is an `error`. */
export const REFUSALS: Readonly<Record<Refusal, Failure>> = {
  malformed: refusal(400, 'the request is no well-formed HTTP/1.1'),
  'too-long': refusal(431, 'the head of the request is too long'),
  extensions: refusal(413, 'the chunks of the request have too many extensions'),
  trailers: refusal(431, 'the request has too many trailers'),
  half: { ...refusal(400, 'the request has no end'), error: 'client disconnected' },
  late: refusal(408, 'the request did not come in time'),
  lost: refusal(413, 'the request came ahead of the answers before its own, and not all of it was kept'),
}

/** Who is cut off by a port that has closed before there was an answer, and what the log says of anybody else. */
export const CLOSED = failure(503, 'Internal', 'the gateway has closed the port')

/** Who takes nothing of an answer is told nothing; the log says this. */
export const STILL = { reason: 'InvalidRequest', error: 'the client takes nothing of its answer' } as const
