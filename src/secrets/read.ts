import { hash } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { type FileHandle, open, realpath, stat } from 'node:fs/promises'
import { platform as systemPlatform } from 'node:os'
import { AgwError } from '../errors.ts'
import { Secret } from './secret.ts'

/** Who put the file there: a person, or the mount of an orchestrator, whose modes are not the user's to choose. */
export type SecretFileKind = 'plain' | 'kubernetes' | 'docker' | 'systemd'

/** What is known of a file besides its content. */
export interface FileFacts {
  /** Nine permission bits; 0 where the system has no modes. */
  readonly mode: number
  /** User id; -1 where the system has none. */
  readonly owner: number
  /** The file itself, after all symbolic links. */
  readonly realpath: string
  readonly mtime: Date
  readonly kind: SecretFileKind
  /** SHA-256 of what was read of it, in hex; absent where nothing was. */
  readonly hash?: string
}

export type FileProblemCode = 'missing' | 'unreadable' | 'empty' | 'not-a-file' | 'too-large' | 'not-utf8'

/** Why a file gives no secret. Message and hint hold no content. */
export interface FileProblem {
  readonly code: FileProblemCode
  readonly message: string
  readonly hint: string
  /** The first byte that is no text; 1-based. */
  readonly at?: BadByte
}

/** Where a file stops being text. */
interface BadByte {
  readonly line: number
  readonly column: number
}

/** A file that others can read. For a mount this is a note: the mode is the cluster's choice. */
export interface ModeFinding {
  readonly severity: 'warning' | 'note'
  readonly message: string
  readonly hint: string
}

export type TextFile =
  | { readonly ok: true; readonly text: string; readonly facts: FileFacts }
  | { readonly ok: false; readonly problem: FileProblem }

export type BytesFile =
  | { readonly ok: true; readonly bytes: Buffer; readonly facts: FileFacts }
  | { readonly ok: false; readonly problem: FileProblem }

export type SecretFile =
  | { readonly ok: true; readonly secret: Secret; readonly facts: FileFacts }
  | { readonly ok: false; readonly problem: FileProblem }

export interface ReadOptions {
  readonly platform?: NodeJS.Platform | undefined
  /** The value of CREDENTIALS_DIRECTORY, where systemd puts a service's credentials. */
  readonly credentialsDirectory?: string | undefined
}

/** Larger files hold no key. Bytes. */
export const MAX_SECRET_BYTES = 64 * 1024

/** What Unicode calls white space, as agentgateway trims it; `String.trim` also takes a byte order mark. */
const EDGES = /^\p{White_Space}+|\p{White_Space}+$/gu

/**
 * Reads a key file as agentgateway does: the whole file as UTF-8, trimmed at both ends. `shown` is how messages and
 * the secret's reference name the file. Never throws on what the file is or holds.
 */
export async function readSecretFile(
  path: string,
  options: ReadOptions = {},
  shown = path,
): Promise<SecretFile> {
  const file = await readTextFile(path, MAX_SECRET_BYTES, options, shown)
  if (!file.ok) return file
  const value = trimSecret(file.text)
  if (value === '') {
    return failed('empty', `${shown} is empty`, 'write the key into it')
  }
  return { ok: true, secret: new Secret(value, `file ${shown}`), facts: file.facts }
}

/** Reads a regular file of at most `limit` bytes as UTF-8, as {@link readBytesFile} does. */
export async function readTextFile(
  path: string,
  limit: number,
  options: ReadOptions = {},
  shown = path,
): Promise<TextFile> {
  const file = await readBytesFile(path, limit, options, shown)
  if (!file.ok) return file
  const text = decode(file.bytes)
  if (text !== undefined) return { ok: true, text, facts: file.facts }
  const found = failed(
    'not-utf8',
    `${shown} is not text in UTF-8`,
    'is this the right file? A key is plain text',
  )
  return { ok: false, problem: { ...found.problem, at: badByte(file.bytes) } }
}

/**
 * Reads a regular file of at most `limit` bytes. It opens first and looks at what it has opened, so that nothing can be
 * swapped in between, and does not wait for a pipe or a device.
 */
export async function readBytesFile(
  path: string,
  limit: number,
  options: ReadOptions = {},
  shown = path,
): Promise<BytesFile> {
  let handle: FileHandle
  try {
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    return { ok: false, problem: openProblem(shown, error) }
  }
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) return failed('not-a-file', ...notAFile(shown, stats.isDirectory()))
    const bytes = await readUpTo(handle, limit)
    if (bytes === undefined) {
      const message = `${shown} is larger than ${limit / 1024} KiB`
      return failed('too-large', message, 'a key is one short line: is this the right file?')
    }
    const facts = await factsOf(path, stats, options)
    return { ok: true, bytes, facts: { ...facts, hash: hash('sha256', bytes, 'hex') } }
  } catch (error) {
    return { ok: false, problem: openProblem(shown, error) }
  } finally {
    await handle.close()
  }
}

