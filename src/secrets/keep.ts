import type { AgwFile, SecretEntry } from '../config/agw/file.ts'
import { AgwError } from '../errors.ts'
import { LONGEST_TIMER_MS } from '../timers.ts'
import type { Secret } from './secret.ts'
import {
  OTHER_STAYS,
  type PlaceContext,
  problemError,
  type SecretSource,
  type SourceContext,
  type StoreResult,
} from './source.ts'
import { loadSource } from './sources/registry.ts'
import type { StoredAt } from './stored-at.ts'
import { isTrusted, needsTrust, untrusted } from './trust.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** An entry as agw.yaml has them, and that file, where there is one. */
export interface SourcePlace {
  readonly agw: AgwFile | undefined
  readonly entry: SecretEntry
}

/** The place as a person would say it. */
export async function describePlace({ entry }: SourcePlace): Promise<string> {
  return (await sourceOf(entry)).describe(entry.where)
}

/** Where the value of an entry is stored. */
export async function storedAt(entry: SecretEntry, context: PlaceContext): Promise<StoredAt> {
  const { storedAt } = await sourceOf(entry)
  return (await storedAt?.(entry, context)) ?? { whole: JSON.stringify([entry.kind, entry.where]) }
}

/** The value that the source of an entry has now; `undefined` where it has none. Throws what keeps it from being read. */
export async function readPlace(
  place: SourcePlace,
  folder: string,
  env: Environment,
): Promise<Secret | undefined> {
  const { source, context } = await open(place, folder, env)
  const found = (await source.resolve([place.entry], context)).get(place.entry)
  if (found !== undefined && 'code' in found && found.code !== 'missing') throw problemError(found)
  return found === undefined || 'code' in found ? undefined : found
}

/** Whether what lies there may be another project's. */
export async function isSharedPlace({ entry }: SourcePlace): Promise<boolean> {
  return (await sourceOf(entry)).isShared === true
}

/** Whether agw cannot take a value away from there. */
export async function isReadOnly({ entry }: SourcePlace): Promise<boolean> {
  return (await sourceOf(entry)).remove === undefined
}

/** Throws what would keep a value from being stored there, before anybody is asked for one. */
export async function requireWritable(place: SourcePlace, folder: string, env: Environment): Promise<void> {
  const { source } = await open(place, folder, env)
  if (source.store === undefined) throw readOnly(source, place)
}

/** Keeps a value where an entry of agw.yaml says. Throws SLOT_NOT_WRITABLE for a source that can only be read. */
export async function storeAtPlace(
  place: SourcePlace,
  value: Secret,
  folder: string,
  env: Environment,
): Promise<StoreResult> {
  const { source, context } = await open(place, folder, env)
  if (source.store === undefined) throw readOnly(source, place)
  return await source.store(place.entry, value, context)
}

/**
 * Takes the value of an entry away; with `only`, if it is that one. Throws SLOT_NOT_WRITABLE for a source that can only be
 * read.
 */
export async function removeFromPlace(
  place: SourcePlace,
  folder: string,
  env: Environment,
  only?: Secret,
): Promise<StoreResult> {
  const { source, context } = await open(place, folder, env)
  if (source.remove === undefined) throw readOnly(source, place)
  const there = only && (await readPlace(place, folder, env))
  if (there !== undefined && only?.equals(there) === false) return OTHER_STAYS
  return await source.remove(place.entry, context, only)
}

async function sourceOf(entry: SecretEntry): Promise<SecretSource> {
  return (await loadSource(entry.kind)) as SecretSource
}

async function open(
  { agw, entry }: SourcePlace,
  configDir: string,
  env: Environment,
): Promise<{ source: SecretSource; context: SourceContext }> {
  if (agw !== undefined && needsTrust(entry, agw) && !(await isTrusted(agw, env)))
    throw problemError(untrusted(entry, agw))
  const source = await sourceOf(entry)
  const signal = AbortSignal.timeout(Math.min(entry.timeoutMs ?? source.timeoutMs, LONGEST_TIMER_MS))
  return { source, context: { env, configDir, connections: agw?.connections ?? {}, signal } }
}

function readOnly(source: SecretSource, { entry }: SourcePlace): AgwError {
  const hint = source.instead?.(entry) ?? 'change it there by its own means'
  return new AgwError('SLOT_NOT_WRITABLE', `agw only reads from ${source.describe(entry.where)}`, { hint })
}
