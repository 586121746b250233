import { fstatSync } from 'node:fs'
import { AgwError } from '../errors.ts'

/** Reads a pipe to its end; more than `maxBytes` is refused. */
export async function readStdin(stdin: NodeJS.ReadStream, maxBytes: number): Promise<Buffer> {
  const bytes = await readStdinUpTo(stdin, maxBytes + 1)
  if (bytes.length <= maxBytes) return bytes
  throw new AgwError('USAGE', `standard input holds more than ${maxBytes / 1024} KiB`, {
    hint: 'is this the right file?',
  })
}

/** Reads a pipe to its end, or until at least `bytes` were read; whoever asked judges what is longer. */
export async function readStdinUpTo(stdin: NodeJS.ReadStream, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stdin) {
    chunks.push(Buffer.from(chunk as Buffer))
    size += chunks.at(-1)?.length ?? 0
    if (size >= bytes) break
  }
  return Buffer.concat(chunks)
}

/**
 * Something may wait in standard input: it is a pipe, or a file that is not empty. Nothing is read: a pipe may stay open
 * without a word in it, and what it holds may be the script that we are a line of.
 */
export function mayHoldInput(stdin: { readonly fd: number; readonly isTTY?: boolean }): boolean {
  if (stdin.isTTY === true) return false
  try {
    const stat = fstatSync(stdin.fd)
    return stat.isFIFO() || stat.isSocket() || (stat.isFile() && stat.size > 0)
  } catch {
    return false
  }
}
