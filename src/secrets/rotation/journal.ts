import { createHash } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { KeySlot } from '../../config/slots.ts'
import { withLock } from '../lock.ts'
import { readTextFile } from '../read.ts'
import { type Environment, makeFolderOf, statePath } from '../state-path.ts'
import { writeFileAtomic } from '../write.ts'
import { writeFailed } from '../write-error.ts'
import type { BarePlace } from './places.ts'

const STEPS = ['keeping', 'switching', 'spreading', 'done', 'undoing'] as const

/**
 * How far a rotation has come. `keeping`: the old key is being laid aside; `switching`: it is, and the new one is being
 * written; `spreading`: gateways are taking the new one up; `done`: they have, and the old one can still be had back;
 * `undoing`: the old one is being written back.
 */
export type RotationStep = (typeof STEPS)[number]

/** What a rotation leaves behind, so that the next call can go on or go back. Holds no key. */
export interface Rotation {
  readonly step: RotationStep
  /** The slot by which it was begun. */
  readonly name: string
  readonly place: KeyPlace
  /** Where the old key is laid aside: the config may name another place by the time it is forgotten. */
  readonly previous: BarePlace
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

export function keyPlace(
  { variable, file, name }: Pick<KeySlot, 'variable' | 'file' | 'name'>,
  cwd: string,
): KeyPlace {
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

/** Lets one rotation or move of a key run at a time. Throws WRITE_FAILED when the other does not end within `waitMs`. */
export async function aloneWith<T>(
  config: string,
  place: KeyPlace,
  env: Environment,
  action: () => Promise<T>,
  waitMs = WAIT_MS,
): Promise<T> {
  const path = await journalPath(config, place, env)
  await makeFolderOf(path)
  const busy = `another change of the key of ${place} is under way`
  return await withLock(path, action, { timeoutMs: waitMs, busy })
}

/** The rotation of a key that is under way, or whose old key is still kept. */
export async function readRotation(
  config: string,
  place: KeyPlace,
  env: Environment,
): Promise<Rotation | undefined> {
  return await readJournal(await journalPath(config, place, env))
}

/** All of a config; none where nothing can be read. */
export async function readRotations(config: string, env: Environment): Promise<Rotation[]> {
  if (config === '-') return []
  const folder = dirname(await journalPath(config, 'any' as KeyPlace, env))
  const names = await readdir(folder).catch(() => [])
  const journals = names.filter(name => /^rotation-[\da-f]+\.json$/.test(name))
  const found = await Promise.all(journals.map(name => readJournal(join(folder, name))))
  // A journal that does not lie where its place belongs would be forgotten under somebody else's lock.
  const sound = await Promise.all(
    found.map(async (one, index) => {
      if (one === undefined) return []
      const path = await journalPath(config, one.place, env)
      return basename(path) === journals[index] ? [one] : []
    }),
  )
  return sound.flat()
}

/** Writes down a step before it is taken. Throws WRITE_FAILED: without a journal there is no way back. */
export async function writeRotation(config: string, rotation: Rotation, env: Environment): Promise<void> {
  const path = await journalPath(config, rotation.place, env)
  await makeFolderOf(path)
  await writeFileAtomic(path, `${JSON.stringify(rotation)}\n`, { mode: 0o600 })
}

export async function endRotation(config: string, place: KeyPlace, env: Environment): Promise<void> {
  const path = await journalPath(config, place, env)
  await rm(path, { force: true }).catch(error => {
    throw writeFailed(path, error)
  })
}

async function readJournal(path: string): Promise<Rotation | undefined> {
  const read = await readTextFile(path, MAX_JOURNAL_BYTES)
  if (!read.ok) return undefined
  try {
    const found = JSON.parse(read.text) as Rotation
    const texts = [found.name, found.place, found.from, found.to, found.keepUntil, found.previous?.kind]
    const isWhole = STEPS.includes(found.step) && texts.every(text => typeof text === 'string')
    return isWhole ? found : undefined
  } catch {
    return undefined
  }
}

function journalPath(config: string, place: KeyPlace, env: Environment): Promise<string> {
  const id = createHash('sha256').update(place).digest('hex').slice(0, 16)
  return statePath(config, `rotation-${id}.json`, env)
}
