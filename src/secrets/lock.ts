import { readFileSync } from 'node:fs'
import { open, readFile, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { kill, pid } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { AgwError } from '../errors.ts'
import { writeFailed } from './write-error.ts'

/** How long to wait for somebody else's lock. */
export interface LockOptions {
  /** Milliseconds until WRITE_FAILED; 10,000 unless told. */
  readonly timeoutMs?: number
  /** Why it cannot go on while somebody else has the lock, where it is not about writing the path. */
  readonly busy?: string
}

/** What a lock file holds: who has it. `started` tells a process from a later one with the same number. */
interface Holder {
  readonly pid: number
  readonly started: string | null
  readonly host: string
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
 * Runs `action` while no other agw process does so for the same path. The lock of a process that has died is taken
 * over. Throws WRITE_FAILED when the lock stays taken, with who has it.
 */
export async function withLock<T>(
  path: string,
  action: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const lock = lockPath(path)
  const deadline = performance.now() + (options.timeoutMs ?? 10_000)
  while (!(await tryLock(lock, path))) {
    const found = await readHolder(lock)
    if (performance.now() > deadline) throw taken(path, lock, found?.by, options.busy)
    if (found !== undefined && isStale(found)) await takeOver(lock, found.text)
    else await sleep(POLL_MS)
  }
  try {
    return await action()
  } finally {
    await rm(lock, { force: true })
  }
}

async function tryLock(lock: string, path: string): Promise<boolean> {
  try {
    const handle = await open(lock, 'wx', 0o600)
    try {
      const holder: Holder = { pid, started: startOf(pid), host: hostname() }
      await handle.writeFile(JSON.stringify(holder))
    } finally {
      await handle.close()
    }
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw writeFailed(path, error)
  }
}

interface FoundLock {
  readonly text: string
  readonly by: Holder | undefined
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

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid: number, started, host } = JSON.parse(text)
    if (!Number.isSafeInteger(number) || number <= 0 || typeof host !== 'string') return undefined
    return { pid: number, started: typeof started === 'string' ? started : null, host }
  } catch {
    return undefined
  }
}

function isStale({ by, ageMs }: FoundLock): boolean {
  if (by === undefined) return ageMs > UNFINISHED_MS
  if (by.host !== hostname()) return ageMs > FOREIGN_MS
  if (!isAlive(by.pid)) return true
  return by.started !== null && by.started !== startOf(by.pid)
}

function isAlive(number: number): boolean {
  try {
    return kill(number, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** When a process started, in the kernel's ticks since boot; null where there is no /proc to ask. */
function startOf(number: number): string | null {
  try {
    const line = readFileSync(`/proc/${number}/stat`, 'latin1')
    // The second field is the program's name in parentheses and may hold anything; the start is the 22nd.
    return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

/**
 * Removes a dead process's lock. Of several that find it dead, the one that makes the `.takeover` file removes it,
 * so that nobody removes the lock that another has made since.
 */
async function takeOver(lock: string, judged: string): Promise<void> {
  const claim = `${lock}.takeover`
  try {
    await (await open(claim, 'wx', 0o600)).close()
  } catch {
    const age = await stat(claim).then(
      stats => Date.now() - stats.mtimeMs,
      () => 0,
    )
    if (age > UNFINISHED_MS) await rm(claim, { force: true })
    else await sleep(POLL_MS)
    return
  }
  try {
    if ((await readFile(lock, 'utf8').catch(() => undefined)) === judged) await rm(lock, { force: true })
  } finally {
    await rm(claim, { force: true })
  }
}

function taken(path: string, lock: string, holder: Holder | undefined, busy: string | undefined): AgwError {
  const who = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`
  const message = busy === undefined ? `cannot write ${path}: ${who} is writing it` : `${busy}: ${who}`
  return new AgwError('WRITE_FAILED', message, {
    hint: `wait for it, or remove ${lock} if that process is not agw`,
  })
}
