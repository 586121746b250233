import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'

/** The largest request body, as sent and after decompression: 32 MiB. */
export const BODY_LIMIT = 32 * 1024 * 1024

/** A request body: its size as sent, and the bytes unless it was too large. */
export interface Gathered {
  readonly size: number
  readonly bytes: Buffer | undefined
}

/** Reads a whole body, decompressed; `undefined` when the client went away before its end. */
export async function gather(request: IncomingMessage): Promise<Gathered | undefined> {
  const sent = await read(request)
  if (!sent?.bytes || request.headers['content-encoding'] !== 'gzip') return sent
  try {
    return { size: sent.size, bytes: await promisify(gunzip)(sent.bytes, { maxOutputLength: BODY_LIMIT }) }
  } catch (error) {
    const tooLarge = error instanceof RangeError
    return { size: sent.size, bytes: tooLarge ? undefined : sent.bytes }
  }
}

/**
 * A body over the limit is read to its end and dropped: answering in the middle would reset the connection of a client
 * that is still sending, and it would never see the answer.
 */
function read(request: IncomingMessage): Promise<Gathered | undefined> {
  return new Promise(resolve => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= BODY_LIMIT) chunks.push(chunk)
      else chunks.length = 0
    })
    request.on('end', () => resolve({ size, bytes: size <= BODY_LIMIT ? Buffer.concat(chunks) : undefined }))
    request.on('error', () => resolve(undefined))
    request.on('close', () => resolve(undefined))
  })
}
