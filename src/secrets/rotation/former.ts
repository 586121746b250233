import { dirname } from 'node:path'
import type { KeySlot } from '../../config/slots.ts'
import { AgwError } from '../../errors.ts'
import { readPlace } from '../keep.ts'
import type { Secret } from '../secret.ts'
import { keyPlace, readRotation } from './journal.ts'
import { type PreviousContext, previousPlace } from './previous.ts'

/**
 * The key that a rotation has just put another one in the place of, until its time is over; undefined in all other
 * cases, and where it cannot be read: nothing depends on it.
 */
export async function formerKey(
  slot: KeySlot,
  secret: Secret,
  { path, agw, variables }: Pick<PreviousContext, 'agw' | 'variables'> & { readonly path: string },
  { cwd, env }: Pick<PreviousContext, 'cwd' | 'env'>,
): Promise<Secret['former']> {
  if (path === '-') return undefined
  const rotation = await readRotation(path, keyPlace(slot, cwd), env)
  const until = Date.parse(rotation?.keepUntil ?? '')
  if (rotation === undefined || rotation.to !== secret.fingerprint() || !(until > Date.now()))
    return undefined
  try {
    const place = await previousPlace(slot, { config: path, agw, variables, cwd, env })
    const former = await readPlace(place, dirname(path), env)
    return former === undefined ? undefined : { secret: former, until }
  } catch (error) {
    if (error instanceof AgwError) return undefined
    throw error
  }
}
