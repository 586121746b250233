import { formatPath, type Path } from '../config/index.ts'

/** So many changes are told one by one. */
const SHOWN = 20

/** What holds until the next start: the `config` section, but for its model catalog. */
export const START_ONLY = 'config'

/** A value that knows when another is the same: a `Secret`. */
interface Comparable {
  equals(other: unknown): boolean
}

type Fields = Readonly<Record<string, unknown>>

function isComparable(value: unknown): value is Comparable {
  return (
    typeof value === 'object' && value !== null && 'equals' in value && typeof value.equals === 'function'
  )
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isComparable(value)
}

/**
 * What differs between two configs, by place, for people to read: `changed llm.models[0].params.model`, `added
 * routes[2]`. Entries of lists are the same when they have the same name, ID or port. No value is told.
 */
export function configChanges(before: unknown, after: unknown): string[] {
  const changes = [...differences(before, after, [])]
  const rest = changes.length - SHOWN
  return rest <= 0 ? changes : [...changes.slice(0, SHOWN), `and ${rest} more`]
}

function* differences(before: unknown, after: unknown, path: Path): Generator<string> {
  if (isFields(before) && isFields(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      yield* differences(before[key], after[key], [...path, key])
    }
  } else if (Array.isArray(before) && Array.isArray(after)) {
    yield* listDifferences(before, after, path)
  } else if (isAbsent(before) !== isAbsent(after)) {
    yield `${isAbsent(before) ? 'added' : 'removed'} ${told(path)}`
  } else if (isComparable(before) ? !before.equals(after) : before !== after && !isAbsent(before)) {
    yield `changed ${told(path)}`
  }
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
  path: Path,
): Generator<string> {
  const old = new Map(before.map((entry, index) => [identity(entry, index), { entry, index }]))
  for (const [index, entry] of after.entries()) {
    const key = identity(entry, index)
    const was = old.get(key)
    old.delete(key)
    if (was === undefined) yield `added ${formatPath([...path, index])}`
    else yield* differences(was.entry, entry, [...path, index])
  }
  for (const { index } of old.values()) yield `removed ${formatPath([...path, index])}`
}
