import { hash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'

/** Clocks of other machines' file systems, and file systems that count in whole seconds. Milliseconds. */
const SLACK_MS = 2000

/**
 * Whether any of the files may hold something else since a time in milliseconds. They come with the SHA-256, in hex, of
 * what was read of them; where that is not known, a file that may have been written since counts. Those that are not
 * there do not count.
 */
export async function changedSince(
  files: ReadonlyMap<string, string | undefined>,
  time: number,
): Promise<boolean> {
  const isChanged = async ([path, read]: [string, string | undefined]): Promise<boolean> => {
    if ((await writtenAt(path)) < time - SLACK_MS) return false
    return read === undefined || read !== (await hashOf(path))
  }
  const changes = await Promise.all([...files].map(isChanged))
  return changes.includes(true)
}

function writtenAt(path: string): Promise<number> {
  return stat(path).then(
    ({ ctimeMs, mtimeMs }) => Math.max(ctimeMs, mtimeMs),
    () => 0,
  )
}

function hashOf(path: string): Promise<string | undefined> {
  return readFile(path).then(
    content => hash('sha256', content, 'hex'),
    () => undefined,
  )
}
