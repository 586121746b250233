import { mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { statePath } from '../key-notes.ts'
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

/** The rotation of a slot that is under way, or whose old key is still kept. */
export async function readRotation(
  config: string,
  name: string,
  env: Environment,
): Promise<Rotation | undefined> {
  const read = await readTextFile(await journalPath(config, name, env), MAX_JOURNAL_BYTES)
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
  name: string,
  rotation: Rotation,
  env: Environment,
): Promise<void> {
  const path = await journalPath(config, name, env)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFileAtomic(path, `${JSON.stringify(rotation)}\n`, { mode: 0o600 })
}

export async function endRotation(config: string, name: string, env: Environment): Promise<void> {
  await rm(await journalPath(config, name, env), { force: true })
}

function journalPath(config: string, name: string, env: Environment): Promise<string> {
  return statePath(config, `rotation-${encodeURIComponent(name)}.json`, env)
}
