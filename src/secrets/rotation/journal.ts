import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { KeySlot } from '../../config/slots.ts'
import { statePath } from '../key-notes.ts'
import { withLock } from '../lock.ts'
import { readTextFile } from '../read.ts'
import { writeFileAtomic } from '../write.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * How far a rotation has come. `keeping`: the old key is being laid aside; `switching`: it is, and the new one is being
 * written; `spreading`: gateways are taking the new one up; `done`: they have, and the old one can still be had back;
 * `undoing`: the old one is being written back.
 */
export type RotationStep = 'keeping' | 'switching' | 'spreading' | 'done' | 'undoing'

/** What a rotation leaves behind, so that the next call can go on or go back. Holds no key. */
export interface Rotation {
  readonly step: RotationStep
  /** Fingerprints. */
  readonly from: string
  readonly to: string
  /** ISO times; the old key is kept until `keepUntil`. */
  readonly startedAt: string
  readonly keepUntil: string
}

const MAX_JOURNAL_BYTES = 64 * 1024

/** The key of a slot, by its place: slots that have a variable or a file in common have one key, and one rotation. */
export type KeyPlace = string & { readonly isKeyPlace: true }

export function keyPlace({ variable, file, name }: KeySlot, cwd: string): KeyPlace {
  const place =
    variable !== undefined
      ? `variable ${variable}`
      : file !== undefined
        ? `file ${resolve(cwd, file)}`
        : `slot ${name}`
  return place as KeyPlace
}

/** How long one rotation waits for another. Milliseconds. */
const WAIT_MS = 10_000

/** Lets one rotation of a key run at a time. Throws WRITE_FAILED when the other does not end. */
export async function aloneWith<T>(
  config: string,
  place: KeyPlace,
  env: Environment,
  action: () => Promise<T>,
): Promise<T> {
  const path = await journalPath(config, place, env)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const busy = `another rotation of the key of ${place} is under way`
  return await withLock(path, action, { timeoutMs: WAIT_MS, busy })
}

/** The rotation of a key that is under way, or whose old key is still kept. */
export async function readRotation(
  config: string,
  place: KeyPlace,
  env: Environment,
): Promise<Rotation | undefined> {
  const read = await readTextFile(await journalPath(config, place, env), MAX_JOURNAL_BYTES)
  if (!read.ok) return undefined
  try {
    return JSON.parse(read.text) as Rotation
  } catch {
    return undefined
  }
}

/** Writes down a step before it is taken. Throws WRITE_FAILED: without a journal there is no way back. */
export async function writeRotation(
  config: string,
  place: KeyPlace,
  rotation: Rotation,
  env: Environment,
): Promise<void> {
  const path = await journalPath(config, place, env)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFileAtomic(path, `${JSON.stringify(rotation)}\n`, { mode: 0o600 })
}

export async function endRotation(config: string, place: KeyPlace, env: Environment): Promise<void> {
  await rm(await journalPath(config, place, env), { force: true })
}

function journalPath(config: string, place: KeyPlace, env: Environment): Promise<string> {
  const id = createHash('sha256').update(place).digest('hex').slice(0, 16)
  return statePath(config, `rotation-${id}.json`, env)
}
