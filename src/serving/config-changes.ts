import { formatPath, type Path } from '../config/index.ts'
import type { Runtime } from '../gateway/index.ts'
import { isObject } from '../json.ts'
import { type ResolvedSlot, Secret } from '../secrets/index.ts'
import { Turns } from './turns.ts'

/** So many changes are told one by one. */
const SHOWN = 20

/** What holds until the next start: the `config` section, but for its model catalog. */
export const START_ONLY = 'config'

/** The `config` section to serve after a change: that of the start, with the model catalog of now. */
export function sectionAfter<T extends { readonly modelCatalog?: unknown }>(
  start: T | null | undefined,
  now: T | null | undefined,
): T | null | undefined {
  const modelCatalog = now?.modelCatalog ?? undefined
  if (modelCatalog === undefined && !start?.modelCatalog) return start
  return { ...start, modelCatalog } as T
}

type Fields = Readonly<Record<string, unknown>>

function isFields(value: unknown): value is Fields {
  return isObject(value) && !(value instanceof Secret)
}

/**
 * What differs between two configs, by place, for people to read: `changed llm.models[0].params.model`, `added
 * routes[2]`. Entries of lists are the same when they have the same name, ID or port. No value is told,
 * and nothing of the secrets of `after` in `told`. Requests have their turn between slices.
 */
export async function configChanges(
  before: unknown,
  after: unknown,
  told: ReadonlySet<Secret> = new Set(),
): Promise<string[]> {
  const turns = new Turns()
  const changes: string[] = []
  let rest = 0
  for (const change of differences(before, after, { path: [], told })) {
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

/** Files that hold other content than before. */
export function changedFiles(before: Runtime['files'], after: Runtime['files']): string[] {
  return [...after].flatMap(([path, { hash }]) => {
    const was = before.get(path)?.hash
    return was === undefined || was === hash ? [] : [`changed file ${path}`]
  })
}

/** Slots whose key has another value than before. */
export function changedKeys(
  before: readonly ResolvedSlot[],
  after: readonly ResolvedSlot[],
): { readonly name: string; readonly was: Secret; readonly is: Secret }[] {
  const old = new Map(before.map(one => [one.slot.name, one.secret]))
  return after.flatMap(({ slot: { name }, secret: is }) => {
    const was = old.get(name)
    return is === undefined || was === undefined || was.equals(is) ? [] : [{ name, was, is }]
  })
}

interface Walk {
  /** Where it is; right only until the next step. */
  readonly path: (string | number)[]
  readonly told: ReadonlySet<unknown>
}

function* differences(before: unknown, after: unknown, walk: Walk): Generator<Step> {
  if (before === after || (isAbsent(before) && isAbsent(after))) return
  // Not all of this section takes a restart, so it is told in parts, also where all of it is new or gone.
  if (walk.path.length === 1 && walk.path[0] === START_ONLY && (isAbsent(before) || isAbsent(after))) {
    return yield* differences(before ?? {}, after ?? {}, walk)
  }
  if (isFields(before) && isFields(after)) {
    for (const key of Object.keys(before)) yield* below(before[key], own(after, key), key, walk)
    for (const key of Object.keys(after)) {
      if (!Object.hasOwn(before, key)) yield* below(undefined, after[key], key, walk)
    }
  } else if (Array.isArray(before) && Array.isArray(after)) {
    yield* listDifferences(before, after, walk)
  } else if (isAbsent(before) || isAbsent(after)) {
    yield () => `${isAbsent(before) ? 'added' : 'removed'} ${placeOf(walk)}`
  } else if (!isKeyToldOf(before, after, walk)) {
    yield () => `changed ${placeOf(walk)}`
  }
}

function* below(before: unknown, after: unknown, step: string | number, walk: Walk): Generator<Step> {
  walk.path.push(step)
  yield* differences(before, after, walk)
  walk.path.pop()
}

function placeOf({ path }: { readonly path: Path }): string {
  const text = formatPath(path)
  return path[0] === START_ONLY && path[1] !== 'modelCatalog' ? `${text}, which takes a restart` : text
}

/** A key that is as it was, or that is told of by the name of its slot. */
function isKeyToldOf(before: unknown, after: unknown, { told }: Walk): boolean {
  return before instanceof Secret && after instanceof Secret && (before.equals(after) || told.has(after))
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null
}

/** Stops like the walk does, and looks at each part once, which the walk does not. */
function* isSame(before: unknown, after: unknown): Generator<undefined, boolean> {
  if (before === after || (isAbsent(before) && isAbsent(after))) return true
  if (before instanceof Secret && after instanceof Secret) return before.equals(after)
  const areLists = Array.isArray(before) && Array.isArray(after) && before.length === after.length
  if (!areLists && !(isFields(before) && isFields(after))) return false
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (!(yield* isSame(own(before as Fields, key), own(after as Fields, key)))) return false
  }
  yield undefined
  return true
}

/** What an entry of a list is known by, or its place. */
function identity(entry: unknown, index: number): string {
  if (!isFields(entry)) return `#${index}`
  const known = ['id', 'name', 'port', 'host', 'model', 'keyHash'].find(key => !isAbsent(entry[key]))
  return known === undefined ? `#${index}` : `${known} ${JSON.stringify(entry[known])}`
}

function* listDifferences(
  before: readonly unknown[],
  after: readonly unknown[],
  walk: Walk,
): Generator<Step> {
  // Of entries without a name all would have changed that stand behind one that came or went.
  const shorter = Math.min(before.length, after.length)
  let head = 0
  for (; head < shorter && (yield* isSame(before[head], after[head])); head += 1) yield undefined
  let tail = 0
  for (; tail < shorter - head && (yield* isSame(before.at(-1 - tail), after.at(-1 - tail))); tail += 1)
    yield undefined
  const old = new Map<string, { entry: unknown; index: number }>()
  for (let index = head; index < before.length - tail; index += 1) {
    const entry = before[index]
    old.set(identity(entry, index), { entry, index })
    yield undefined
  }
  for (let index = head; index < after.length - tail; index += 1) {
    const entry = after[index]
    const key = identity(entry, index)
    const was = old.get(key)
    old.delete(key)
    if (was === undefined) yield () => `added ${formatPath([...walk.path, index])}`
    else yield* below(was.entry, entry, index, walk)
    yield undefined
  }
  for (const { index } of old.values()) yield () => `removed ${formatPath([...walk.path, index])}`
}
