import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { writeFailed } from './write-error.ts'

/**
 * Makes a folder and those above it that are not there, for their owner alone. Throws WRITE_FAILED. Node's own way to do so
 * never ends where a file system says of every new folder that the one above is missing, as below /proc.
 */
export async function makeFolder(folder: string): Promise<void> {
  await make(folder).catch(error => {
    throw writeFailed(folder, error)
  })
}

async function make(folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o700 }).catch(async (error: NodeJS.ErrnoException) => {
    const above = dirname(folder)
    if (error.code !== 'ENOENT' || above === folder) return requireThere(error)
    await make(above)
    await mkdir(folder, { mode: 0o700 }).catch(requireThere)
  })
}

/** Another process may have been faster. */
function requireThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}
