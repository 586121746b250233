import { dirname } from 'node:path'
import type { AgwFile } from '../../config/agw/file.ts'
import type { KeySlot } from '../../config/slots.ts'
import { AgwError } from '../../errors.ts'
import { describePlace, readPlace, removeFromPlace } from '../keep.ts'
import type { Homes } from '../key-homes.ts'
import { removeLeftWrites } from '../left-writes.ts'
import type { Secret } from '../secret.ts'
import { aloneWith, endRotation, keyPlace, type Rotation, readRotation, readRotations } from './journal.ts'
import { reached } from './places.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** A config whose rotations are looked at. */
export interface RotatedConfig {
  /** Absolute, or `-`, which has none. */
  readonly path: string
  readonly agw: AgwFile | undefined
}

/** A slot and the key it has now. */
export interface SlotKey {
  readonly slot: KeySlot
  readonly secret: Secret | undefined
}

/** What became of an old key whose time is over. Holds no value. */
export interface Forgotten {
  readonly name: string
  /** Of the old key. */
  readonly fingerprint: string
  /** Where it was laid aside. */
  readonly place: string
  readonly result: 'forgotten' | 'left'
  /** Why something is left there. */
  readonly why?: string
}

/** Whoever else works on a rotation will see to its old key. Milliseconds. */
const PATIENCE_MS = 500

/**
 * Takes the old keys away whose time is over, and what writers that were killed have left beside the config and its
 * keys. Never throws for what stands in the way of one: that is its result.
 */
export async function forgetExpired(
  config: RotatedConfig & Homes,
  keys: () => Promise<readonly SlotKey[]>,
  { cwd, env }: { readonly cwd: string; readonly env: Environment },
): Promise<Forgotten[]> {
  const { path } = config
  await removeLeftWrites(config, { cwd, env })
  const due = (await readRotations(path, env)).filter(isExpired)
  const forget = async ({ place }: Rotation): Promise<Forgotten[]> => {
    // What was read without the lock may be over, or have begun anew.
    const rotation = await readRotation(path, place, env)
    if (rotation === undefined || !isExpired(rotation)) return []
    const now = (await keys()).find(({ slot }) => keyPlace(slot, cwd) === place)?.secret
    return isSettled(rotation, now) ? [await forgetKept(config, rotation, env)] : []
  }
  const found: Forgotten[] = []
  for (const rotation of due) {
    try {
      found.push(...(await aloneWith(path, rotation.place, env, () => forget(rotation), PATIENCE_MS)))
    } catch (error) {
      if (!(error instanceof AgwError)) throw error
      const { name, from } = rotation
      const place = await describePlace(reached(rotation.previous, config.agw))
      found.push({ name, fingerprint: from, place, result: 'left', why: error.message })
    }
  }
  return found
}

/** Takes the old key of a slot away that has no key any more; undefined where none is kept. Throws what stands in the way. */
export async function forgetWith(
  config: RotatedConfig,
  slot: KeySlot,
  { cwd, env }: { readonly cwd: string; readonly env: Environment },
): Promise<Forgotten | undefined> {
  const { path } = config
  const place = keyPlace(slot, cwd)
  if ((await readRotation(path, place, env)) === undefined) return undefined
  return await aloneWith(path, place, env, async () => {
    const rotation = await readRotation(path, place, env)
    return rotation === undefined ? undefined : await forgetKept(config, rotation, env)
  })
}

/**
 * Takes the old key of a rotation out of its place, if it is the one, and ends the rotation. The caller holds the lock of
 * `aloneWith`. Throws what keeps it from being taken away.
 */
export async function forgetKept(
  { path, agw }: RotatedConfig,
  rotation: Rotation,
  env: Environment,
): Promise<Forgotten> {
  const { name, from, place, previous } = rotation
  const at = reached(previous, agw)
  const folder = dirname(path)
  const there = await readPlace(at, folder, env)
  const isOther = there !== undefined && there.fingerprint() !== from
  if (there !== undefined && !isOther) await removeFromPlace(at, folder, env)
  await endRotation(path, place, env)
  const done = { name, fingerprint: from, place: await describePlace(at) }
  if (!isOther) return { ...done, result: 'forgotten' }
  return { ...done, result: 'left', why: 'what lies there now is another value, which stays' }
}

/** When the next old key of a config is to be forgotten, in milliseconds since 1970; undefined where none is kept. */
export async function nextExpiry(path: string, env: Environment): Promise<number | undefined> {
  const times = (await readRotations(path, env)).map(({ keepUntil }) => Date.parse(keepUntil))
  return times.length === 0 ? undefined : Math.min(...times)
}

/** A time that cannot be read is over: the key must not stay for ever. */
export function isExpired({ keepUntil }: Rotation): boolean {
  return !(Date.parse(keepUntil) > Date.now())
}

/** A rotation that was stopped on its way may have left the only copy of the key. */
function isSettled({ step, from, to }: Rotation, now: Secret | undefined): boolean {
  return step === 'spreading' || step === 'done' || [from, to].includes(now?.fingerprint() ?? '')
}
