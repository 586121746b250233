import { resolve } from 'node:path'
import type { AgeLimits, AgwFile } from '../config/agw/file.ts'
import { type Diagnostic, formatPath } from '../config/diagnostic.ts'
import { looksSecret } from '../config/shown-word.ts'
import type { KeySlot } from '../config/slots.ts'
import { suggested } from '../suggested.ts'
import { keyDoubts } from './detect.ts'
import { type AgeFinding, keyAge } from './key-age.ts'
import { type KeyNote, type KeyNotes, noteOf } from './key-notes.ts'
import { type FileFacts, readSecretFile } from './read.ts'
import { Secret } from './secret.ts'
import type { VariableTable } from './variable-table.ts'

export type KeyState = 'ok' | 'missing' | 'empty' | 'unreadable' | 'suspect' | 'refused'

/** What `keys list` shows of a slot. Times are ISO 8601; what is not known is null. */
export interface KeyRow {
  readonly slot: KeySlot
  /** The slot's own, or the source that agw.yaml names for its variable. */
  readonly method: string
  /** As written in the config: `$NAME`, a file name, or a word. */
  readonly reference: string
  /** Where the value was found. */
  readonly source: string
  readonly fingerprint: string | null
  readonly state: KeyState
  /** Four octal digits of the file that holds it. */
  readonly mode: string | null
  readonly setAt: string | null
  readonly expiresAt: string | null
  /** When its provider was asked last, and what it said. */
  readonly lastCheck: { readonly at: string; readonly result: string } | null
  /** What is to be said of its age. */
  readonly age?: AgeFinding
  /** Why the state is not `ok`. */
  readonly detail?: string
}

export interface ListContext {
  /** What the check of the config has found. */
  readonly diagnostics: readonly Diagnostic[]
  readonly variables: VariableTable
  readonly cwd: string
  /** The config's folder. */
  readonly folder: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** What is remembered of the keys. */
  readonly notes: KeyNotes
  /** How old they may be. */
  readonly ageLimits: AgeLimits | undefined
  /** The time now, in milliseconds. */
  readonly now: number
}

/** One row a slot, in the order of the config. */
export async function listKeys(slots: readonly KeySlot[], context: ListContext): Promise<KeyRow[]> {
  return Promise.all(slots.map(async slot => aged(remembered(await rowOf(slot, context), context), context)))
}

/** Days before its end on which a key is spoken of. */
const REMIND_DAYS = 14

/** A row with what is known of its very key. */
function remembered(row: KeyRow, { notes, now }: ListContext): KeyRow {
  const note = row.fingerprint === null ? undefined : noteOf(notes, row.slot.name, row.fingerprint)
  if (note === undefined) return row
  const { setAt = row.setAt, expiresAt = null, lastCheck } = note
  const known = { ...judgedBefore(row, lastCheck), setAt, expiresAt, lastCheck: lastCheck ?? null }
  if (expiresAt === null) return known
  const days = Math.floor((Date.parse(expiresAt) - now) / 86_400_000)
  if (days < 0) {
    const detail = `the key has expired on ${expiresAt.slice(0, 10)}: ${suggested('keys', 'rotate', row.slot.name)}`
    return { ...known, state: known.state === 'ok' ? 'suspect' : known.state, detail }
  }
  return days > REMIND_DAYS ? known : { ...known, detail: `the key expires on ${expiresAt.slice(0, 10)}` }
}

/** What its provider said of a key weighs more than its looks. */
function judgedBefore(row: KeyRow, lastCheck: KeyNote['lastCheck']): KeyRow {
  if (lastCheck?.result !== 'invalid') return row
  const { name } = row.slot
  const detail = `its provider refused it on ${lastCheck.at.slice(0, 10)}: ${suggested('keys', 'check', name)} asks again, ${suggested('keys', 'set', name)} stores another`
  return { ...row, state: 'refused', detail }
}

function aged(row: KeyRow, { ageLimits, now }: ListContext): KeyRow {
  const age = row.fingerprint === null ? undefined : keyAge(row.slot, row.setAt, ageLimits, now)
  return age === undefined ? row : { ...row, age }
}

const UNKNOWN = { setAt: null, expiresAt: null, lastCheck: null } as const