/** Takes white space off both ends, as agentgateway does with every key. */
export function trimSecret(text: string): string {
  return text.replace(EDGES, '')
}

/** What is wrong with a file's mode, if anything; `undefined` where only the owner can read it. */
export function checkMode(facts: FileFacts, shown = facts.realpath): ModeFinding | undefined {
  if ((facts.mode & 0o077) === 0) return undefined
  const mode = facts.mode.toString(8).padStart(4, '0')
  const message = `${shown} can be read by others (mode ${mode})`
  if (facts.kind === 'plain') return { severity: 'warning', message, hint: `run \`chmod 600 ${shown}\`` }
  const hint =
    facts.kind === 'kubernetes'
      ? 'set `defaultMode: 0400` on the volume, with a matching `fsGroup` or `runAsUser`'
      : 'set the mode where the secret is mounted'
  return { severity: 'note', message, hint }
}

/** Whose file a real path is. Kubernetes writes into `..2026_11_23_…` folders that `..data` points at. */
export function kindOf(real: string, credentialsDirectory?: string): SecretFileKind {
  const path = real.replaceAll('\\', '/')
  if (/\/\.\.(?:data|\d{4}_[^/]*)\//.test(path)) return 'kubernetes'
  const credentials = credentialsDirectory?.replace(/\/+$/, '')
  if (credentials && path.startsWith(`${credentials}/`)) return 'systemd'
  if (path.startsWith('/run/credentials/')) return 'systemd'
  if (/^(?:\/var)?\/run\/secrets\//.test(path)) return 'docker'
  return 'plain'
}

/** A problem as the error to throw where the operation cannot go on without the file. */
export function toError(problem: FileProblem): AgwError {
  const code = problem.code === 'missing' ? 'SECRET_MISSING' : 'SECRET_UNREADABLE'
  return new AgwError(code, problem.message, { hint: problem.hint })
}

/** What is known of a file without reading it; `undefined` where there is none. */
export async function fileFacts(path: string, options: ReadOptions = {}): Promise<FileFacts | undefined> {
  const stats = await stat(path).catch(() => undefined)
  return stats === undefined ? undefined : await factsOf(path, stats, options)
}

async function factsOf(path: string, stats: Stats, options: ReadOptions): Promise<FileFacts> {
  const posix = (options.platform ?? systemPlatform()) !== 'win32'
  const real = await realpath(path).catch(() => path)
  return {
    mode: posix ? stats.mode & 0o777 : 0,
    owner: posix ? stats.uid : -1,
    realpath: real,
    mtime: stats.mtime,
    kind: kindOf(real, options.credentialsDirectory),
  }
}

/** The size is not asked but met: files of /proc say 0. */
async function readUpTo(handle: FileHandle, limit: number): Promise<Buffer | undefined> {
  const buffer = Buffer.alloc(limit + 1)
  let length = 0
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null)
    if (bytesRead === 0) return buffer.subarray(0, length)
    length += bytesRead
    if (length > limit) return undefined
  }
}

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** A sign that stands for what could not be read, and is not in the bytes itself, tells the place. */
function badByte(bytes: Buffer): BadByte {
  let [line, column, at] = [1, 1, 0]
  for (const sign of bytes.toString('utf8')) {
    const size = Buffer.byteLength(sign)
    if (sign === '\ufffd' && bytes.toString('hex', at, at + size) !== 'efbfbd') break
    at += size
    column += sign.length
    if (sign === '\n') [line, column] = [line + 1, 1]
  }
  return { line, column }
}

function notAFile(shown: string, folder: boolean): [string, string] {
  return folder
    ? [`${shown} is a folder`, 'name the file inside it']
    : [`${shown} is not a regular file`, 'put the key into a plain file']
}

function openProblem(shown: string, error: unknown): FileProblem {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return { code: 'missing', message: `${shown} does not exist`, hint: 'check the path, or write the file' }
  }
  if (code === 'EISDIR') {
    const [message, hint] = notAFile(shown, true)
    return { code: 'not-a-file', message, hint }
  }
  if (code === 'ENXIO') {
    const [message, hint] = notAFile(shown, false)
    return { code: 'not-a-file', message, hint }
  }
  const denied = code === 'EACCES' || code === 'EPERM'
  return {
    code: 'unreadable',
    message: `${shown} cannot be read: ${denied ? 'permission is denied' : `the system says ${code || 'nothing more'}`}`,
    hint: denied ? 'look at it with `ls -l`, or run as its owner' : 'look at it with `ls -l`',
  }
}

function failed(
  code: FileProblemCode,
  message: string,
  hint: string,
): { readonly ok: false; readonly problem: FileProblem } {
  return { ok: false, problem: { code, message, hint } }
}
