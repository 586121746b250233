import type { AgwFile } from '../config/agw/file.ts'
import type { Diagnostic, Severity } from '../config/diagnostic.ts'
import type { ConfigDocument } from '../config/document.ts'
import type { KeySlot } from '../config/slots.ts'
import { suggested } from '../suggested.ts'
import { detectKey, keyDoubts } from './detect.ts'
import { keyAge } from './key-age.ts'
import { type KeyFileFinding, keyFileFindings } from './key-files.ts'
import { noteOf, readKeyNotes } from './key-notes.ts'
import { resolveSlots } from './resolve.ts'
import type { ResolvedSlot } from './resolved-slot.ts'
import { runWith } from './run.ts'
import { Secret } from './secret.ts'
import type { VariableTable } from './variable-table.ts'

interface Place {
  readonly document: ConfigDocument
  /** Of the config; `-` for standard input. */
  readonly path: string
  readonly folder: string
  readonly variables: VariableTable
  readonly agw: AgwFile | undefined
}

/** What is wrong with the keys of a config, and the keys themselves for the redactor. */
export interface KeyFindings {
  readonly diagnostics: readonly Diagnostic[]
  readonly secrets: readonly Secret[]
  /** Which files hold them and are open to others; these stand in `diagnostics` too. */
  readonly files: readonly KeyFileFinding[]
  /** Those that may be shown to the provider: nothing suggests that they are none, or somebody else's. */
  readonly plausible: readonly { readonly slot: KeySlot; readonly secret: Secret }[]
}