async function rowOf(slot: KeySlot, context: ListContext): Promise<KeyRow> {
  if (slot.file !== undefined) return fileRow(slot, slot.file, context)
  if (slot.variable !== undefined) return variableRow(slot, slot.variable, context)
  if (slot.value instanceof Secret) {
    return {
      slot,
      method: slot.method,
      reference: 'inline',
      source: 'the config itself',
      mode: null,
      ...UNKNOWN,
      ...judged(slot.value, slot),
    }
  }
  const passes = slot.method === 'passthrough'
  const doubt = context.diagnostics.find(one => ofNoKey(one, slot))
  return {
    slot,
    method: slot.method,
    reference: passes ? 'passthrough' : 'none',
    source: passes ? 'the client' : 'nothing',
    fingerprint: null,
    state: doubt?.severity === 'warning' ? 'suspect' : 'ok',
    mode: null,
    ...UNKNOWN,
    ...(doubt && { detail: `${doubt.message}: ${doubt.hint}` }),
  }
}

/** Whether a finding says what comes of it that a slot has no key: a provider may want none, and clients may bring theirs. */
function ofNoKey({ code, path }: Diagnostic, slot: KeySlot): boolean {
  const isOne = code === 'CLIENT_CREDENTIAL_FORWARDED' || code === 'CLIENT_KEY_TAKEN'
  return isOne && formatPath(path) === formatPath(slot.path)
}

async function fileRow(slot: KeySlot, file: string, context: ListContext): Promise<KeyRow> {
  const read = await readSecretFile(
    resolve(context.cwd, file),
    { credentialsDirectory: context.env['CREDENTIALS_DIRECTORY'] },
    file,
  )
  const base = { slot, method: slot.method, reference: file, source: `file ${file}` }
  if (read.ok) {
    return {
      ...base,
      ...UNKNOWN,
      mode: octal(read.facts),
      setAt: read.facts.mtime.toISOString(),
      ...judged(read.secret, slot),
    }
  }
  const { code, message } = read.problem
  const row = { ...base, ...UNKNOWN, fingerprint: null, mode: null }
  if (code !== 'missing' && code !== 'empty') return { ...row, state: 'unreadable', detail: message }
  return { ...row, state: code, detail: `${message}: ${suggested('keys', 'set', slot.name)} stores it` }
}

/** How a key is handed over by now: for a variable that agw.yaml names, its source, be it asked or not. */
export function methodOf(
  { variable = '', method }: KeySlot,
  { variables, agw }: { readonly variables: VariableTable; readonly agw: AgwFile | undefined },
): string {
  const found = variables.lookup(variable)
  if (found !== undefined) return found.isNamed ? found.source : method
  return agw?.entries.get(variable)?.kind ?? method
}

function variableRow(slot: KeySlot, variable: string, { variables, notes }: ListContext): KeyRow {
  const found = variables.lookup(variable)
  const reference = looksSecret(variable) ? '$(a name not shown)' : `$${variable}`
  const base = { slot, reference, mode: null, ...UNKNOWN }
  if (found === undefined) {
    const problem = variables.problemOf(variable)
    const { cluster } = notes.get(slot.name) ?? {}
    const unset =
      cluster === undefined
        ? `${reference} is not set: ${suggested('keys', 'set', slot.name)} stores it`
        : `${reference} is not set on this machine: the key went to the cluster, as Secret ${cluster}; ${suggested('keys', 'set', slot.name, '--method', 'env')} stores it here too`
    const detail = problem === undefined ? unset : `${problem.message}; ${problem.hint}`
    const { code = 'missing' } = problem ?? {}
    const state = code === 'missing' || code === 'empty' ? code : 'unreadable'
    const source = problem === undefined ? 'nowhere' : `${reference} (${problem.place})`
    return { ...base, method: problem?.source ?? slot.method, source, fingerprint: null, state, detail }
  }
  const { place, overruled, value, home } = found
  const method = methodOf(slot, { variables, agw: undefined })
  // In a longer text the variable is only a part of the key; its own fingerprint is what people can compare.
  const mode = home === undefined ? null : octal(home.facts)
  const row = { ...base, mode, method, source: `${reference} (${place})`, ...judged(value, slot) }
  if (overruled.length === 0 || row.detail !== undefined) return row
  return { ...row, detail: `${reference} comes from ${place}, which overrules ${overruled.join(' and ')}` }
}

function judged(secret: Secret, slot: KeySlot): Pick<KeyRow, 'fingerprint' | 'state' | 'detail'> {
  const value = secret.reveal()
  if (value.trim() === '') return { fingerprint: null, state: 'empty', detail: 'the value is empty' }
  const [doubt] = keyDoubts(value.trim(), slot)
  const detail = doubt && [doubt.message, doubt.hint].filter(Boolean).join(': ')
  return {
    fingerprint: secret.fingerprint(),
    state: detail === undefined ? 'ok' : 'suspect',
    ...(detail && { detail }),
  }
}

function octal(facts: FileFacts): string | null {
  return facts.mode === 0 ? null : facts.mode.toString(8).padStart(4, '0')
}
