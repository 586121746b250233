import { findSlot, isOnlyWrittenSecret, type KeySlot, keySlots } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import { type LoadedConfig, type LoadOptions, loadConfig } from '../load.ts'
import { requireChangeable, requireKeyPlaces } from '../require-config.ts'
import { currentKey } from '../secrets/index.ts'
import type { Secret } from '../secrets/secret.ts'
import { problemError } from '../secrets/source.ts'
import type { StorePlace } from '../setup/store-key.ts'
import { suggested } from '../suggested.ts'

/** A slot, all it takes to change its key, and the key it has. */
export interface KeyChange {
  readonly loaded: LoadedConfig
  readonly slots: readonly KeySlot[]
  readonly slot: KeySlot
  /** The key before; absent where it has none, or where it cannot be read. */
  readonly before: Secret | undefined
  readonly place: StorePlace
}

/** Finds the slot that a command is about. Throws UNKNOWN_SLOT, USAGE for a config on standard input. */
export async function findKeyChange(loaded: LoadedConfig, name: string, cwd: string): Promise<KeyChange> {
  const config = requireChangeable(loaded)
  const slots = keySlots(config, loaded.document)
  const slot = findSlot(slots, name)
  const { path, folder, agw, dotenv } = loaded
  const onlySecret = isOnlyWrittenSecret(slot.path, config, loaded.document)
  return {
    loaded,
    slots,
    slot,
    before: await currentKey(slot, loaded.variables, cwd),
    place: { config: path, text: loaded.document.text, dotenv, cwd, folder, agw, onlySecret },
  }
}

/**
 * The key that a slot has. Throws what keeps its source from giving it, SECRET_MISSING where there is none to move to
 * `method`.
 */
export function requireKey({ slot, before, loaded }: KeyChange, method: string): Secret {
  if (before !== undefined) return before
  const problem = slot.variable === undefined ? undefined : loaded.variables.problemOf(slot.variable)
  if (problem !== undefined && problem.code !== 'missing') throw problemError(problem)
  throw new AgwError('SECRET_MISSING', `${slot.name} has no key that could be moved`, {
    hint: `store one there: ${suggested('keys', 'set', slot.name, '--method', method)}`,
  })
}

/** A slot that is read anew. */
export interface SlotAgain {
  readonly load: LoadOptions
  /** Of the config, absolute. */
  readonly path: string
  readonly name: string
}

/** Reads everything anew: the slot, and the key that it has now. */
async function readAgain({ load, path, name }: SlotAgain) {
  const loaded = await loadConfig({ ...load, file: path })
  const slot = findSlot(keySlots(requireKeyPlaces(loaded), loaded.document), name)
  return { loaded, slot, key: await currentKey(slot, loaded.variables, load.cwd) }
}

/** The key that a slot has now. */
export async function keyNow(again: SlotAgain): Promise<Secret | undefined> {
  return (await readAgain(again)).key
}

/** Sees that a slot has the very key it should have. Throws SECRET_UNREADABLE. */
export async function requireReadsBack(again: SlotAgain, value: Secret): Promise<void> {
  const { key } = await readAgain(again)
  if (key?.equals(value)) return
  throw new AgwError(
    'SECRET_UNREADABLE',
    `${again.name} does not read back from its new place; the old one was left alone`,
    { hint: `see ${suggested('keys', 'list')} and ${suggested('doctor')}` },
  )
}