/** Resolves every key slot and judges what it finds; each finding stands at the slot's place in the config. */
export async function keyFindings(
  slots: readonly KeySlot[],
  { document, path: configPath, folder, variables, agw }: Place,
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<KeyFindings> {
  const unset = new Set(document.variables.filter(use => use.missing).map(use => use.name))
  const known = slots.filter(slot => slot.variable === undefined || !unset.has(slot.variable))
  const resolved = await resolveSlots({
    slots: known,
    cwd,
    configDir: folder,
    credentialsDirectory: env['CREDENTIALS_DIRECTORY'],
  })
  const now = Date.now()
  const diagnostics: Diagnostic[] = []
  const secrets: Secret[] = []
  const plausible: { slot: KeySlot; secret: Secret }[] = []
  const reportAt = ({ path }: KeySlot): Report => {
    return (code, severity, message, hint) => {
      const range = document.rangeOf(path)
      diagnostics.push({ code, severity, message, hint, file: document.file, path, range })
    }
  }
  for (const one of resolved) {
    const report = reportAt(one.slot)
    if ('problem' in one) {
      const { code, message, hint } = one.problem
      report(code === 'empty' ? 'KEY_EMPTY' : 'KEY_UNREADABLE', 'error', message, hint)
    } else if (one.secret !== undefined) {
      secrets.push(one.secret)
      if (judge(one, one.secret, { slots, variables, report }))
        plausible.push({ slot: one.slot, secret: one.secret })
    }
  }
  const notes = await readKeyNotes(configPath, env)
  for (const one of resolved) {
    if ('problem' in one || one.secret === undefined) continue
    const note = noteOf(notes, one.slot.name, one.secret.fingerprint())
    const setAt = note?.setAt ?? one.facts?.mtime.toISOString()
    const age = keyAge(one.slot, setAt, agw?.ageLimits, now)
    if (age?.state === 'old') reportAt(one.slot)('KEY_TOO_OLD', 'warning', age.message, age.hint)
    else if (age !== undefined) reportAt(one.slot)('KEY_AGE_UNKNOWN', 'note', age.message, age.hint)
  }
  const usable = resolved.flatMap(one => ('problem' in one ? [] : [one]))
  const context = { path: configPath, cwd, variables, run: runWith({ env }) }
  const files = await keyFileFindings(usable, context)
  for (const { slot, code, severity, message, hint } of files) reportAt(slot)(code, severity, message, hint)
  return { diagnostics, secrets, plausible, files }
}

/** The keys that stand in the config itself: to tell so takes no look at the machine. */
export function inlineFindings(
  slots: readonly KeySlot[],
  document: ConfigDocument,
): Pick<KeyFindings, 'diagnostics' | 'secrets'> {
  const diagnostics: Diagnostic[] = []
  const secrets: Secret[] = []
  for (const slot of slots) {
    const { method, value, path } = slot
    if (method !== 'inline' || !(value instanceof Secret) || value.reveal().trim() === '') continue
    const range = document.rangeOf(path)
    const { file } = document
    diagnostics.push({ code: 'INLINE_KEY', severity: 'warning', ...inlineKey(slot), file, path, range })
    secrets.push(value)
  }
  return { diagnostics, secrets }
}

/** Why a key may not be shown to the provider of a slot: it is none, or somebody else's. */
export function whyNotSent(
  secret: Secret,
  slot: Pick<KeySlot, 'provider' | 'isOwnHost'>,
): string | undefined {
  return keyDoubts(secret.reveal().trim(), slot).find(doubt => doubt.isNone)?.message
}

/** Whether something speaks against a key of a slot, as {@link keyDoubts} tells it. */
export function isDoubtful(secret: Secret, slot: Pick<KeySlot, 'provider' | 'isOwnHost'>): boolean {
  return keyDoubts(secret.reveal().trim(), slot).length > 0
}

type Report = (code: string, severity: Severity, message: string, hint: string) => void

interface Judging {
  /** All of the config. */
  readonly slots: readonly KeySlot[]
  readonly variables: VariableTable
  readonly report: Report
}

/** Reports what is wrong with a key, and tells whether it may be the key of the slot's provider at all. */
function judge({ slot }: ResolvedSlot, secret: Secret, { slots, variables, report }: Judging): boolean {
  const value = secret.reveal().trim()
  const name = slot.variable ?? slot.file ?? slot.name
  const doubts = keyDoubts(value, slot)
  for (const { code, message, hint } of doubts) {
    const isOther = code === 'KEY_OF_ANOTHER_PROVIDER'
    const todo =
      hint ?? wrongReference(slot, value) ?? keyOfNeighbour(slot, value, slots) ?? rightOne(slot, variables)
    report(code, 'warning', isOther ? message : `${name}: ${message}`, todo)
  }
  if (slot.method === 'inline') {
    const { message, hint } = inlineKey(slot)
    report('INLINE_KEY', 'warning', message, hint)
  }
  return doubts.every(doubt => !doubt.isNone)
}

/** What is stored has no effect where the environment has the variable. */
function rightOne({ name, variable }: KeySlot, variables: VariableTable): string {
  const command = suggested('keys', 'set', name)
  if (variable === undefined || variables.lookup(variable)?.source !== 'environment')
    return `store the right one with ${command}`
  return `export the right one as ${variable}, or unset it and store that with ${command}: the environment wins`
}

/** What to do where another slot of the same reference has the right key in it: to store another one would take it from there. */
function keyOfNeighbour(slot: KeySlot, value: string, slots: readonly KeySlot[]): string | undefined {
  const neighbour = slots.find(
    ({ variable, file, ...other }) =>
      (variable ?? file) !== undefined &&
      variable === slot.variable &&
      file === slot.file &&
      other.provider !== slot.provider &&
      !other.isOwnHost &&
      keyDoubts(value, other).length === 0,
  )
  if (neighbour === undefined) return undefined
  const own = `${slot.name.toUpperCase().replace(/\W+/g, '_')}_API_KEY`
  const command = suggested('keys', 'set', slot.name, '--method', 'env', '--env', own)
  return `store its key under a name of its own with ${command}: this one is the key of ${neighbour.name}`
}

/**
 * What to do where the key is the right one for the variable or file that the slot names, and the slot names the wrong one: to
 * store another key there would take it from who uses it.
 */
function wrongReference({ variable, file, provider }: KeySlot, value: string): string | undefined {
  const owner = detectKey(value)?.provider ?? ''
  const named = variable ?? file
  const names = owner === 'google' ? ['google', 'gemini'] : [owner]
  if (owner === '' || !names.some(name => named?.toLowerCase().includes(name))) return undefined
  return variable === undefined
    ? `name a file with a key of ${provider} here: that one is named for the provider that its key is of`
    : `name a variable with a key of ${provider} here: ${variable} is named for the provider that its key is of`
}

/** What is to be said of a key that stands in the config itself. */
export function inlineKey({ name }: KeySlot): { readonly message: string; readonly hint: string } {
  return {
    message: `the key of ${name} stands in the config: whoever reads the file has it`,
    hint: `move it out with ${suggested('keys', 'move', name, '--to', 'file')}`,
  }
}
