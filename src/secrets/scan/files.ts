import { constants, type Dirent } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { isClearlyKey } from '../../config/shown-word.ts'
import { AgwError } from '../../errors.ts'

/** Folders that are not the user's own text. */
const SKIPPED = new Set(['.git', 'node_modules', '.hg', '.svn', '.venv', '__pycache__'])
/** Larger files would take minutes. Bytes. */
export const MAX_SCANNED_BYTES = 1024 ** 3
/** How much of a file is read at once. */
const PIECE_BYTES = 1024 * 1024
/** More than a project has that is worth a look in one go. */
const MAX_FILES = 20_000

/** The files to look into, and whether some were left out because there are too many. */
export interface FileList {
  readonly files: readonly string[]
  readonly complete: boolean
}

/**
 * The regular files of a folder, and of its folders too when `deep`; hidden ones, backups and the swap files of editors
 * are among them. A path that is a file is that file. Links are not followed. Throws USAGE for what does not exist.
 */
export async function filesIn(path: string, deep: boolean): Promise<FileList> {
  const stats = await stat(path).catch(() => undefined)
  if (stats === undefined) {
    const named = isClearlyKey(basename(path)) ? 'the path given' : path
    throw new AgwError('USAGE', `cannot look into ${named}: there is no such file or folder`, {
      hint: 'check the path',
    })
  }
  if (!stats.isDirectory()) return { files: [path], complete: true }
  const files: string[] = []
  const folders = [path]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await entriesOf(folder)) {
      const name = join(folder, entry.name)
      if (entry.isFile()) files.push(name)
      else if (deep && entry.isDirectory() && !SKIPPED.has(entry.name)) folders.push(name)
      if (files.length >= MAX_FILES) return { files, complete: false }
    }
  }
  return { files: files.sort(), complete: true }
}

function entriesOf(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(() => [])
}

/** Where shells and their like keep what was typed. */
export function historyFiles(home: string, named: string | undefined): string[] {
  const usual = [
    '.bash_history',
    '.zsh_history',
    '.histfile',
    '.sh_history',
    '.python_history',
    '.node_repl_history',
    '.local/share/fish/fish_history',
  ].map(name => join(home, name))
  return [...new Set([...usual, ...(named ? [named] : [])])]
}

/** Takes the bytes of one file, piece by piece. */
export interface ByteSink {
  push(chunk: Buffer): void
}

/** Hands the bytes of a file on; false for what cannot be read, or is too large. */
export async function readScanned(path: string, sink: ByteSink): Promise<boolean> {
  // A pipe would keep us waiting.
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(() => undefined)
  if (handle === undefined) return false
  try {
    const stats = await handle.stat()
    if (!stats.isFile() || stats.size > MAX_SCANNED_BYTES) return false
    if (stats.size <= PIECE_BYTES) sink.push(await handle.readFile())
    else {
      const pieces = handle.createReadStream({ highWaterMark: PIECE_BYTES, autoClose: false })
      for await (const piece of pieces) sink.push(piece as Buffer)
    }
    return true
  } catch {
    return false
  } finally {
    await handle.close()
  }
}
