import { stat } from 'node:fs/promises'
import { isAbsolute, resolve } from 'node:path'
import type { KeySlot } from '../config/index.ts'
import type { VariableTable } from '../secrets/index.ts'
import type { Secret } from '../secrets/secret.ts'
import { isOneWith } from '../secrets/stored-at.ts'
import { suggested } from '../suggested.ts'
import { placeAfter, placeOf } from './key-places.ts'
import { overruledInShell } from './other-key.ts'
import { leftBehind, type Neighbours } from './sharers.ts'
import type { StorePlan } from './store-key.ts'

/** A slot before its key was stored anew, and what else the config refers to. */
export interface FormerPlace extends Neighbours {
  /** The key it had; absent when it had none. */
  readonly key: Secret | undefined
  readonly variables: VariableTable
  /** How messages call a path. */
  readonly shown: (path: string) => string
}

/** What to know after a key was stored: whether it is what counts here, where its file is looked for, where the old key lies. */
export async function notesAfterStore(plan: StorePlan, key: Secret, former: FormerPlace): Promise<string[]> {
  const notes = [shadowed(plan, key, former), await lookedFor(plan, former), await oldCopy(plan, former)]
  return notes.filter(note => note !== undefined)
}

/** Said when a key has come into the config; undefined where it stood there before, or stands elsewhere. */
export function nowInConfig({ method }: StorePlan, slot: KeySlot, config: string): string | undefined {
  if (method !== 'inline' || slot.method === 'inline') return undefined
  return `in ${config} the key stands in clear text: whoever reads the file has it. ${suggested('keys', 'move', slot.name, '--to', 'file')} moves it out`
}

/** The shell's own value wins over .env, so a stored key may have no effect here. */
function shadowed({ variable, toCluster }: StorePlan, key: Secret, { env }: FormerPlace): string | undefined {
  return variable === undefined || toCluster ? undefined : overruledInShell(variable, key, env)
}

/** A relative file is found from the working directory only, which people take for the config's folder. */
async function lookedFor({ keyFile }: StorePlan, { cwd, folder }: FormerPlace): Promise<string | undefined> {
  if (keyFile === undefined || isAbsolute(keyFile) || cwd === folder) return undefined
  const beside = resolve(folder, keyFile)
  const isThere = await stat(beside).then(
    () => true,
    () => false,
  )
  const other = isThere ? `; ${beside}, beside the config, stays as it was` : ''
  return `the config names ${keyFile}, which is looked for in the working directory, as agentgateway does: it is ${resolve(cwd, keyFile)} now${other}`
}

/**
 * Where the key that a slot had before still lies after the reference was moved, and what to do about it; nothing when
 * the new key took its place.
 */
async function oldCopy(plan: StorePlan, former: FormerPlace): Promise<string | undefined> {
  const { slot, key, document } = former
  if (key === undefined) return undefined
  if (slot.method === 'inline') {
    const isMoved = plan.method !== 'inline'
    return isMoved
      ? `the old key stood in ${document.file}: copies of that file, and its history in git, still hold it; where there are any, change it at the provider`
      : undefined
  }
  const [own, next] = await Promise.all([placeOf(slot, former), placeAfter(plan, former)])
  if (own === undefined || (next !== undefined && isOneWith(own, next))) return undefined
  const users = await leftBehind(former, plan.variable)
  const [where, what] =
    slot.file === undefined ? copyAt(slot, former) : [`still lies in ${slot.file}`, 'delete it']
  if (where === undefined) return undefined
  return users === ''
    ? `the old key ${where}: ${what} when nothing else needs it`
    : `the old key ${where}, for ${users}`
}

/** Where it is, and what to do about it; nothing where no value is. */
function copyAt({ variable = '' }: KeySlot, { variables, shown }: FormerPlace): [string?, string?] {
  const found = variables.lookup(variable)
  if (found === undefined) return []
  const { source, place, home } = found
  if (source === 'environment') return [`is still in the environment as ${variable}`, 'unset it']
  if (source === 'dotenv' && home !== undefined)
    return [`still stands in ${shown(home.file)} as ${variable}`, 'remove that line']
  return [`is still in ${place}`, 'take it out there']
}
