import { AgwError } from '../errors.ts'

/** What the system says → what is wrong and what to do about it. */
const REASONS: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  ENOSPC: ['the disk is full', 'free some space and run the same command again'],
  EDQUOT: ['the disk quota is used up', 'free some space and run the same command again'],
  EFBIG: ['the system limits files to a smaller size', 'raise the limit (`ulimit -f`) and run it again'],
  EACCES: ['permission is denied', 'look at the folder with `ls -ld`, or run as its owner'],
  EPERM: ['the system does not allow it', 'look at the folder with `ls -ld`, or run as its owner'],
  EROFS: ['the file system is read-only', 'choose another place, or mount it writable'],
  ENOENT: ['its folder does not exist', 'make the folder first (`mkdir -p`)'],
  ENOTDIR: ['a part of its path is not a folder', 'check the path'],
  EISDIR: ['it is a folder', 'name the file inside it'],
  ENAMETOOLONG: ['its name is too long', 'choose a shorter name'],
  ELOOP: ['its path is a loop of symbolic links', 'look at the links with `ls -l`'],
  EBUSY: ['another program holds it open', 'close the other program and run it again'],
}

/** A failed system call on a file as WRITE_FAILED with the path and what to do; an AgwError stays as it is. */
export function writeFailed(path: string, error: unknown): AgwError {
  if (error instanceof AgwError) return error
  const code = (error as NodeJS.ErrnoException)?.code
  if (code === undefined) throw error
  const [why, hint] = REASONS[code] ?? [`the system says ${code}`, 'look at the file with `ls -l`']
  return new AgwError('WRITE_FAILED', `cannot write ${path}: ${why}`, { hint, cause: error })
}
