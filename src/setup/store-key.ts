import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type KeySlot, quoteLiteral, quoteVariable, setValue } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import { setInDotenv } from '../secrets/index.ts'
import type { Secret } from '../secrets/secret.ts'
import { newKeyFile } from './new-config.ts'
import { type PlannedFile, SECRET_MODE } from './planned-file.ts'

/** The methods `agw keys set` can store a key for. */
export const STORE_METHODS = ['env', 'file', 'inline', 'kubernetes'] as const
export type StoreMethod = (typeof STORE_METHODS)[number]

/** What shall be stored, and for which slot. */
export interface StoreRequest {
  readonly slot: KeySlot
  readonly value: Secret
  /** Absent, the slot keeps the method it has. */
  readonly method?: StoreMethod | undefined
  readonly variable?: string | undefined
  readonly keyFile?: string | undefined
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
}

/** The method that is used in the end, and every file that changes with it. */
export interface StorePlan {
  readonly method: StoreMethod
  readonly files: readonly PlannedFile[]
  /** The variable the config refers to, where it is one. */
  readonly variable: string | undefined
  /** The key file as the config names it, where it is one. */
  readonly keyFile?: string
}

/**
 * Plans storing a key where the slot's reference points, or where another method would have it. Throws
 * SLOT_NOT_WRITABLE when the slot takes the client's own credential and no method was named.
 */
export async function planStoreKey(request: StoreRequest, place: StorePlace): Promise<StorePlan> {
  const { slot } = request
  const method = request.method ?? methodOf(slot)
  const moves = method !== slot.method && !(method === 'kubernetes' && slot.method === 'env')
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
  const variable = request.variable ?? slot.variable ?? variableName(slot)
  const edit = moves || variable !== slot.variable ? [reference(slot, quoteVariable(variable), place)] : []
  if (method === 'kubernetes') return { method, variable, files: edit }
  const path = place.dotenv
  if (path === undefined) {
    throw new AgwError('USAGE', 'with --no-env-file there is no file to store a variable in', {
      hint: 'name one with --env-file PATH, or leave --no-env-file out',
    })
  }
  const content = setInDotenv(await textOf(path), variable, request.value.reveal())
  const dotenv = { path, content, mode: SECRET_MODE, what: 'the variable', secret: true }
  return { method, variable, files: [dotenv, ...edit] }
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
  const there = isItsOwn ? '' : (await textOf(path)).trim()
  if (there === '' || there === value.reveal()) return
  throw new AgwError('FILE_EXISTS', `${path} is there already and holds something else`, {
    hint: 'name another with --key-file PATH, or remove it first',
  })
}

function methodOf(slot: KeySlot): StoreMethod {
  if (slot.method === 'inline' || slot.method === 'env' || slot.method === 'file') return slot.method
  const why =
    slot.method === 'passthrough'
      ? "passes the client's own credential on, so there is no key to store"
      : 'has no key in the config yet'
  throw new AgwError('SLOT_NOT_WRITABLE', `${slot.name} ${why}`, {
    hint: `give it one with --method ${STORE_METHODS.join('|')}`,
  })
}

/** The config with the slot's reference replaced. */
function reference(slot: KeySlot, yaml: string, place: StorePlace): PlannedFile {
  const value = slot.method === 'passthrough' ? `{ key: ${yaml} }` : yaml
  return configFile(place, setValue(place.text, slot.path, value), false)
}

function inlineReference(slot: KeySlot, value: Secret): string {
  const yaml = quoteLiteral(value.reveal())
  return slot.method === 'passthrough' ? `{ key: ${yaml} }` : yaml
}

function configFile(place: StorePlace, content: string, secret: boolean): PlannedFile {
  return {
    path: place.config,
    content,
    ...(secret && { mode: SECRET_MODE }),
    what: secret ? 'the config, with the key in it' : 'the config',
    secret,
  }
}

function variableName(slot: KeySlot): string {
  return `${safeName(slot.name)
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')}_API_KEY`
}

function safeName(name: string): string {
  return name.replace(/[^\w.-]+/g, '-').replace(/^[-.]+|[-.]+$/g, '') || 'provider'
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw new AgwError(
      'WRITE_FAILED',
      `cannot read ${path} to change it (${error.code ?? 'unknown reason'})`,
      {
        hint: 'look at the file with `ls -l`',
        cause: error,
      },
    )
  })
}
