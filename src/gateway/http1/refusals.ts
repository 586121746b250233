import type { ChunkFault } from './chunks.ts'
import type { HeadFault } from './head-reader.ts'

/** Why a connection is ended in the midst of a request. */
export type Refusal = HeadFault | ChunkFault | 'half' | 'late' | 'lost'

/** What a client is told that is parted from in the midst of a request, and what the log says of that. */
export const REFUSALS: Readonly<Record<Refusal, readonly [status: string, why: string]>> = {
  malformed: ['400 Bad Request', 'what the client has sent is no HTTP'],
  'too-long': ['431 Request Header Fields Too Large', 'the head of the request is too long'],
  extensions: ['413 Payload Too Large', 'the chunks of the request have too many extensions'],
  trailers: ['431 Request Header Fields Too Large', 'the request has too many trailers'],
  half: ['400 Bad Request', 'client disconnected'],
  late: ['408 Request Timeout', 'the request did not come in time'],
  lost: [
    '413 Payload Too Large',
    'the request came ahead of the answers before its own, and not all of it was kept',
  ],
}
