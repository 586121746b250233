import { isGuessable } from '../config/guessable.ts'
import { type ConfigDocument, formatPath, type Path, printable } from '../config/index.ts'
import { isNode, isSet, listAt, nodeAt, nodesAt, textAt } from '../config/rules/tree.ts'
import { AgwError } from '../errors.ts'
import { Secret } from '../secrets/secret.ts'
import { suggested } from '../suggested.ts'
import { askingPlaces, type ClientPlace } from './places.ts'

/** A client that a config knows by its virtual key. */
export interface ClientEntry {
  /** `name` of its metadata. */
  readonly name: string | undefined
  /** As in `sha256:1a2b…`, whole; undefined where the key is a variable that is not set. */
  readonly hash: string | undefined
  /** The key itself, where the config has it, or names a variable that has. */
  readonly plain: Secret | undefined
  /** It stands in the config as it is. */
  readonly inClear: boolean
  /** The key is known, and whoever sees its hash can try out all that are as short. */
  readonly isGuessable: boolean
  /** What else its metadata says. */
  readonly metadata: Readonly<Record<string, unknown>>
  /** The models it may use; undefined for all of them. */
  readonly models: readonly string[] | undefined
  readonly place: ClientPlace
  /** Where it stands in the list of the place. */
  readonly index: number
  readonly path: Path
}

/** All clients of a config, in the order of the file. */
export function clientEntries(document: ConfigDocument): ClientEntry[] {
  return askingPlaces(document).flatMap(place =>
    nodesAt(place.policy, 'keys').map(([entry, index]) => {
      const path = [...place.path, 'keys', index]
      const { name, ...metadata } = nodeAt(entry, 'metadata') ?? {}
      const key = textAt(entry, 'key')
      // Most entries have a hash, and there are thousands of them.
      const variables = key === undefined ? [] : document.variablesAt([...path, 'key'])
      const isUnset = variables.some(use => use.missing)
      const plain = key === undefined || isUnset ? undefined : new Secret(key, 'a virtual key')
      return {
        name: typeof name === 'string' && name !== '' ? name : undefined,
        hash: textAt(entry, 'keyHash')?.toLowerCase() ?? (plain && hashOf(plain)),
        plain,
        inClear: plain !== undefined && variables.length === 0,
        isGuessable: plain !== undefined && isGuessable(key ?? ''),
        metadata,
        models: isSet(entry['allowedModels']) ? listAt(entry, 'allowedModels').map(String) : undefined,
        place,
        index,
        path,
      }
    }),
  )
}

/** How a config knows a key: what agentgateway compares. */
export function hashOf(key: Secret): string {
  return `sha256:${Buffer.from(key.digest(), 'latin1').toString('hex')}`
}

/** As it is shown: what tells keys apart, and no more. */
export function shortHash(hash: string): string {
  return hash.slice(0, 'sha256:'.length + 8)
}

/** What commands call a client: its name, or what is shown of its hash. */
export function calledAs({ name, hash }: Pick<ClientEntry, 'name' | 'hash'>): string {
  return printable(name ?? (hash === undefined ? 'a key without a name' : shortHash(hash)))
}

/** Which of the keys of a client is the newest, where it has several at one place: a new one is written behind the others. */
export function keyAges(entries: readonly ClientEntry[]): ReadonlyMap<ClientEntry, 'older' | 'newer'> {
  const ages = new Map<ClientEntry, 'older' | 'newer'>()
  const last = new Map<string, ClientEntry>()
  for (const entry of entries.filter(one => one.name !== undefined)) {
    const client = JSON.stringify([entry.place.id, entry.name])
    const before = last.get(client)
    if (before !== undefined) ages.set(before, 'older').set(entry, 'newer')
    last.set(client, entry)
  }
  return ages
}

/** The same with what is shown of its hash: a client may have two keys. */
export function calledWithHash(entry: Pick<ClientEntry, 'name' | 'hash'>): string {
  const { name, hash } = entry
  return name === undefined || hash === undefined
    ? calledAs(entry)
    : `${calledAs(entry)} (${shortHash(hash)})`
}

