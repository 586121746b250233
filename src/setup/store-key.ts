import { resolve } from 'node:path'
import { type AgwFile, type KeySlot, quoteLiteral, quoteVariable, setValue } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import { setInDotenv } from '../secrets/index.ts'
import { requireWritable } from '../secrets/keep.ts'
import type { Secret } from '../secrets/secret.ts'
import { suggested } from '../suggested.ts'
import { type AgwPlace, type PlannedEntry, planEntry, withoutEntry } from './agw-entry.ts'
import { keyVariable } from './key-variable.ts'
import { newKeyFile } from './new-config.ts'
import { refuseOtherIn } from './other-key.ts'
import { type PlannedFile, SECRET_MODE } from './planned-file.ts'
import { textToChange } from './text-to-change.ts'

/** The methods `agw keys set` can store a key for. */
export const STORE_METHODS = ['env', 'file', 'keychain', 'encrypted', 'inline', 'kubernetes'] as const
export type StoreMethod = (typeof STORE_METHODS)[number]

/** The config refers to them as to any variable. */
const REFERRED_BY_VARIABLE: readonly StoreMethod[] = ['kubernetes', 'keychain', 'encrypted']

/** What shall be stored, and for which slot. */
export interface StoreRequest {
  readonly slot: KeySlot
  readonly value: Secret
  /** Absent, the slot keeps the method it has. */
  readonly method?: StoreMethod | undefined
  readonly variable?: string | undefined
  readonly keyFile?: string | undefined
  /** What agw.yaml shall say of the place. */
  readonly agwPlace?: AgwPlace | undefined
  /** It is no new key that takes the place of another one: what lies there may be the only copy, and stays. */
  readonly isMoved?: boolean
}

/** Where the config lies. */
export interface StorePlace {
  /** Absolute path of the config, and its written text. */
  readonly config: string
  readonly text: string
  /** The dotenv file, absolute; absent where none is to be read. */
  readonly dotenv: string | undefined
  /** What relative key files are resolved against. */
  readonly cwd: string
  /** The folder of the config. */
  readonly folder: string
  readonly agw: AgwFile | undefined
  /** The slot's key is the only secret that stands in the config. */
  readonly onlySecret?: boolean
}

/** The method that is used in the end, and every file that changes with it. */
export interface StorePlan {
  /** One of `STORE_METHODS`, or the source that agw.yaml names. */
  readonly method: string
  readonly files: readonly PlannedFile[]
  /** The variable the config refers to, where it is one. */
  readonly variable: string | undefined
  /** The key file as the config names it, where it is one. */
  readonly keyFile?: string
  /** The source that keeps the value, where none of the files does. */
  readonly source?: PlannedEntry
  /** The value goes to a cluster through kubectl; a Secret that agw.yaml names is a source. */
  readonly toCluster?: true
}

/**
 * Plans storing a key where the slot's reference points, or where another method would have it. Throws
 * SLOT_NOT_WRITABLE when the slot takes the client's own credential and no method was named.
 */
export async function planStoreKey(request: StoreRequest, place: StorePlace): Promise<StorePlan> {
  const { slot } = request
  const entry = request.method === undefined ? entryOf(slot, place) : undefined
  if (entry !== undefined) {
    return { method: entry.entry.kind, files: [], variable: slot.variable, source: entry }
  }
  const method = request.method ?? methodOf(slot)
  const moves = method !== slot.method && !(slot.method === 'env' && REFERRED_BY_VARIABLE.includes(method))
  if (method === 'inline') {
    const content = setValue(place.text, slot.path, inlineReference(slot, request.value))
    return { method, variable: undefined, files: [configFile(place, content, true)] }
  }
  if (method === 'file') {
    const kept = request.keyFile === undefined ? slot.file : undefined
    const named = kept ?? newKeyFile(request.keyFile, `${safeName(slot.name)}.key`, place)
    const path = resolve(place.cwd, named)
    const isItsOwn = slot.file !== undefined && path === resolve(place.cwd, slot.file)
    await requireKeyFile(path, isItsOwn, request.value, place)
    const key = {
      path,
      content: `${request.value.reveal()}\n`,
      mode: SECRET_MODE,
      what: 'the key',
      secret: true,
    }
    const edit = moves || !isItsOwn ? [reference(slot, `{ file: ${quoteLiteral(named)} }`, place)] : []
    return { method, variable: undefined, files: [key, ...edit], keyFile: named }
  }
  const variable = request.variable ?? slot.variable ?? keyVariable(slot)
  const edit = moves || variable !== slot.variable ? [reference(slot, quoteVariable(variable), place)] : []
  if (method === 'kubernetes') return { method, variable, files: edit, toCluster: true }
  if (method === 'keychain' || method === 'encrypted') {
    const source = await planEntry(variable, method, slot, request.agwPlace ?? {}, place)
    return { method, variable, files: [...(source.file ? [source.file] : []), ...edit], source }
  }
  const path = dotenvOf(place)
  const madeOf = (await textToChange(path)) ?? ''
  if (request.isMoved === true) {
    const hint = 'name another variable with --env NAME, or take that one out first'
    refuseOtherIn({ path, text: madeOf }, variable, request.value, hint)
  }
  const content = setInDotenv(madeOf, variable, request.value.reveal())
  const dotenv = { path, content, madeOf, mode: SECRET_MODE, what: 'the variable', secret: true }
  // What agw.yaml names is never taken from the dotenv file.
  const named = place.agw?.entries.has(variable) ? [await withoutEntry(place.agw, variable)] : []
  return { method, variable, files: [dotenv, ...named, ...edit] }
}

