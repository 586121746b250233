import { resolve } from 'node:path'
import type { SecretEntry } from '../config/agw/file.ts'
import type { AgwFile, KeySlot } from '../config/index.ts'
import { storedAt } from '../secrets/keep.ts'
import { type StoredAt, storedInFile } from '../secrets/stored-at.ts'
import type { StorePlan } from './store-key.ts'

/** What places are named against. */
export interface PlaceNames {
  readonly agw: AgwFile | undefined
  /** The dotenv file, absolute. */
  readonly dotenv: string | undefined
  /** What relative key files are resolved against. */
  readonly cwd: string
  /** Of the config. */
  readonly folder: string
  /** Of the shell. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Where the key of a slot is stored; undefined for one that stands in the config itself, or has none. */
export async function placeOf(
  { file, variable }: Pick<KeySlot, 'file' | 'variable'>,
  names: PlaceNames,
): Promise<StoredAt | undefined> {
  if (file !== undefined) return await storedInFile(resolve(names.cwd, file))
  if (variable === undefined) return undefined
  const entry = names.agw?.entries.get(variable)
  return await (entry === undefined ? variablePlace(variable, names) : entryPlace(entry, names))
}

/** Where a key is stored once a plan is carried out; undefined for one that goes into the config itself, or to a cluster. */
export async function placeAfter(
  { keyFile, source, method, variable }: StorePlan,
  names: PlaceNames,
): Promise<StoredAt | undefined> {
  if (keyFile !== undefined) return await placeOf({ file: keyFile, variable: undefined }, names)
  if (source !== undefined) return await entryPlace(source.entry, names)
  return method === 'env' && variable !== undefined ? await variablePlace(variable, names) : undefined
}

export async function entryPlace(entry: SecretEntry, { folder, agw, env }: PlaceNames): Promise<StoredAt> {
  return await storedAt(entry, { env, configDir: folder, connections: agw?.connections ?? {} })
}

async function variablePlace(variable: string, { dotenv }: PlaceNames): Promise<StoredAt> {
  return dotenv === undefined
    ? { whole: 'environment', part: variable }
    : await storedInFile(dotenv, variable)
}
