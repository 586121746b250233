import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { open } from 'node:fs/promises'

/** Opens to read without waiting for the other end of a pipe. */
export const WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/** Larger files hold no certificate, key set or price list. Bytes. */
const MAX_BYTES = 64 * 1024 * 1024

/** Something else is where a file is looked for: a clause says what, in the place of the system's code too. */
export class NotAFile extends Error {
  readonly code: string

  constructor(what: string) {
    super(what)
    this.code = what
  }
}

/** What stands there in the place of a file, as a clause; undefined for a file. */
export function whatElse(stats: Stats): string | undefined {
  if (stats.isFile()) return undefined
  if (stats.isDirectory()) return 'it is a folder'
  if (stats.isFIFO()) return 'it is a pipe'
  return stats.isSocket() ? 'it is a socket' : 'it is a device'
}

/** What kept a file from being opened: the system has a code of its own for a socket. */
export function openingFailed(error: unknown): unknown {
  return (error as NodeJS.ErrnoException).code === 'ENXIO' ? new NotAFile('it is a socket') : error
}

/** Why a file was not read, as a clause. */
export function whyUnread(error: unknown): string {
  if (error instanceof NotAFile) return error.message
  const code = (error as NodeJS.ErrnoException).code ?? ''
  return (
    (Object.hasOwn(REASONS, code) ? REASONS[code] : undefined) ?? `the system says ${code || 'nothing more'}`
  )
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission is denied',
  EISDIR: 'it is a folder',
  ELOOP: 'it is a symbolic link that leads back to itself',
  ENAMETOOLONG: 'its name is too long',
  ENOENT: 'it does not exist',
  ENOTDIR: 'it does not exist',
  EPERM: 'permission is denied',
}

/**
 * The bytes of a file that a config names. Only a regular file is read: a pipe would be waited for, and a device may have no
 * end. Throws {@link NotAFile}, and as the file system does.
 */
export function readPlainFile(path: string): Buffer {
  let descriptor: number
  try {
    descriptor = openSync(path, WITHOUT_WAITING)
  } catch (error) {
    throw openingFailed(error)
  }
  try {
    const stats = fstatSync(descriptor)
    const what = whatElse(stats)
    if (what !== undefined) throw new NotAFile(what)
    if (stats.size > MAX_BYTES) throw new NotAFile(`it is larger than ${MAX_BYTES / 1024 / 1024} MiB`)
    return readFileSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** The text of a regular file; undefined where there is none. Throws as {@link readPlainFile} does. */
export async function readPlainText(path: string): Promise<string | undefined> {
  try {
    const handle = await open(path, WITHOUT_WAITING)
    try {
      const what = whatElse(await handle.stat())
      if (what !== undefined) throw new NotAFile(what)
      return await handle.readFile('utf8')
    } finally {
      await handle.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw openingFailed(error)
  }
}
