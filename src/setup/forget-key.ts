import { realpath, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import {
  isOnlyWrittenSecret,
  type KeySlot,
  quoteVariable,
  type SourcePlaces,
  setValue,
} from '../config/index.ts'
import { AgwError } from '../errors.ts'
import { type LoadedConfig, shortName } from '../load.ts'
import { requireKeyPlaces } from '../require-config.ts'
import { removeFromDotenv } from '../secrets/dotenv.ts'
import { mayGo } from '../secrets/index.ts'
import { describePlace, isReadOnly, type SourcePlace } from '../secrets/keep.ts'
import { isOneWith } from '../secrets/stored-at.ts'
import { suggested } from '../suggested.ts'
import { withoutEntry } from './agw-entry.ts'
import { placeAfter, placeOf } from './key-places.ts'
import { keyVariable } from './key-variable.ts'
import { type PlannedFile, SECRET_MODE } from './planned-file.ts'
import { leftBehind, losersWith } from './sharers.ts'
import type { StorePlan } from './store-key.ts'
import { textToChange } from './text-to-change.ts'

/** What takes the value of a slot away. */
export interface ForgetPlan {
  readonly files: readonly PlannedFile[]
  /** Key files that go. Absolute. */
  readonly deleted: readonly string[]
  /** The source that gives the value up. */
  readonly source: SourcePlace | undefined
  /** What stays, and why. */
  readonly notes: readonly string[]
  /** What else loses its key; empty where nothing does. */
  readonly losers: string
}

/** A slot as it is, and all that may still need its key. */
export interface SlotPlace {
  readonly slot: KeySlot
  readonly slots: readonly KeySlot[]
  readonly loaded: LoadedConfig
  readonly cwd: string
  /** Of the shell. */
  readonly env: Readonly<Record<string, string | undefined>>
}

const NOTHING: ForgetPlan = { files: [], deleted: [], source: undefined, notes: [], losers: '' }

/** What is to be done so that a key lies no longer where it lay before it was moved; `moved` says where it is now. */
export async function planForgetOld(place: SlotPlace, moved: StorePlan): Promise<ForgetPlan> {
  const { slot, cwd, loaded } = place
  const neighbours = { ...loaded, ...place }
  const [own, next] = await Promise.all([placeOf(slot, neighbours), placeAfter(moved, neighbours)])
  if (own === undefined) return NOTHING
  const users = await leftBehind(neighbours, moved.variable)
  if (next !== undefined && isOneWith(own, next))
    return users === '' ? { ...NOTHING, files: await withoutOldEntry(place, moved) } : NOTHING
  const { file, variable = '' } = slot
  const end = await endOfLink(place)
  if (file !== undefined) {
    if (users !== '') return still(`${file}, for ${users}`)
    return end === undefined ? { ...NOTHING, deleted: [resolve(cwd, file)] } : still(end)
  }
  const entry = entryOf(place)
  if (entry !== undefined) {
    const described = await describePlace(entry)
    if (users !== '') return still(`${described}, for ${users}`)
    const files = await withoutOldEntry(place, moved)
    if (end !== undefined) return { ...still(end), files }
    if (await isReadOnly(entry)) return { ...still(`${described}, which agw only reads`), files }
    return { ...NOTHING, files, source: entry }
  }
  const found = loaded.variables.lookup(variable)
  if (found === undefined) return NOTHING
  if (found.source !== 'dotenv') return still(`the environment, as ${variable}: unset it where it is set`)
  if (users !== '') return still(`${found.place}, for ${users}`)
  const path = found.home?.file ?? ''
  const after = moved.files.find(one => one.path === path)?.content
  return { ...NOTHING, files: [await withoutVariable(variable, path, loaded, after)] }
}

/** agw.yaml without the entry of the variable that a slot had, where it has another one now. */
async function withoutOldEntry({ slot, loaded }: SlotPlace, moved: StorePlan): Promise<PlannedFile[]> {
  const { agw } = loaded
  const { variable } = slot
  if (agw === undefined || variable === undefined) return []
  if (!agw.entries.has(variable) || moved.variable === variable) return []
  const after = moved.files.find(file => file.path === agw.path)?.content
  return [await withoutEntry(agw, variable, after)]
}

function entryOf({ slot, loaded: { agw } }: SlotPlace): SourcePlace | undefined {
  const entry = slot.variable === undefined ? undefined : agw?.entries.get(slot.variable)
  return entry === undefined ? undefined : { agw, entry }
}

/** Where the key lies to which the slot's key file is a link; agw takes neither away. Undefined for one that is none. */
async function endOfLink(place: SlotPlace): Promise<string | undefined> {
  const { slot, cwd, loaded } = place
  const entry = entryOf(place)?.entry
  const named =
    entry?.kind === 'file' ? resolve(loaded.folder, (entry.where as SourcePlaces['file']).path) : undefined
  const path = slot.file === undefined ? named : resolve(cwd, slot.file)
  if (path === undefined || (await mayGo(path).catch(() => true))) return undefined
  return await realpath(path).then(
    end => `${shortName(cwd, end)}, to which ${shortName(cwd, path)} is a link`,
    () => undefined,
  )
}

/** What is to be done so that a slot has no key any more. Throws SLOT_NOT_WRITABLE where agw cannot take it away. */
export async function planRemoval(place: SlotPlace): Promise<ForgetPlan> {
  const { slot, cwd, loaded } = place
  if (slot.method === 'inline') {
    const variable = keyVariable(slot)
    const madeOf = loaded.document.text
    const content = setValue(madeOf, slot.path, quoteVariable(variable))
    const freed = isOnlyWrittenSecret(slot.path, requireKeyPlaces(loaded), loaded.document)
    const file = { path: loaded.path, content, madeOf, what: 'the config', secret: false, freed }
    return {
      ...NOTHING,
      files: [file],
      notes: [`the config refers to $${variable} now, which has no value yet`],
    }
  }
  const end = await endOfLink(place)
  if (end !== undefined) throw keptElsewhere(slot, end)
  const losers = await losersWith({ ...loaded, ...place })
  if (slot.file !== undefined) {
    const path = resolve(cwd, slot.file)
    return (await isThere(path)) ? { ...NOTHING, deleted: [path], losers } : NOTHING
  }
  if (slot.variable === undefined) {
    throw new AgwError('SLOT_NOT_WRITABLE', `${slot.name} has no key of its own`, {
      hint: `see ${suggested('keys', 'list')}`,
    })
  }
  const found = loaded.variables.lookup(slot.variable)
  if (found?.source === 'environment') {
    throw new AgwError('SLOT_NOT_WRITABLE', `${slot.variable} is set in the environment of this shell`, {
      hint: `unset ${slot.variable} there`,
    })
  }
  const source = entryOf(place)
  if (source !== undefined) return { ...NOTHING, source, losers }
  if (found === undefined) return NOTHING
  const file = await withoutVariable(slot.variable, found.home?.file ?? '', loaded)
  return { ...NOTHING, files: [file], losers }
}

function keptElsewhere({ name }: KeySlot, end: string): AgwError {
  return new AgwError('SLOT_NOT_WRITABLE', `the key of ${name} lies in ${end}, and would stay there`, {
    hint: 'delete that file, or name it in place of the link',
  })
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}

function still(where: string): ForgetPlan {
  return { ...NOTHING, notes: [`the key also stays in ${where}`] }
}

/**
 * A dotenv file without a variable; it goes with the last thing in it, unless somebody names it at each call. `text` is
 * what it will hold by then, where that is not what it holds now.
 */
async function withoutVariable(
  variable: string,
  path: string,
  { isDotenvNamed }: LoadedConfig,
  text?: string,
): Promise<PlannedFile> {
  const content = removeFromDotenv(text ?? (await textToChange(path)) ?? '', variable)
  const goes = content.trim() === '' && !isDotenvNamed && (await mayGo(path))
  return {
    path,
    content: goes ? '' : content,
    mode: SECRET_MODE,
    what: 'the variables',
    secret: true,
    goes,
  }
}
