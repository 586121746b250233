import { basename, join } from 'node:path'
import {
  AGW_FILE,
  type AgwFile,
  agwFileOf,
  type KeySlot,
  removeValue,
  type SecretEntry,
  setValue,
} from '../config/index.ts'
import { looksSecret } from '../config/shown-word.ts'
import { AgwError } from '../errors.ts'
import { mayGo } from '../secrets/index.ts'
import { suggested } from '../suggested.ts'
import type { PlannedFile } from './planned-file.ts'

/** The methods whose place is written down in agw.yaml. */
const AGW_METHODS = ['keychain', 'encrypted'] as const
export type AgwMethod = (typeof AGW_METHODS)[number]

export function isAgwMethod(method: string): method is AgwMethod {
  return AGW_METHODS.some(one => one === method)
}

/** An agw.yaml as it shall be, and the entry that is meant in it. */
export interface PlannedEntry {
  readonly agw: AgwFile
  readonly entry: SecretEntry
  /** Absent where agw.yaml has the entry already. */
  readonly file: PlannedFile | undefined
}

/** How the new place is called, where the user says so. */
export interface AgwPlace {
  readonly account?: string | undefined
  readonly encryptedFile?: string | undefined
}

/** agw.yaml, written or not, with an entry that keeps a variable in the keychain or in an encrypted file. */
export async function planEntry(
  variable: string,
  method: AgwMethod,
  slot: Pick<KeySlot, 'name'>,
  place: AgwPlace,
  { folder, agw }: { readonly folder: string; readonly agw: AgwFile | undefined },
): Promise<PlannedEntry> {
  const there = agw?.entries.get(variable)
  const isGiven = place.account !== undefined || place.encryptedFile !== undefined
  if (agw !== undefined && there !== undefined && (there.kind as string) === method && !isGiven)
    return { agw, entry: there, file: undefined }
  const yaml =
    method === 'keychain'
      ? `{ keychain: { service: agw, account: ${JSON.stringify(place.account ?? accountOf(folder, slot))} } }`
      : `{ encrypted: ${JSON.stringify(place.encryptedFile ?? 'secrets.age')} }`
  const path = agw?.path ?? join(folder, AGW_FILE)
  const before = agw?.document.text ?? ''
  const content = withEntry(before, variable, yaml)
  const planned = await agwFileOf(Buffer.from(content), path, AGW_FILE)
  const entry = planned.entries.get(variable)
  if (entry === undefined) {
    throw new AgwError('CONFIG_INVALID', `${AGW_FILE} cannot be changed as it stands`, {
      hint: `see what is wrong with it: ${suggested('validate')}`,
      diagnostics: planned.diagnostics,
    })
  }
  const file = {
    path,
    content,
    madeOf: before,
    what: 'where the variable lives',
    secret: false,
    keyless: true,
  }
  return { agw: planned, entry, file: content === before ? undefined : file }
}

/** The keychain is one for all projects of a user: the folder's name keeps their keys apart. */
function accountOf(folder: string, slot: Pick<KeySlot, 'name'>): string {
  const project = basename(folder)
  return project === '' || looksSecret(project) ? slot.name : `${project}/${slot.name}`
}

/**
 * agw.yaml without the entry of a variable; it goes where nothing is left of what a person wrote. `text` is what it will
 * hold by then, where that is not what it holds now.
 */
export async function withoutEntry(
  agw: AgwFile,
  variable: string,
  text = agw.document.text,
): Promise<PlannedFile> {
  const rest = removeValue(text, ['secrets', variable]).replace(NO_ENTRIES, '')
  const goes = (rest.trim() === '' || rest === HEADING) && (await mayGo(agw.path))
  const content = goes ? '' : rest
  const { path, document } = agw
  return {
    path,
    content,
    madeOf: document.text,
    what: 'where variables live',
    secret: false,
    keyless: true,
    goes,
  }
}

/** What agw writes above the entries of a new file. */
const HEADING =
  '# Where the $VARIABLES of config.yaml get their values. No secret stands here: it can be committed.\n'
/** `secrets` without an entry, and without a comment, which somebody wrote for a reason. */
const NO_ENTRIES = /^secrets:\s*\{\s*\}[ \t]*(?:\r?\n|$)/m

function withEntry(text: string, variable: string, yaml: string): string {
  // Comments alone are no map that it could be put into.
  if (/^[ \t]*[^#\s]/m.test(text)) return setValue(text, ['secrets', variable], yaml)
  const above = text.trim() === '' ? HEADING : text.replace(/(?<!\n)$/, '\n')
  return `${above}secrets:\n  ${variable}: ${yaml}\n`
}
