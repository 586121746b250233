import { createHash, randomBytes } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { lifeOf, ownIdentity, type ProcessIdentity } from './process-identity.ts'

/** One that was made on another host, or in another container, is taken for left behind after this. Milliseconds. */
const FOREIGN_MS = 60 * 60_000
/** Stands for the start of a process where the system does not say. */
const UNKNOWN_START = '0'

/** A name that nobody can foresee, and that says which process of which host has it. */
export function tempName(): string {
  const self = ownIdentity()
  return `.agw-${markOf(self)}-${self.pid}-${self.started ?? UNKNOWN_START}-${randomBytes(12).toString('hex')}.tmp`
}

/**
 * Removes what writers that were killed have left in a folder: it may hold a key. Never throws: what cannot be removed
 * now is met again by the next write.
 */
export async function removeLeftTemps(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, mark, pid, started] = /^\.agw-([\da-f]{8})-(\d+)-(\d+)-[\da-f]{24}\.tmp$/.exec(name) ?? []
    if (pid === undefined) continue
    const path = join(folder, name)
    const self = ownIdentity()
    const writer = {
      ...self,
      pid: Number(pid),
      started: started === UNKNOWN_START ? null : (started ?? null),
    }
    const isLeft = mark === markOf(self) ? lifeOf(writer) === 'dead' : (await ageOf(path)) > FOREIGN_MS
    if (isLeft) await rm(path, { force: true }).catch(() => {})
  }
}

/** Of a host, and of a container on it. */
function markOf({ host, space }: ProcessIdentity): string {
  return createHash('sha256')
    .update(JSON.stringify([host, space]))
    .digest('hex')
    .slice(0, 8)
}

async function ageOf(path: string): Promise<number> {
  return stat(path).then(
    stats => Date.now() - stats.mtimeMs,
    () => 0,
  )
}
