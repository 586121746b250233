import { mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { AgwFile, SecretEntry } from '../../config/agw/file.ts'
import type { SourceKind, SourcePlaces } from '../../config/agw/places.ts'
import type { KeySlot } from '../../config/slots.ts'
import { AgwError } from '../../errors.ts'
import type { SourcePlace } from '../keep.ts'
import { statePath } from '../key-notes.ts'
import type { VariableTable } from '../variables.ts'

/** What is known of the config of a slot. */
export interface PreviousContext {
  /** Absolute. */
  readonly config: string
  readonly agw: AgwFile | undefined
  readonly variables: VariableTable
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * Where the key of a slot is laid aside when another one takes its place: beside the key itself, in the same source, so
 * that it is protected as it was. Throws SLOT_NOT_WRITABLE where agw does not keep the key.
 */
export async function previousPlace(slot: KeySlot, context: PreviousContext): Promise<SourcePlace> {
  const { agw, variables, cwd, config, env } = context
  if (slot.file !== undefined) return at(agw, 'file', { path: `${resolve(cwd, slot.file)}.previous` })
  if (slot.method === 'inline') {
    // Not into the config a second time.
    const path = await statePath(config, `previous-${encodeURIComponent(slot.name)}.key`, env)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    return at(agw, 'file', { path })
  }
  const { variable } = slot
  if (variable === undefined) throw notKept(slot, 'it has no key of its own')
  const entry = agw?.entries.get(variable)
  const found = variables.lookup(variable)
  if (found?.source === 'environment') {
    throw notKept(slot, `${variable} is set in the environment of this shell`)
  }
  if (entry !== undefined) return besideEntry(slot, agw, entry)
  const file = found?.file ?? resolve(dirname(config), '.env')
  return at(agw, 'dotenv', { file, name: `${variable}_PREVIOUS` })
}

function besideEntry(slot: KeySlot, agw: AgwFile | undefined, entry: SecretEntry): SourcePlace {
  const { kind, where, variable } = entry
  if (kind === 'file' && 'path' in where && typeof where.path === 'string')
    return at(agw, 'file', { path: `${where.path}.previous` })
  if (kind === 'keychain' && 'account' in where)
    return at(agw, 'keychain', { service: where.service, account: `${where.account}.previous` })
  if ((kind === 'encrypted' || kind === 'dotenv') && 'file' in where) {
    const name = `${('name' in where ? where.name : undefined) ?? variable}_PREVIOUS`
    return at(agw, kind, { ...where, name } as SourcePlaces[typeof kind])
  }
  throw notKept(slot, `agw.yaml takes it from ${kind}`)
}

function at<K extends SourceKind>(agw: AgwFile | undefined, kind: K, where: SourcePlaces[K]): SourcePlace {
  const entry = { variable: 'PREVIOUS', kind, where, refreshMs: undefined, timeoutMs: undefined }
  return { agw, entry: entry as SecretEntry }
}

function notKept({ name }: KeySlot, why: string): AgwError {
  return new AgwError('SLOT_NOT_WRITABLE', `agw cannot rotate the key of ${name}: ${why}`, {
    hint: 'rotate it where it is kept; a running gateway takes it up from there',
  })
}
