import { dirname } from 'node:path'
import type { AgwFile } from '../../config/agw/file.ts'
import type { KeySlot } from '../../config/slots.ts'
import { AgwError } from '../../errors.ts'
import { readPlace } from '../keep.ts'
import type { Secret } from '../secret.ts'
import { keyPlace, readRotation } from './journal.ts'
import { reached } from './places.ts'

/**
 * The key that a rotation has just put another one in the place of, until its time is over; undefined in all other
 * cases, and where it cannot be read: nothing depends on it.
 */
export async function formerKey(
  slot: KeySlot,
  secret: Secret,
  { path, agw }: { readonly path: string; readonly agw: AgwFile | undefined },
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<Secret['former']> {
  if (path === '-') return undefined
  const rotation = await readRotation(path, keyPlace(slot, cwd), env)
  const until = Date.parse(rotation?.keepUntil ?? '')
  if (rotation === undefined || rotation.to !== secret.fingerprint() || !(until > Date.now()))
    return undefined
  try {
    const former = await readPlace(reached(rotation.previous, agw), dirname(path), env)
    return former?.fingerprint() === rotation.from ? { secret: former, until } : undefined
  } catch (error) {
    if (error instanceof AgwError) return undefined
    throw error
  }
}
