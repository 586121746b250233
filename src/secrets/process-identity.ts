import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { kill, pid } from 'node:process'

/** A process, as it can be told from any other. */
export interface ProcessIdentity {
  readonly pid: number
  /** Tells a process from a later one with the same number; null where the system does not say. */
  readonly started: string | null
  readonly host: string
  /**
   * Where its number means something, of a container its own: several may share a host's name. Null where the system does
   * not say.
   */
  readonly space: string | null
}

export function ownIdentity(): ProcessIdentity {
  return { pid, started: startOf(pid), host: hostname(), space: ownSpace() }
}

/** What was written down of a process; undefined where it is none. */
export function identityFrom(value: unknown): ProcessIdentity | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { pid: number, started, host, space } = value as Partial<ProcessIdentity>
  if (!Number.isSafeInteger(number) || Number(number) <= 0 || typeof host !== 'string') return undefined
  return { pid: Number(number), started: textOf(started), host, space: textOf(space) }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** Whether a process still runs; `unknown` for one of another host or container, which cannot be asked. */
export function lifeOf({ pid: number, started, host, space }: ProcessIdentity): 'alive' | 'dead' | 'unknown' {
  if (host !== hostname() || space !== ownSpace()) return 'unknown'
  if (!isAlive(number)) return 'dead'
  return started === null || started === startOf(number) ? 'alive' : 'dead'
}

function isAlive(number: number): boolean {
  try {
    return kill(number, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The kernel's name for the processes that have numbers of their own here; null where there is no /proc to ask. */
function ownSpace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return null
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
