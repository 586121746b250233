import { lstat, readlink, realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

/** Where a path leads. */
export interface BehindLinks {
  /** The path itself, in its real folder. */
  readonly here: string
  /** The file that is written: the same, or where the link leads that stands there. There need be none yet. */
  readonly target: string
  /** The link leads into another folder, in which nothing is written. */
  readonly leadsAway: boolean
}

/** Follows the links of a path. Throws as the file system does, where there is no folder for one. */
export async function behindLinks(path: string): Promise<BehindLinks> {
  const folder = await realpath(dirname(resolve(path)))
  const here = join(folder, basename(path))
  if (!(await isLink(here))) return { here, target: here, leadsAway: false }
  const target = await realpath(here).catch(async error => {
    if (error.code !== 'ENOENT') throw error
    const link = resolve(folder, await readlink(here))
    return join(await realpath(dirname(link)), basename(link))
  })
  return { here, target, leadsAway: dirname(target) !== folder }
}

async function isLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
