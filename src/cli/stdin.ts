import { AgwError } from '../errors.ts'

/** Reads a pipe to its end; more than `maxBytes` is refused. */
export async function readStdin(stdin: NodeJS.ReadStream, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk as Buffer)
    size += bytes.length
    if (size > maxBytes) {
      throw new AgwError('USAGE', `standard input holds more than ${maxBytes / 1024} KiB`, {
        hint: 'is this the right file?',
      })
    }
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}
