import { withLock } from './lock.ts'
import { readTextFile } from './read.ts'
import type { BarePlace } from './rotation/places.ts'
import type { Secret } from './secret.ts'
import { type Environment, makeFolderOf, statePath } from './state-path.ts'
import { writeFileAtomic } from './write.ts'

/** What is remembered of a key besides its value. Times are ISO 8601. */
export interface KeyNote {
  /** Whose key this is about: another one's time says nothing. */
  readonly fingerprint: string
  readonly setAt?: string
  /** When agw kept it somewhere else, as it was. */
  readonly movedAt?: string
  readonly expiresAt?: string
  /** The Secret of Kubernetes that it was sent as, with its namespace: a pod has it, this machine need not. */
  readonly cluster?: string
  readonly lastCheck?: { readonly at: string; readonly result: string }
  /** Where a move is to take it from, and to: one that was stopped may have left it in both. */
  readonly moving?: readonly BarePlace[] | undefined
}

/** By the name of the slot. */
export type KeyNotes = ReadonlyMap<string, KeyNote>

/**
 * What is remembered of a key under a name; a note on another key says nothing. Another model may have given the slot a new
 * name: when the key was stored, and when it ends, is known by whatever name it had.
 */
export function noteOf(notes: KeyNotes, name: string, fingerprint: string): KeyNote | undefined {
  const own = notes.get(name)
  const others = [...notes.values()].filter(note => note.fingerprint === fingerprint)
  if (others.length === 0) return undefined
  const setAt = others.find(note => note.setAt !== undefined)?.setAt
  const expiresAt = others.find(note => note.expiresAt !== undefined)?.expiresAt
  return {
    fingerprint,
    ...(setAt !== undefined && { setAt }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(own?.fingerprint === fingerprint && own),
  }
}

/** Notes are short. Bytes. */
const MAX_NOTES_BYTES = 1024 * 1024

/** The notes on the keys of a config; none where there are none, or where they cannot be read. */
export async function readKeyNotes(config: string, env: Environment): Promise<KeyNotes> {
  const read = await readTextFile(await notesPath(config, env), MAX_NOTES_BYTES)
  if (!read.ok) return new Map()
  try {
    const { keys } = JSON.parse(read.text) as { keys: Record<string, KeyNote> }
    return new Map(Object.entries(keys))
  } catch {
    return new Map()
  }
}

/**
 * Remembers something of a key; what was noted of another key under the same name is dropped. False where it cannot
 * be written: no key depends on it.
 */
export async function noteKey(
  config: string,
  name: string,
  note: KeyNote,
  env: Environment,
): Promise<boolean> {
  const path = await notesPath(config, env)
  try {
    await makeFolderOf(path)
    await withLock(path, async () => {
      const notes = new Map(await readKeyNotes(config, env))
      notes.set(name, { ...noteOf(notes, name, note.fingerprint), ...note })
      const text = JSON.stringify({ version: 1, config, keys: Object.fromEntries(notes) }, null, 2)
      await writeFileAtomic(path, `${text}\n`, { mode: 0o600 })
    })
    return true
  } catch {
    return false
  }
}

/** Remembers when a key was stored, when its provider ends it where that is known, and the Secret it was sent as. */
export async function noteStored(
  config: string,
  name: string,
  key: Secret,
  { expires, cluster }: { readonly expires?: Date | undefined; readonly cluster?: string | undefined },
  env: Environment,
): Promise<{ readonly expiryChanged: boolean }> {
  const fingerprint = key.fingerprint()
  const known = noteOf(await readKeyNotes(config, env), name, fingerprint)
  // The same key is no younger for having been given again.
  const setAt = known?.setAt ?? new Date().toISOString()
  const expiresAt = expires?.toISOString()
  const more = { ...(expiresAt && { expiresAt }), ...(cluster && { cluster }) }
  const isNoted = await noteKey(config, name, { fingerprint, setAt, ...more }, env)
  return { expiryChanged: isNoted && expiresAt !== undefined && expiresAt !== known?.expiresAt }
}

/** Remembers between which places a key is about to be moved. */
export function noteMoving(
  config: string,
  name: string,
  { key, places }: { readonly key: Secret; readonly places: readonly BarePlace[] },
  env: Environment,
): Promise<boolean> {
  return noteKey(config, name, { fingerprint: key.fingerprint(), moving: places }, env)
}

/** Remembers that a key has been brought to another place, as it was. */
export function noteMoved(config: string, name: string, key: Secret, env: Environment): Promise<boolean> {
  const movedAt = new Date().toISOString()
  return noteKey(config, name, { fingerprint: key.fingerprint(), movedAt, moving: undefined }, env)
}

/** Whether a key was brought to its place for this config by agw. */
export async function isOwnKey(config: string, key: Secret, env: Environment): Promise<boolean> {
  const fingerprint = key.fingerprint()
  const notes = [...(await readKeyNotes(config, env)).values()]
  return notes.some(note => note.fingerprint === fingerprint && (note.setAt ?? note.movedAt) !== undefined)
}

function notesPath(config: string, env: Environment): Promise<string> {
  return statePath(config, 'keys.json', env)
}
