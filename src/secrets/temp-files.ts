import { createHash, randomBytes } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { pid } from 'node:process'
import { lifeOf } from './process-identity.ts'

/** One that was made on another host is taken for left behind after this. Milliseconds. */
const FOREIGN_MS = 60 * 60_000

/** A name that nobody can foresee, and that says which process of which host has it. */
export function tempName(): string {
  return `.agw-${hostMark()}-${pid}-${randomBytes(12).toString('hex')}.tmp`
}

/**
 * Removes what writers that were killed have left in a folder: it may hold a key. Never throws: what cannot be removed
 * now is met again by the next write.
 */
export async function removeLeftTemps(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, host, number] = /^\.agw-([\da-f]{8})-(\d+)-[\da-f]{24}\.tmp$/.exec(name) ?? []
    if (number === undefined) continue
    const path = join(folder, name)
    const isLeft =
      host === hostMark()
        ? lifeOf({ pid: Number(number), started: null, host: hostname() }) === 'dead'
        : (await ageOf(path)) > FOREIGN_MS
    if (isLeft) await rm(path, { force: true }).catch(() => {})
  }
}

function hostMark(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
}

async function ageOf(path: string): Promise<number> {
  return stat(path).then(
    stats => Date.now() - stats.mtimeMs,
    () => 0,
  )
}
