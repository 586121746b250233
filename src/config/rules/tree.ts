import { isObject } from '../../json.ts'
import type { Path } from '../diagnostic.ts'

/** A map of the config as plain data. It may hold secrets: no value of it goes into a message. */
export type Node = Readonly<Record<string, unknown>>

export function isNode(value: unknown): value is Node {
  return isObject(value)
}

/** The value at a path; `undefined` where there is none. */
export function valueAt(tree: unknown, ...path: Path): unknown {
  return reach(tree, path)
}

function reach(tree: unknown, path: Path): unknown {
  let value = tree
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Readonly<Record<string | number, unknown>>)[step]
  }
  return value
}

export function nodeAt(tree: unknown, ...path: Path): Node | undefined {
  const value = reach(tree, path)
  return isNode(value) ? value : undefined
}

/** A list; empty where there is none. */
export function listAt(tree: unknown, ...path: Path): readonly unknown[] {
  const value = reach(tree, path)
  return Array.isArray(value) ? value : NOTHING
}

/** Text that is not empty. */
export function textAt(tree: unknown, ...path: Path): string | undefined {
  const value = reach(tree, path)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The maps of a list, each with its place in it. */
export function nodesAt(tree: unknown, ...path: Path): readonly [Node, number][] {
  const list = reach(tree, path)
  if (!Array.isArray(list) || list.length === 0) return NOTHING
  const found: [Node, number][] = []
  for (const [index, item] of list.entries()) if (isNode(item)) found.push([item, index])
  return found
}

const NOTHING: readonly never[] = []

/** Written and not null: agentgateway reads null as absent. */
export function isSet(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** A path as a key of a `Map`. */
export function pathKey(path: Path): string {
  return JSON.stringify(path)
}

export function startsWith(path: Path, start: Path): boolean {
  return start.length <= path.length && start.every((step, index) => path[index] === step)
}

/** A value and where it stands. The path is put together only when a finding needs it. */
export interface Place {
  readonly value: unknown
  readonly key: string | number
  readonly parent: Place | undefined
}

export function pathOf(place: Place): Path {
  const path: (string | number)[] = []
  for (let at: Place = place; at.parent !== undefined; at = at.parent) path.unshift(at.key)
  return path
}

/** The nearest key above that is no place in a list. */
export function keyAbove(place: Place): string | undefined {
  for (let at = place.parent; at?.parent !== undefined; at = at.parent) {
    if (typeof at.key === 'string') return at.key
  }
  return undefined
}

/** Maps whose keys the user chooses, and data that agentgateway passes on unread. */
const FREE_KEYS = new Set([
  'add',
  'addRequestHeaders',
  'additionalParams',
  'attributes',
  'claims',
  'context',
  'env',
  'finalTransformation',
  'finalTransformations',
  'headers',
  'inline',
  'metadata',
  'metadataContext',
  'methods',
  'modelAliases',
  'overrides',
  'requestAttributes',
  'resourceMetadata',
  'resources',
  'responseAttributes',
  'routes',
  'services',
  'set',
  'transformation',
  'workloads',
])

/**
 * Calls back for every value that stands at one of the wanted keys of the format, parents first and in the order of the
 * file. What stands below keys that the user chose (headers, metadata, fields of a request) is left out.
 */
export function walk(data: Node, wanted: ReadonlyMap<string, unknown>, visit: (place: Place) => void): void {
  const descend = (place: Place): void => {
    const { value } = place
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index += 1) {
        const item: unknown = value[index]
        if (typeof item === 'object') descend({ value: item, key: index, parent: place })
      }
    } else if (isNode(value)) {
      const named = place.key === 'gateways' && place.parent?.parent === undefined
      for (const key of Object.keys(value)) {
        const below = value[key]
        const called = !named && wanted.has(key)
        // Most values are plain text that nobody asks for.
        if (!called && typeof below !== 'object') continue
        const child: Place = { value: below, key, parent: place }
        if (called) visit(child)
        if (!isFree(child)) descend(child)
      }
    }
  }
  descend({ value: data, key: '', parent: undefined })
}

function isFree({ key, value, parent }: Place): boolean {
  if (!isNode(value)) return false
  if (key === 'transformations') return parent?.key === 'ai'
  // What a provider gives all its models is a section; everywhere else these are fields of a request.
  if (key === 'defaults') return !(typeof parent?.key === 'number' && parent.parent?.key === 'providers')
  return FREE_KEYS.has(String(key))
}
