import { resolve } from 'node:path'
import type { SecretEntry } from '../config/agw/file.ts'
import type { AgwFile, KeySlot } from '../config/index.ts'
import { type SourcePlace, storedAt } from '../secrets/keep.ts'
import { reached } from '../secrets/rotation/places.ts'
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
export async function placeAfter(plan: StorePlan, names: PlaceNames): Promise<StoredAt | undefined> {
  const source = sourceAfter(plan, names)
  return source === undefined ? undefined : await entryPlace(source.entry, names)
}

/** The same as a place to write to. */
export function sourceAfter(
  { keyFile, source, method, variable }: StorePlan,
  { cwd, dotenv }: Pick<PlaceNames, 'cwd' | 'dotenv'>,
): SourcePlace | undefined {
  if (source !== undefined) return source
  if (keyFile !== undefined)
    return reached({ kind: 'file', where: { path: resolve(cwd, keyFile) } }, undefined)
  if (method !== 'env' || variable === undefined || dotenv === undefined) return undefined
  return reached({ kind: 'dotenv', where: { file: dotenv, name: variable } }, undefined)
}

export async function entryPlace(entry: SecretEntry, { folder, agw, env }: PlaceNames): Promise<StoredAt> {
  return await storedAt(entry, { env, configDir: folder, connections: agw?.connections ?? {} })
}

async function variablePlace(variable: string, { dotenv }: PlaceNames): Promise<StoredAt> {
  return dotenv === undefined
    ? { whole: 'environment', part: variable }
    : await storedInFile(dotenv, variable)
}
