import { dirname } from 'node:path'
import { markedAs, withoutMark } from '../byte-mark.ts'
import { findSlot, type KeySlot, keySlots, quoteLiteral, setValue } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import { type LoadedConfig, type LoadOptions, loadConfig } from '../load.ts'
import { readPlainText } from '../plain-file.ts'
import { requireKeyPlaces } from '../require-config.ts'
import { currentKey, noteStored, withLock, writeFileAtomic } from '../secrets/index.ts'
import { storeAtPlace } from '../secrets/keep.ts'
import { removeLeftWrites } from '../secrets/left-writes.ts'
import {
  aloneWith,
  type KeyPlace,
  keyPlace,
  type Rotation,
  readRotation,
} from '../secrets/rotation/journal.ts'
import {
  type BarePlace,
  ownPlace,
  type PlaceContext,
  previousPlace,
  reached,
} from '../secrets/rotation/places.ts'
import type { Secret } from '../secrets/secret.ts'
import { problemError } from '../secrets/source.ts'
import { noKeyOfItsOwn } from '../setup/store-key.ts'
import { suggested } from '../suggested.ts'

/** A slot, its key and the way back, as they are while no other rotation of the key can change them. */
export interface Scene {
  readonly loaded: LoadedConfig
  readonly slot: KeySlot
  readonly place: KeyPlace
  readonly key: Secret
  /** Where the key lies; undefined for one in the config itself. */
  readonly own: BarePlace | undefined
  /** Where an old key goes. */
  readonly previous: BarePlace
  readonly journal: Rotation | undefined
}

export interface SceneOptions {
  readonly load: LoadOptions
  readonly name: string
  readonly onSecret: (secret: Secret) => void
}

/** Acts on a slot under the lock of its key. Throws SECRET_MISSING where there is none, SLOT_NOT_WRITABLE. */
export async function onScene<T>(options: SceneOptions, action: (scene: Scene) => Promise<T>): Promise<T> {
  const { load } = options
  const loaded = await loadConfig({ ...load, gather: false })
  if (loaded.path === '-') {
    throw new AgwError('USAGE', 'a config on standard input cannot be changed', {
      hint: 'name the file with --file PATH',
    })
  }
  const place = keyPlace(slotOf(loaded, options), load.cwd)
  await removeLeftWrites({ ...loaded, slots: slotsOf(loaded) }, load)
  return await aloneWith(loaded.path, place, load.env, async () => action(await sceneOf(place, options)))
}

function slotOf(loaded: LoadedConfig, { name }: SceneOptions): KeySlot {
  return findSlot(slotsOf(loaded), name)
}

function slotsOf(loaded: LoadedConfig): KeySlot[] {
  return keySlots(requireKeyPlaces(loaded), loaded.document)
}

async function sceneOf(place: KeyPlace, options: SceneOptions): Promise<Scene> {
  const { load, onSecret } = options
  const loaded = await loadConfig(load)
  const slot = slotOf(loaded, options)
  const { env, cwd } = load
  const { path: config, agw, variables } = loaded
  const context: PlaceContext = { config, agw, variables, cwd, env }
  const key = await currentKey(slot, variables, cwd)
  if (slot.method === 'passthrough' || slot.method === 'none') throw noKeyOfItsOwn(slot)
  if (key === undefined) {
    const problem = slot.variable === undefined ? undefined : variables.problemOf(slot.variable)
    if (problem !== undefined && problem.code !== 'missing') throw problemError(problem)
    throw new AgwError('SECRET_MISSING', `${slot.name} has no key that could be rotated`, {
      hint: `store one: ${suggested('keys', 'set', slot.name)}`,
    })
  }
  onSecret(key)
  const own = ownPlace(slot, context)
  const previous = await previousPlace(slot, context)
  return { loaded, slot, place, key, own, previous, journal: await readRotation(config, place, env) }
}

/** Puts a key where the config refers to it, by the method it has. The files that were written, absolute. */
export async function writeKey(
  { loaded, slot, own }: Scene,
  key: Secret,
  { env }: LoadOptions,
): Promise<readonly string[]> {
  const { path: config, agw } = loaded
  const files =
    own === undefined
      ? await writeInline(loaded, slot, key)
      : (await storeAtPlace(reached(own, agw), key, dirname(config), env)).files
  await noteStored(config, slot.name, key, {}, env)
  return files
}

/** The path of the slot is that of the text that was read: another text may have something else there. */
async function writeInline(
  { path, document }: LoadedConfig,
  slot: KeySlot,
  key: Secret,
): Promise<readonly string[]> {
  await withLock(path, async () => {
    const there = (await readPlainText(path)) ?? ''
    if (withoutMark(there) !== document.text) {
      throw new AgwError('CONFIG_CHANGED', `${path} was changed by somebody else in the meantime`, {
        hint: 'run the command again',
      })
    }
    const content = setValue(document.text, slot.path, quoteLiteral(key.reveal()))
    await writeFileAtomic(path, markedAs(there, content), { mode: 0o600 })
  })
  return [path]
}
