import { type FileHandle, lstat, open, readdir } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AgwError } from '../errors.ts'
import { NotAFile, openingFailed, WITHOUT_WAITING, whatElse, whyUnread } from '../plain-file.ts'
import { suggested } from '../suggested.ts'
import { closest } from './did-you-mean.ts'
import { ConfigDocument, type DocumentOptions } from './document.ts'
import { AGW_FILE } from './find.ts'
import { own } from './own.ts'
import type { SyntaxFinding } from './syntax.ts'

/** Larger files are refused with a finding; 5,000 routes are about a tenth of it. Bytes. */
export const MAX_CONFIG_BYTES = 16 * 1024 * 1024
const CHUNK_BYTES = 256 * 1024

/** How often a pipe is looked at whose writer has nothing to say yet. Milliseconds. */
const POLL_MS = 20

/**
 * The bytes of a file or a pipe, or one more than `limit` of a larger one: enough to tell that it is too large, also where it
 * has no end. Of a pipe that somebody has open to write they are waited for. Throws as the file system does, and
 * {@link NotAFile} for a pipe that nothing comes out of and for what else is no file.
 */
export async function readBounded(path: string, limit: number): Promise<Uint8Array> {
  const handle = await open(path, WITHOUT_WAITING).catch((error: unknown) => {
    throw openingFailed(error)
  })
  try {
    const stats = await handle.stat()
    const isPipe = stats.isFIFO()
    const what = whatElse(stats)
    if (what !== undefined && !isPipe) throw new NotAFile(what)
    const chunks: Uint8Array[] = []
    let left = limit + 1
    while (left > 0) {
      const chunk = new Uint8Array(Math.min(left, CHUNK_BYTES))
      const bytesRead = await readNext(handle, chunk)
      if (bytesRead === 0) break
      // A pipe gives little at a time, which would keep a whole chunk each.
      chunks.push(bytesRead < chunk.length ? chunk.slice(0, bytesRead) : chunk)
      left -= bytesRead
    }
    if (isPipe && chunks.length === 0) throw new NotAFile(SILENT_PIPE)
    return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
  } finally {
    await handle.close()
  }
}

const SILENT_PIPE = 'it is a pipe, and nothing comes out of it'

async function readNext(handle: FileHandle, chunk: Uint8Array): Promise<number> {
  for (;;) {
    try {
      return (await handle.read(chunk)).bytesRead
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      await sleep(POLL_MS)
    }
  }
}

const HINTS: Readonly<Record<string, string>> = {
  'it is a device': 'name a file; `-` is standard input',
  'it is a folder': 'name the file inside it; validate takes patterns too, as in "conf/**/*.yaml"',
  'it is a socket': 'name a file; `-` is standard input',
  [SILENT_PIPE]: 'start what writes to it first, or pipe it in: `-` is standard input',
  'its name is too long': 'name a file with --file PATH',
  'permission is denied': 'look at the file with `ls -l`, or run as its owner',
}

/** Reads the bytes of a config file. Throws CONFIG_NOT_FOUND or CONFIG_UNREADABLE with the path and what to do. */
export async function readConfigBytes(path: string): Promise<Uint8Array> {
  try {
    return await readBounded(path, MAX_CONFIG_BYTES)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' && (await isLink(path))) {
      throw new AgwError('CONFIG_UNREADABLE', `cannot read ${path}: it is a symbolic link to nothing`, {
        hint: 'see where it leads with `ls -l`',
        cause: error,
      })
    }
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      const meant = await closestBeside(path)
      throw new AgwError('CONFIG_NOT_FOUND', `${path} does not exist`, {
        hint:
          meant === undefined
            ? `write one with ${suggested('init')}, or name one that is there`
            : `did you mean ${JSON.stringify(meant)}?`,
        cause: error,
      })
    }
    const why = whyUnread(error)
    const hint = own(HINTS, why) ?? 'look at the file with `ls -l`'
    throw new AgwError('CONFIG_UNREADABLE', `cannot read ${path}: ${why}`, { hint, cause: error })
  }
}

/** The config of a folder whose name was meant. */
async function closestBeside(path: string): Promise<string | undefined> {
  const names = await readdir(dirname(path)).catch(() => [])
  return closest(
    basename(path),
    names.filter(name => /\.(?:ya?ml|json)$/.test(name) && name !== AGW_FILE),
  )
}

async function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    stats => stats.isSymbolicLink(),
    () => false,
  )
}

/** Bytes → document. Never throws on content: what is wrong with it is in `diagnostics`. */
export function readDocument(source: Uint8Array | string, options: DocumentOptions): ConfigDocument {
  if (typeof source === 'string') return new ConfigDocument(source, options)
  const problem = encodingProblem(source)
  if (problem !== undefined) return unreadDocument(options.file, problem)
  return new ConfigDocument(new TextDecoder('utf-8').decode(source), options)
}

/** A document of which nothing but the problem is known. */
export function unreadDocument(file: string, problem: Problem): ConfigDocument {
  return new ConfigDocument('', { file }, { ...problem, path: [], start: 0, end: 0 })
}

type Problem = Pick<SyntaxFinding, 'code' | 'message' | 'hint' | 'at'>

function encodingProblem(bytes: Uint8Array): Problem | undefined {
  if (bytes.length > MAX_CONFIG_BYTES) {
    return {
      code: 'TOO_LARGE',
      message: `the file is larger than ${MAX_CONFIG_BYTES / 1024 / 1024} MiB`,
      hint: 'a config of thousands of routes is smaller than that: is this the right file?',
    }
  }
  const [a, b] = bytes
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) {
    return { code: 'NOT_UTF8', message: 'the file is UTF-16', hint: 'save it as UTF-8' }
  }
  const zero = bytes.subarray(0, 65536).indexOf(0)
  if (zero < 0 && isUtf8(bytes)) return undefined
  const sound = bytes.subarray(0, zero < 0 ? soundBytes(bytes) : zero)
  let line = 1
  for (const byte of sound) if (byte === 0x0a) line += 1
  const before = new TextDecoder('utf-8').decode(sound.subarray(sound.lastIndexOf(0x0a) + 1), {
    stream: true,
  })
  const at = { line, column: before.length + 1 }
  if (zero >= 0) {
    return {
      code: 'NOT_UTF8',
      message: `line ${line} has a NUL byte, and text has none`,
      hint: 'remove it, if this is the right file: a config is YAML text',
      at,
    }
  }
  return {
    code: 'NOT_UTF8',
    message: `the file is not text in UTF-8: line ${line} has a byte that does not belong there`,
    hint: 'save it as UTF-8, if this is the right file: a config is YAML text',
    at,
  }
}

/** Whether it is UTF-8; with `goesOn`, also where the last character is not complete. */
function isUtf8(bytes: Uint8Array, goesOn = false): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: goesOn })
    return true
  } catch {
    return false
  }
}

/** How many bytes stand before the first that is wrong, of bytes that are not UTF-8; found by halving. */
function soundBytes(bytes: Uint8Array): number {
  let [sound, wrong] = [0, bytes.length]
  while (wrong - sound > 1) {
    const middle = (sound + wrong) >> 1
    if (isUtf8(bytes.subarray(0, middle), true)) sound = middle
    else wrong = middle
  }
  return sound
}
