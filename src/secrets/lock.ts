import { type FileHandle, open, readFile, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AgwError } from '../errors.ts'
import { behindLinks } from './behind-links.ts'
import { identityFrom, lifeOf, ownIdentity, type ProcessIdentity } from './process-identity.ts'
import { writeFailed } from './write-error.ts'

/** How long to wait for somebody else's lock. */
export interface LockOptions {
  /** Milliseconds until WRITE_FAILED; 10,000 unless told. */
  readonly timeoutMs?: number
  /** Why it cannot go on while somebody else has the lock, where it is not about writing the path. */
  readonly busy?: string
}

const POLL_MS = 25
/** A lock file without a holder is one that is being made; after this it was left by a crash. Milliseconds. */
const UNFINISHED_MS = 5_000
/** A holder on another host (or in another container) cannot be asked whether it lives. Milliseconds. */
const FOREIGN_MS = 10 * 60_000

/** The lock file of a path: `.name.agw-lock` beside it. */
export function lockPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.agw-lock`)
}

/**
 * The path by which a file is locked: two links to one file have one lock. A link into another folder, through which nothing
 * is written, is its own.
 */
export async function lockedAs(path: string): Promise<string> {
  return await behindLinks(path).then(
    ({ here, target, leadsAway }) => (leadsAway ? here : target),
    () => path,
  )
}

/**
 * Runs `action` while no other agw process does so for the same path. The lock of a process that has died is taken
 * over. Throws WRITE_FAILED when the lock stays taken, with who has it.
 */
export async function withLock<T>(
  path: string,
  action: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const lock = lockPath(await lockedAs(path))
  const deadline = performance.now() + (options.timeoutMs ?? 10_000)
  for (let tries = 1; !(await tryLock(lock, path)); tries += 1) {
    const found = await readHolder(lock)
    // On a machine that is busy the first look alone may take that long, and a dead process's lock is nobody's.
    if (tries > 1 && performance.now() > deadline) throw taken(path, lock, found?.by, options.busy)
    if (found !== undefined && isStale(found)) await takeOver(lock, found.text)
    else await sleep(POLL_MS)
  }
  try {
    return await action()
  } finally {
    // Another host may have taken it for left behind: theirs stays.
    const found = await readHolder(lock)
    if (found?.text === ownText()) await rm(lock, { force: true })
  }
}

async function tryLock(lock: string, path: string): Promise<boolean> {
  let handle: FileHandle
  try {
    handle = await open(lock, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw writeFailed(path, error)
  }
  try {
    await handle.writeFile(ownText())
    return true
  } catch (error) {
    // On a full disk nobody shall wait for a lock without a holder.
    await rm(lock, { force: true })
    throw writeFailed(path, error)
  } finally {
    await handle.close()
  }
}

function ownText(): string {
  return JSON.stringify(ownIdentity())
}

interface FoundLock {
  readonly text: string
  readonly by: ProcessIdentity | undefined
  readonly ageMs: number
}

async function readHolder(lock: string): Promise<FoundLock | undefined> {
  try {
    const text = await readFile(lock, 'utf8')
    return { text, by: parseHolder(text), ageMs: Date.now() - (await stat(lock)).mtimeMs }
  } catch {
    return undefined
  }
}

function parseHolder(text: string): ProcessIdentity | undefined {
  try {
    return identityFrom(JSON.parse(text))
  } catch {
    return undefined
  }
}

function isStale({ by, ageMs }: FoundLock): boolean {
  if (by === undefined) return ageMs > UNFINISHED_MS
  const life = lifeOf(by)
  return life === 'unknown' ? ageMs > FOREIGN_MS : life === 'dead'
}

/**
 * Removes a dead process's lock. Of several that find it dead, the one that makes the `.takeover` file removes it,
 * so that nobody removes the lock that another has made since. Who dies over it leaves that file, with a name in it.
 */
async function takeOver(lock: string, judged: string): Promise<void> {
  const claim = `${lock}.takeover`
  try {
    const handle = await open(claim, 'wx', 0o600)
    await handle.writeFile(ownText()).finally(() => handle.close())
  } catch {
    const found = await readHolder(claim)
    if (found !== undefined && isStale(found)) await rm(claim, { force: true })
    else await sleep(POLL_MS)
    return
  }
  try {
    const [there, claimed] = await Promise.all([readHolder(lock), readHolder(claim)])
    if (there?.text === judged && claimed?.text === ownText()) await rm(lock, { force: true })
  } finally {
    await rm(claim, { force: true })
  }
}

function taken(
  path: string,
  lock: string,
  holder: ProcessIdentity | undefined,
  busy: string | undefined,
): AgwError {
  const who = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`
  const message = busy === undefined ? `cannot write ${path}: ${who} is writing it` : `${busy}: ${who}`
  return new AgwError('WRITE_FAILED', message, {
    hint: `wait for it, or remove ${lock} if that process is not agw`,
  })
}
