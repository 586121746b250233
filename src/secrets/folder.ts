import { lstat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AgwError } from '../errors.ts'

const STICKY = 0o1000
const GROUP_WRITE = 0o020
const OTHER_WRITE = 0o002

/** A folder on the way to a secret that somebody else could swap or write in. */
export interface FolderWeakness {
  readonly folder: string
  /** As in `is writable by everybody`. */
  readonly why: string
  readonly hint: string
}

/**
 * The first folder on the way to `folder`, from the inside out, in which another user could replace what lies there:
 * writable for others without the sticky bit, or owned by neither root nor `uid`. `folder` must be a real path.
 * Write access for a group counts unless it is the owner's own group (same number as the owner, as Debian, Ubuntu
 * and Fedora make them, where folders are 0775 by default). Root may act for the folder's owner, as in a container
 * that mounts a project. Undefined when all is well.
 */
export async function findWeakFolder(folder: string, uid: number): Promise<FolderWeakness | undefined> {
  const trusted = new Set([0, uid])
  if (uid === 0) trusted.add((await lstat(folder)).uid)
  for (let at = folder; ; at = dirname(at)) {
    const stats = await lstat(at)
    const sticky = (stats.mode & STICKY) !== 0
    if (!trusted.has(stats.uid)) {
      return {
        folder: at,
        why: `belongs to another user (uid ${stats.uid})`,
        hint: 'run as that user, or choose a folder of your own',
      }
    }
    if ((stats.mode & OTHER_WRITE) !== 0 && !sticky) {
      return { folder: at, why: 'is writable by everybody', hint: `run \`chmod o-w ${at}\`` }
    }
    if ((stats.mode & GROUP_WRITE) !== 0 && !sticky && stats.gid !== stats.uid) {
      return { folder: at, why: `is writable by group ${stats.gid}`, hint: `run \`chmod g-w ${at}\`` }
    }
    if (dirname(at) === at) return undefined
  }
}

/** Throws WRITE_FAILED where a secret would lie in a folder in which others can replace it. */
export async function requireOwnFolder(path: string, folder: string, uid: number): Promise<void> {
  const weak = await findWeakFolder(folder, uid)
  if (weak === undefined) return
  throw new AgwError(
    'WRITE_FAILED',
    `${path} would not be safe there: the folder ${weak.folder} ${weak.why}`,
    {
      hint: weak.hint,
    },
  )
}
