import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, open, readFile, rename, rm } from 'node:fs/promises'
import { platform as systemPlatform } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AgwError } from '../errors.ts'
import { behindLinks } from './behind-links.ts'
import { requireOwnFolder } from './folder.ts'
import { removeLeftTemps, tempName } from './temp-files.ts'
import { writeFailed } from './write-error.ts'

/** How a file is written. */
export interface WriteOptions {
  /**
   * The mode the file has afterwards. Without it an existing file keeps its mode and a new one gets the system's
   * default. A mode without rights for group and others (0600) marks a secret: then the folders above are checked.
   */
  readonly mode?: number | undefined
  readonly platform?: NodeJS.Platform | undefined
}

/** What a write did. `mode` is the file's mode afterwards (nine bits); 0 where the system has no modes. */
export interface WriteResult {
  readonly changed: boolean
  readonly mode: number
}

const PERMISSIONS = 0o777
/** Windows refuses to rename over a file that a scanner or an editor holds open for a moment. */
const RENAME_RETRIES = 10

/**
 * Replaces a file in one step, so that a reader sees the old content or the new, and a crash leaves one of them: a
 * new file of random name in the same folder, fsync, rename, fsync of the folder. An existing file keeps its owner.
 * The same content with the right mode changes nothing. Throws WRITE_FAILED; then the old file is as it was.
 */
export async function writeFileAtomic(
  path: string,
  content: string | Buffer,
  options: WriteOptions = {},
): Promise<WriteResult> {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content
  const posix = (options.platform ?? systemPlatform()) !== 'win32'
  try {
    const target = await findTarget(path)
    const old = await statIfThere(target)
    if (old !== undefined) requireRegular(path, old)
    const wanted = posix ? options.mode : undefined
    if (old !== undefined && (await isSame(target, old, bytes, wanted))) {
      return { changed: false, mode: posix ? old.mode & PERMISSIONS : 0 }
    }
    return { changed: true, mode: await replace(path, target, bytes, old, wanted, posix) }
  } catch (error) {
    throw writeFailed(path, error)
  }
}

/** Throws WRITE_FAILED for what {@link writeFileAtomic} would not replace, where that can be told before. */
export async function requireReplaceable(path: string): Promise<void> {
  try {
    const old = await statIfThere(await findTarget(path))
    if (old !== undefined) requireRegular(path, old)
  } catch (error) {
    throw writeFailed(path, error)
  }
}

/** Whether a file may be taken away: a link stays, as its end is somebody else's. Throws where there is none. */
export async function mayGo(path: string): Promise<boolean> {
  return !(await lstat(path)).isSymbolicLink()
}

/** Takes a file away in which nothing is left; false for one that stays. Throws WRITE_FAILED. */
export async function removeEmptied(path: string): Promise<boolean> {
  try {
    if (!(await mayGo(path))) return false
    await rm(path)
    return true
  } catch (error) {
    throw writeFailed(path, error)
  }
}

/** The file to replace: the path itself, or where its link leads. */
async function findTarget(path: string): Promise<string> {
  const { target, leadsAway } = await behindLinks(path)
  if (!leadsAway) return target
  throw new AgwError('WRITE_FAILED', `cannot write ${path}: it is a symbolic link to ${target}`, {
    hint: 'name that file itself, or remove the link',
  })
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function requireRegular(path: string, stats: Stats): void {
  if (stats.isFile()) return
  const what = stats.isDirectory() ? 'a folder' : 'not a regular file'
  throw new AgwError('WRITE_FAILED', `cannot write ${path}: it is ${what}`, {
    hint: stats.isDirectory() ? 'name the file inside it' : 'choose the path of a regular file',
  })
}

async function isSame(target: string, old: Stats, bytes: Buffer, mode: number | undefined): Promise<boolean> {
  if (old.size !== bytes.length) return false
  if (mode !== undefined && (old.mode & PERMISSIONS) !== mode) return false
  // A file that cannot be read is replaced: writing needs rights on the folder only.
  const content = await readFile(target).catch(() => undefined)
  return content?.equals(bytes) ?? false
}

async function replace(
  path: string,
  target: string,
  bytes: Buffer,
  old: Stats | undefined,
  wanted: number | undefined,
  posix: boolean,
): Promise<number> {
  const folder = dirname(target)
  await removeLeftTemps(folder)
  const temp = join(folder, tempName())
  const mode = wanted ?? (old === undefined || !posix ? undefined : old.mode & PERMISSIONS)
  // Without a mode to keep or to set, the system's umask decides.
  const handle = await open(temp, createFlags(), mode === undefined ? 0o666 : 0o600)
  try {
    let result: number
    try {
      if (posix) await prepare(handle, path, folder, old, wanted, mode)
      await handle.writeFile(bytes)
      await handle.sync()
      result = posix ? (await handle.stat()).mode & PERMISSIONS : 0
    } finally {
      await handle.close()
    }
    await renameOver(temp, target, posix)
    if (posix) await syncFolder(folder)
    return result
  } catch (error) {
    await rm(temp, { force: true }).catch(() => undefined)
    throw error
  }
}

/** O_NOFOLLOW does not exist on Windows, where the constant is undefined. */
function createFlags(): number {
  return constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
}

/** Owner, mode and folder are settled while the new file is still empty. */
async function prepare(
  handle: FileHandle,
  path: string,
  folder: string,
  old: Stats | undefined,
  wanted: number | undefined,
  mode: number | undefined,
): Promise<void> {
  const made = await handle.stat()
  // The new file's owner is the user we act as, on any file system.
  if (wanted !== undefined && (wanted & 0o077) === 0) await requireOwnFolder(path, folder, made.uid)
  let permissions = mode
  if (old !== undefined && (old.uid !== made.uid || old.gid !== made.gid)) {
    const kept = await keepOwner(handle, path, made, old)
    if (!kept && permissions !== undefined) permissions &= ~0o070
  }
  if (permissions !== undefined) await handle.chmod(permissions)
}

/** Gives the new file the owner of the old. False when only the group could not be kept. */
async function keepOwner(handle: FileHandle, path: string, made: Stats, old: Stats): Promise<boolean> {
  try {
    await handle.chown(old.uid, old.gid)
    return true
  } catch (error) {
    if (old.uid === made.uid) return false
    throw new AgwError('WRITE_FAILED', `cannot write ${path}: it belongs to another user (uid ${old.uid})`, {
      hint: 'run as that user',
      cause: error,
    })
  }
}

async function renameOver(from: string, to: string, posix: boolean): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await rename(from, to)
      return
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? ''
      if (posix || tries >= RENAME_RETRIES || !['EPERM', 'EACCES', 'EBUSY'].includes(code)) throw error
      await sleep(20 * (tries + 1))
    }
  }
}

/** Makes the rename itself survive a power cut. Some file systems cannot sync a folder: the file is written then too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY).catch(() => undefined)
  if (handle === undefined) return
  try {
    await handle.sync()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (!['EINVAL', 'ENOTSUP', 'EPERM', 'EACCES', 'EBADF', 'EISDIR'].includes(code)) throw error
  } finally {
    await handle.close()
  }
}
