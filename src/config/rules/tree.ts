import type { Path } from '../diagnostic.ts'

/** A map of the config as plain data. It may hold secrets: no value of it goes into a message. */
export type Node = Readonly<Record<string, unknown>>

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value at a path; `undefined` where there is none. */
export function valueAt(tree: unknown, ...path: readonly (string | number)[]): unknown {
  let value = tree
  for (const step of path) {
    if (Array.isArray(value) && typeof step === 'number') value = value[step]
    else if (isNode(value)) value = value[step]
    else return undefined
  }
  return value
}

export function nodeAt(tree: unknown, ...path: readonly (string | number)[]): Node | undefined {
  const value = valueAt(tree, ...path)
  return isNode(value) ? value : undefined
}

/** A list; empty where there is none. */
export function listAt(tree: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const value = valueAt(tree, ...path)
  return Array.isArray(value) ? value : []
}

/** Text that is not empty. */
export function textAt(tree: unknown, ...path: readonly (string | number)[]): string | undefined {
  const value = valueAt(tree, ...path)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The maps of a list, each with its place in it. */
export function nodesAt(tree: unknown, ...path: readonly (string | number)[]): readonly [Node, number][] {
  return listAt(tree, ...path).flatMap((item, index): [Node, number][] => (isNode(item) ? [[item, index]] : []))
}

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
  'jwks',
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
  'schema',
  'services',
  'set',
  'transformation',
  'workloads',
])

/**
 * Calls back for every value that stands at a key of the format, parents first and in the order of the file. What
 * stands below keys that the user chose (headers, metadata, fields of a request) is left out.
 */
export function walk(data: Node, visit: (place: Place) => void): void {
  descend({ value: data, key: '', parent: undefined }, visit)
}

function descend(place: Place, visit: (place: Place) => void): void {
  const { value } = place
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      descend({ value: value[index], key: index, parent: place }, visit)
    }
  } else if (isNode(value)) {
    const named = place.key === 'gateways' && place.parent?.parent === undefined
    for (const key of Object.keys(value)) {
      const child: Place = { value: value[key], key, parent: place }
      if (!named) visit(child)
      if (!isFree(child)) descend(child, visit)
    }
  }
}

function isFree({ key, value, parent }: Place): boolean {
  if (!isNode(value)) return false
  if (key === 'transformations') return parent?.key === 'ai'
  // What a provider gives all its models is a section; everywhere else these are fields of a request.
  if (key === 'defaults') return !(typeof parent?.key === 'number' && parent.parent?.key === 'providers')
  return FREE_KEYS.has(String(key))
}
