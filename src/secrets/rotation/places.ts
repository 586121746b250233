import { dirname, resolve } from 'node:path'
import type { AgwFile, SecretEntry } from '../../config/agw/file.ts'
import type { SourceKind, SourcePlaces } from '../../config/agw/places.ts'
import type { KeySlot } from '../../config/slots.ts'
import { AgwError } from '../../errors.ts'
import { suggested } from '../../suggested.ts'
import type { SourcePlace } from '../keep.ts'
import { previousFile } from '../key-homes.ts'
import { makeFolderOf, statePath } from '../state-path.ts'
import type { VariableTable } from '../variable-table.ts'

/** What is known of the config of a slot. */
export interface PlaceContext {
  /** Absolute. */
  readonly config: string
  readonly agw: AgwFile | undefined
  readonly variables: VariableTable
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A place without what agw.yaml says of how it is reached: what a journal remembers. Holds no value. */
export type BarePlace = Pick<SecretEntry, 'kind' | 'where'>

/**
 * Where the key of a slot lies; undefined for one that stands in the config itself. Throws SLOT_NOT_WRITABLE where agw
 * cannot write it.
 */
export function ownPlace(
  slot: KeySlot,
  { agw, variables, cwd, config }: PlaceContext,
): BarePlace | undefined {
  if (slot.file !== undefined) return place('file', { path: resolve(cwd, slot.file) })
  if (slot.method === 'inline') return undefined
  const { variable } = slot
  if (variable === undefined) throw notKept(slot, 'it has no key of its own')
  const found = variables.lookup(variable)
  if (found?.source === 'environment')
    throw notKept(slot, `${variable} is set in the environment of this shell`)
  const entry = agw?.entries.get(variable)
  if (entry === undefined)
    return place('dotenv', { file: found?.home?.file ?? resolve(dirname(config), '.env'), name: variable })
  return barePlace(entry)
}

/** The place that an entry of agw.yaml names, whatever variable it is for. */
export function barePlace({ kind, where, variable }: SecretEntry): BarePlace {
  const named = (kind === 'dotenv' || kind === 'encrypted') && !('name' in where && where.name !== undefined)
  return named ? ({ kind, where: { ...where, name: variable } } as BarePlace) : { kind, where }
}

/**
 * Where the key of a slot is laid aside when another one takes its place: beside the key itself, in the same source, so
 * that it is protected as it was. Throws SLOT_NOT_WRITABLE where agw does not keep the key.
 */
export async function previousPlace(slot: KeySlot, context: PlaceContext): Promise<BarePlace> {
  const own = ownPlace(slot, context)
  if (own === undefined) {
    // Not into the config a second time.
    const path = await statePath(context.config, `previous-${encodeURIComponent(slot.name)}.key`, context.env)
    await makeFolderOf(path)
    return place('file', { path })
  }
  const where = BESIDE[own.kind]?.(own.where as never)
  if (where === undefined) throw whyNot(own.kind, slot)
  return { kind: own.kind, where } as BarePlace
}

/** Kind of source → the place beside another one; undefined for those that agw does not write. */
const BESIDE: { readonly [K in SourceKind]?: (where: SourcePlaces[K]) => SourcePlaces[K] | undefined } = {
  file: ({ path }) => ({ path: previousFile(path) }),
  dotenv: where => ({ ...where, name: `${where.name}_PREVIOUS` }),
  encrypted: where => ({ ...where, name: `${where.name}_PREVIOUS` }),
  keychain: ({ service, account }) => ({ service, account: `${account}.previous` }),
  kubernetes: where => ({ ...where, key: `${where.key}.previous` }),
  vault: where => ({ ...where, field: `${where.field}_previous` }),
  // A secret of its own would stay for weeks after it is deleted.
  'aws-secretsmanager': where =>
    where.field === undefined ? undefined : { ...where, field: `${where.field}_previous` },
  'aws-ssm': ({ name }) => ({ name: `${name}.previous` }),
}

/** The place with how it is reached. */
export function reached({ kind, where }: BarePlace, agw: AgwFile | undefined): SourcePlace {
  const entry = { variable: 'KEY', kind, where, refreshMs: undefined, timeoutMs: undefined }
  return { agw, entry: entry as SecretEntry }
}

function place<K extends SourceKind>(kind: K, where: SourcePlaces[K]): BarePlace {
  return { kind, where } as BarePlace
}

/** These keep the version before by themselves. */
const VERSIONED: readonly SourceKind[] = ['aws-secretsmanager', 'gcp', 'azure']

function whyNot(kind: SourceKind, slot: KeySlot): AgwError {
  if (!VERSIONED.includes(kind)) return notKept(slot, `agw.yaml takes it from ${kind}`)
  return notKept(
    slot,
    `nothing can be laid aside beside it in ${kind}`,
    `store the new one with ${suggested('keys', 'set', slot.name)}; ${kind} itself keeps the version before`,
  )
}

function notKept(
  { name }: KeySlot,
  why: string,
  hint = 'rotate it where it is kept; a running gateway takes it up from there',
): AgwError {
  return new AgwError('SLOT_NOT_WRITABLE', `agw cannot rotate the key of ${name}: ${why}`, { hint })
}
