import { rm } from 'node:fs/promises'
import { findSlot, type KeySlot, keySlots } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import { type LoadedConfig, type LoadOptions, loadConfig, requireKeyPlaces } from '../load.ts'
import { currentKey, withLock } from '../secrets/index.ts'
import { describePlace, readPlace, removeFromPlace, type SourcePlace, storeAtPlace } from '../secrets/keep.ts'
import type { Secret } from '../secrets/secret.ts'
import type { ForgetPlan } from '../setup/forget-key.ts'
import type { StorePlace, StorePlan } from '../setup/store-key.ts'
import { shortPath, type WriteFilesOptions, type WrittenFile, writeFiles } from './write-files.ts'

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
  if (loaded.path === '-') {
    throw new AgwError('USAGE', 'a config on standard input cannot be changed', {
      hint: 'name the file with --file PATH',
    })
  }
  const slots = keySlots(requireKeyPlaces(loaded), loaded.document)
  const slot = findSlot(slots, name)
  const { path, folder, agw, dotenv } = loaded
  return {
    loaded,
    slots,
    slot,
    before: await currentKey(slot, loaded.variables, cwd),
    place: { config: path, text: loaded.document.text, dotenv, cwd, folder, agw },
  }
}

/** What was done with files and sources. */
export interface Done {
  readonly changed: boolean
  readonly files: readonly WrittenFile[]
}

/** Shows a change, asks, keeps the value, then writes the files that refer to it: at no moment do they refer to nothing. */
export async function carryOut(
  plan: StorePlan,
  value: Secret,
  folder: string,
  options: WriteFilesOptions,
): Promise<Done> {
  const { source } = plan
  let changed = false
  if (source !== undefined) options.terminal.err(`the key goes to ${await describePlace(source)}`)
  const files = await writeFiles(plan.files, {
    ...options,
    beforeWriting: async () => {
      if (source === undefined) return
      if (source.file !== undefined) await requireFree(source, value, folder, options)
      changed = (await storeAtPlace(source, value, folder, options.env)).changed
    },
  })
  return { changed: changed || files.some(file => file.action !== 'unchanged'), files }
}

/** Keeps the keys of a new config where its agw.yaml will say. */
export async function storeKept(
  kept: readonly { readonly place: SourcePlace; readonly key: Secret }[],
  folder: string,
  options: WriteFilesOptions,
): Promise<void> {
  for (const { place, key } of kept) {
    await requireFree(place, key, folder, options)
    await storeAtPlace(place, key, folder, options.env)
    options.terminal.err(`the key goes to ${await describePlace(place)}`)
  }
}

/** A new entry never takes the place of a key that something else uses. */
async function requireFree(
  source: SourcePlace,
  value: Secret,
  folder: string,
  options: WriteFilesOptions,
): Promise<void> {
  const there = await readPlace(source, folder, options.env)
  if (there === undefined || there.equals(value)) return
  throw new AgwError('FILE_EXISTS', `${await describePlace(source)} holds another key already`, {
    hint: 'name another place with --account NAME or --encrypted-file PATH',
  })
}

/** Takes a value away. The caller has shown what will go, and asked. */
export async function forget(plan: ForgetPlan, folder: string, options: WriteFilesOptions): Promise<Done> {
  const { terminal, cwd, env, dryRun } = options
  const gone = plan.deleted.map(path => shortPath(cwd, path))
  for (const name of gone) terminal.err(`${dryRun ? 'would delete' : 'deletes'} ${name}`)
  if (plan.source !== undefined) {
    terminal.err(`${dryRun ? 'would take' : 'takes'} the key out of ${await describePlace(plan.source)}`)
  }
  // Without files it would say that nothing changes, below what would go.
  const files = plan.files.length === 0 ? [] : await writeFiles(plan.files, { ...options, yes: true })
  if (dryRun) return { changed: false, files }
  for (const path of plan.deleted) await withLock(path, () => rm(path, { force: true }))
  const removed = plan.source === undefined ? undefined : await removeFromPlace(plan.source, folder, env)
  for (const note of plan.notes) terminal.err(note)
  const changed =
    gone.length > 0 || removed?.changed === true || files.some(one => one.action !== 'unchanged')
  const deleted = gone.map((file): WrittenFile => ({ file, action: 'deleted', mode: '' }))
  return { changed, files: [...files, ...deleted] }
}

/** Reads everything anew and sees that a slot has the very key it should have. Throws SECRET_UNREADABLE. */
export async function requireReadsBack(
  load: LoadOptions,
  path: string,
  name: string,
  value: Secret,
): Promise<void> {
  const loaded = await loadConfig({ ...load, file: path })
  const slot = findSlot(keySlots(requireKeyPlaces(loaded), loaded.document), name)
  const found = await currentKey(slot, loaded.variables, load.cwd)
  if (found?.equals(value)) return
  const source = slot.variable === undefined ? undefined : loaded.variables.lookup(slot.variable)?.source
  throw new AgwError(
    'SECRET_UNREADABLE',
    `${name} does not read back from its new place; the old one was left alone`,
    {
      hint:
        source === 'environment'
          ? `${slot.variable} is set in this shell and wins: unset it, then run the command again`
          : 'see `agw keys list` and `agw doctor`',
    },
  )
}