const HASH = /^sha256:[0-9a-f]{8,64}$/i

/**
 * The one client of that name, or with a hash that begins so, where a place is named only there. Throws UNKNOWN_CLIENT, and
 * USAGE for more than one.
 */
export function findClient(entries: readonly ClientEntry[], wanted: string, at?: string): ClientEntry {
  const isHash = HASH.test(wanted)
  const [first, ...more] = entries.filter(
    one => (isHash ? one.hash?.startsWith(wanted.toLowerCase()) : one.name === wanted) && isAt(one, at),
  )
  if (first !== undefined && more.length === 0) return first
  if (first === undefined) {
    const names = [...new Set(entries.map(calledAs))]
    const where = at === undefined ? 'of this config' : 'at that place'
    throw new AgwError('UNKNOWN_CLIENT', `no client ${where} goes by that name`, {
      hint:
        names.length === 0
          ? `the config knows none: make one with ${suggested('clients', 'add', 'NAME')}`
          : names.length > 12
            ? `look at ${suggested('clients', 'list')}`
            : `there is: ${names.join(', ')}`,
    })
  }
  const ages = keyAges(entries)
  const isOnePlace = more.every(one => one.place.id === first.place.id)
  const which = [first, ...more].map(one => {
    const about = [ages.get(one) ?? [], isOnePlace ? [] : one.place.id].flat().join(', ')
    const { hash, path } = one
    const key = hash === undefined ? `${formatPath(path)}, whose variable is not set` : shortHash(hash)
    return about === '' ? key : `${key} (${about})`
  })
  throw new AgwError('USAGE', `${which.length} keys go by that name`, {
    hint: `name the one by its hash${isOnePlace ? '' : ', or its place with --at'}: ${which.join(', ')}`,
  })
}

/** Throws CLIENT_EXISTS where a client goes by that name: it could not be told which key is revoked. */
export function refuseTaken(name: string, entries: readonly ClientEntry[], document: ConfigDocument): void {
  const there = entries.find(entry => entry.name === name)
  if (there === undefined) return
  const { line, column } = document.rangeOf(there.path).start
  throw new AgwError('CLIENT_EXISTS', `${document.file}:${line}:${column}: ${name} has a key already`, {
    hint: `${suggested('clients', 'rotate', name)} makes a second one, ${suggested('clients', 'remove', name)} revokes it; or give another name`,
  })
}

/**
 * The client that is to get a second key. Throws as {@link findClient}, and CLIENT_EXISTS where it has two by now: one is to
 * be revoked before there is a third.
 */
export function findToRotate(entries: readonly ClientEntry[], wanted: string, at?: string): ClientEntry {
  const [first, ...more] = entries.filter(one => one.name === wanted && isAt(one, at))
  // Which of the two is meant makes no difference.
  if (first !== undefined && more.every(one => one.place.id === first.place.id)) refuseSecond(first, entries)
  const entry = findClient(entries, wanted, at)
  refuseSecond(entry, entries)
  return entry
}

function isAt({ place }: ClientEntry, at: string | undefined): boolean {
  return at === undefined || place.id === at || place.name === at
}

/** A client of the same name at another place has a key of its own there. */
function refuseSecond(entry: ClientEntry, entries: readonly ClientEntry[]): void {
  const keys = entries.filter(
    one => one.name !== undefined && one.name === entry.name && one.place.id === entry.place.id,
  )
  const [oldest] = keys
  if (oldest === undefined || keys.length === 1) return
  throw new AgwError('CLIENT_EXISTS', `${calledAs(entry)} has ${keys.length} keys already`, {
    hint:
      oldest.hash === undefined
        ? `take the older one out of the config first: ${formatPath(oldest.path)}`
        : `revoke the older one first: ${suggested('clients', 'remove', shortHash(oldest.hash))}`,
  })
}

/** What metadata says, a word each: what is no plain value is shown as JSON. */
export function metadataWords(metadata: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(metadata).map(([key, value]) => {
    const text =
      typeof value === 'string'
        ? value
        : isNode(value) || Array.isArray(value)
          ? JSON.stringify(value)
          : String(value)
    return `${key}=${text}`
  })
}