/** Throws what keeps a slot from taking any key, before anybody is asked for one. */
export async function requirePlaceForKey(
  { slot, method }: Pick<StoreRequest, 'slot' | 'method'>,
  place: StorePlace,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const entry = method === undefined ? entryOf(slot, place) : undefined
  if (entry !== undefined) await requireWritable(entry, place.folder, env)
  else if ((method ?? methodOf(slot)) === 'env') dotenvOf(place)
}

/** The dotenv file. Throws USAGE where none is to be read. */
function dotenvOf({ dotenv }: StorePlace): string {
  if (dotenv !== undefined) return dotenv
  throw new AgwError('USAGE', 'with --no-env-file there is no file to store a variable in', {
    hint: 'name one with --env-file PATH, or leave --no-env-file out',
  })
}

/** A key goes into a new file or into the one the slot names already, never over something else. */
async function requireKeyFile(
  path: string,
  isItsOwn: boolean,
  value: Secret,
  place: StorePlace,
): Promise<void> {
  if (path === place.config || path === place.dotenv) {
    throw new AgwError('USAGE', 'the file for the key is the config itself, or its .env', {
      hint: 'name another with --key-file PATH',
    })
  }
  const there = isItsOwn ? '' : ((await textToChange(path)) ?? '').trim()
  if (there === '' || there === value.reveal()) return
  throw new AgwError('FILE_EXISTS', `${path} is there already and holds something else`, {
    hint: 'name another with --key-file PATH, or remove it first',
  })
}

/** The entry of agw.yaml that a slot's variable has. */
function entryOf({ variable }: KeySlot, { agw }: StorePlace): PlannedEntry | undefined {
  const entry = variable === undefined ? undefined : agw?.entries.get(variable)
  return agw === undefined || entry === undefined ? undefined : { agw, entry, file: undefined }
}

function methodOf(slot: KeySlot): StoreMethod {
  if (slot.method === 'inline' || slot.method === 'env' || slot.method === 'file') return slot.method
  throw noKeyOfItsOwn(slot)
}

/** The slot takes the client's credential, or nothing yet: no key has a place there until a method gives it one. */
export function noKeyOfItsOwn(slot: KeySlot): AgwError {
  const [first, ...rest] = STORE_METHODS
  const why =
    slot.method === 'passthrough'
      ? "passes the client's own credential on, so it has no key"
      : 'has no key in the config yet'
  return new AgwError('SLOT_NOT_WRITABLE', `${slot.name} ${why}`, {
    hint: `give it one with ${suggested('keys', 'set', slot.name, '--method', first)}, or another of ${rest.join(', ')}`,
  })
}

/** The config with the slot's reference replaced. */
function reference(slot: KeySlot, yaml: string, place: StorePlace): PlannedFile {
  const value = slot.method === 'passthrough' ? `{ key: ${yaml} }` : yaml
  const file = configFile(place, setValue(place.text, slot.path, value), false)
  return slot.method === 'inline' && place.onlySecret === true ? { ...file, freed: true } : file
}

function inlineReference(slot: KeySlot, value: Secret): string {
  const yaml = quoteLiteral(value.reveal())
  return slot.method === 'passthrough' ? `{ key: ${yaml} }` : yaml
}

function configFile(place: StorePlace, content: string, secret: boolean): PlannedFile {
  return {
    path: place.config,
    content,
    madeOf: place.text,
    ...(secret && { mode: SECRET_MODE }),
    what: secret ? 'the config, with the key in it' : 'the config',
    secret,
  }
}

function safeName(name: string): string {
  return name.replace(/[^\w.-]+/g, '-').replace(/^[-.]+|[-.]+$/g, '') || 'provider'
}
