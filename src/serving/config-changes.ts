import { formatPath, type Path } from '../config/index.ts'
import { type ResolvedSlot, Secret } from '../secrets/index.ts'
import { Turns } from './turns.ts'

/** So many changes are told one by one. */
const SHOWN = 20

/** What holds until the next start: the `config` section, but for its model catalog. */
export const START_ONLY = 'config'

type Fields = Readonly<Record<string, unknown>>

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret)
}

/**
 * What differs between two configs, by place, for people to read: `changed llm.models[0].params.model`, `added
 * routes[2]`. Entries of lists are the same when they have the same name, ID or port. No value is told.
 * Of keys {@link keyChanges} tells. Requests have their turn between slices.
 */
export async function configChanges(before: unknown, after: unknown): Promise<string[]> {
  const turns = new Turns()
  const changes: string[] = []
  let rest = 0
  for (const change of differences(before, after, [])) {
    if (change !== undefined) {
      if (changes.length < SHOWN) changes.push(change())
      else rest += 1
    }
    if (turns.isOver) await turns.next()
  }
  return rest === 0 ? changes : [...changes, `and ${rest} more`]
}

function own(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined
}

/** A change, to be put into words; undefined between the entries of lists, where one may stop for a while. */
type Step = (() => string) | undefined

/** Files that hold other content than before; both are path → hash. */
export function changedFiles(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  const isOther = ([path, hash]: [string, string]): boolean => before.has(path) && before.get(path) !== hash
  return [...after].filter(isOther).map(([path]) => `changed file ${path}`)
}

/** A key with another value, by the name of its slot and both fingerprints. */
export interface KeyChange {
  readonly event: 'key-changed'
  readonly name: string
  readonly from: string
  readonly to: string
}

export function keyChanges(before: readonly ResolvedSlot[], after: readonly ResolvedSlot[]): KeyChange[] {
  const old = new Map(before.map(one => [one.slot.name, one.secret]))
  const changes: KeyChange[] = []
  for (const { slot, secret } of after) {
    const was = old.get(slot.name)
    if (secret === undefined || was === undefined || was.equals(secret)) continue
    changes.push({ event: 'key-changed', name: slot.name, from: was.fingerprint(), to: secret.fingerprint() })
  }
  return changes
}

/** `path` is the one path of the whole walk: it is right only until the next step. */
function* differences(before: unknown, after: unknown, path: (string | number)[]): Generator<Step> {
  if (before === after) return
  if (isFields(before) && isFields(after)) {
    for (const key of Object.keys(before)) yield* below(before[key], own(after, key), key, path)
    for (const key of Object.keys(after)) {
      if (!Object.hasOwn(before, key)) yield* below(undefined, after[key], key, path)
    }
  } else if (Array.isArray(before) && Array.isArray(after)) {
    yield* listDifferences(before, after, path)
  } else if (isAbsent(before) !== isAbsent(after)) {
    yield () => `${isAbsent(before) ? 'added' : 'removed'} ${told(path)}`
  } else if (!isAbsent(before) && !(before instanceof Secret && after instanceof Secret)) {
    yield () => `changed ${told(path)}`
  }
}

function* below(
  before: unknown,
  after: unknown,
  step: string | number,
  path: (string | number)[],
): Generator<Step> {
  path.push(step)
  yield* differences(before, after, path)
  path.pop()
}

function told(path: Path): string {
  const text = formatPath(path)
  return path[0] === START_ONLY && path[1] !== 'modelCatalog' ? `${text}, which takes a restart` : text
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null
}

/** What an entry of a list is known by, or its place. */
function identity(entry: unknown, index: number): string {
  if (!isFields(entry)) return `#${index}`
  const known = ['id', 'name', 'port', 'host', 'model'].find(key => !isAbsent(entry[key]))
  return known === undefined ? `#${index}` : `${known} ${JSON.stringify(entry[known])}`
}

function* listDifferences(
  before: readonly unknown[],
  after: readonly unknown[],
  path: (string | number)[],
): Generator<Step> {
  const old = new Map<string, { entry: unknown; index: number }>()
  for (const [index, entry] of before.entries()) {
    old.set(identity(entry, index), { entry, index })
    yield undefined
  }
  for (const [index, entry] of after.entries()) {
    const key = identity(entry, index)
    const was = old.get(key)
    old.delete(key)
    if (was === undefined) yield () => `added ${formatPath([...path, index])}`
    else yield* below(was.entry, entry, index, path)
    yield undefined
  }
  for (const { index } of old.values()) yield () => `removed ${formatPath([...path, index])}`
}
