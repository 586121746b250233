import { lstat, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { isOnlyWrittenSecret, type KeySlot, quoteVariable, setValue } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import { type LoadedConfig, requireKeyPlaces } from '../load.ts'
import { removeFromDotenv } from '../secrets/dotenv.ts'
import { describePlace, type SourcePlace } from '../secrets/keep.ts'
import { suggested } from '../suggested.ts'
import { withoutEntry } from './agw-entry.ts'
import { mayGo, type PlannedFile, SECRET_MODE } from './planned-file.ts'
import { leftBehind, losersWith } from './sharers.ts'
import { type StorePlan, variableName } from './store-key.ts'

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
}

const NOTHING: ForgetPlan = { files: [], deleted: [], source: undefined, notes: [], losers: '' }

/** What is to be done so that a key lies no longer where it lay before it was moved; `moved` says where it is now. */
export async function planForgetOld(place: SlotPlace, moved: StorePlan): Promise<ForgetPlan> {
  const { slot, cwd, loaded } = place
  if (slot.method === 'inline') return NOTHING
  const users = leftBehind({ ...loaded, ...place }, moved.variable)
  if (slot.file !== undefined) {
    const path = resolve(cwd, slot.file)
    if (moved.keyFile !== undefined && resolve(cwd, moved.keyFile) === path) return NOTHING
    return users === '' ? { ...NOTHING, deleted: [path] } : still(`${slot.file}, for ${users}`)
  }
  if (slot.variable === undefined) return NOTHING
  const entry = loaded.agw?.entries.get(slot.variable)
  if (loaded.agw !== undefined && entry !== undefined) {
    const isSame = moved.source?.file === undefined && moved.source?.entry.variable === slot.variable
    if (isSame) return NOTHING
    if (users !== '') return still(`${await describePlace({ agw: loaded.agw, entry })}, for ${users}`)
    const after = moved.files.find(file => file.path === loaded.agw?.path)?.content
    const files =
      moved.variable === slot.variable ? [] : [await withoutEntry(loaded.agw, slot.variable, after)]
    return { ...NOTHING, files, source: { agw: loaded.agw, entry } }
  }
  const found = loaded.variables.lookup(slot.variable)
  if (found === undefined) return NOTHING
  if (found.source !== 'dotenv')
    return still(`the environment, as ${slot.variable}: unset it where it is set`)
  const keptThere = moved.method === 'env' && moved.variable === slot.variable
  if (keptThere) return NOTHING
  const file = found.home?.file ?? ''
  if (users !== '') return still(`${found.place}, for ${users}`)
  const after = moved.files.find(one => one.path === file)?.content
  return { ...NOTHING, files: [await withoutVariable(slot.variable, file, loaded, after)] }
}

/** What is to be done so that a slot has no key any more. Throws SLOT_NOT_WRITABLE where agw cannot take it away. */
export async function planRemoval(place: SlotPlace): Promise<ForgetPlan> {
  const { slot, cwd, loaded } = place
  if (slot.method === 'inline') {
    const variable = variableName(slot)
    const content = setValue(loaded.document.text, slot.path, quoteVariable(variable))
    const freed = isOnlyWrittenSecret(slot.path, requireKeyPlaces(loaded), loaded.document)
    const file = { path: loaded.path, content, what: 'the config', secret: false, freed }
    return {
      ...NOTHING,
      files: [file],
      notes: [`the config refers to $${variable} now, which has no value yet`],
    }
  }
  const losers = losersWith({ ...loaded, ...place })
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
  const entry = loaded.agw?.entries.get(slot.variable)
  if (loaded.agw !== undefined && entry !== undefined)
    return { ...NOTHING, source: { agw: loaded.agw, entry }, losers }
  if (found === undefined) return NOTHING
  const file = await withoutVariable(slot.variable, found.home?.file ?? '', loaded)
  return { ...NOTHING, files: [file], losers }
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
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
  const content = removeFromDotenv(text ?? (await readFile(path, 'utf8')), variable)
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
