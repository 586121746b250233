import { isObject } from '../json.ts'
import { Secret } from '../secrets/secret.ts'
import type { Path } from './diagnostic.ts'

/** The config as a tree of maps, as the search for key slots walks through it; secrets are its leaves. */
export type Node = Readonly<Record<string, unknown>>

/** Worth a path of its own: most values are plain text, of which large files have hundreds of thousands. */
export function isTree(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Secret)
}

export function isNode(value: unknown): value is Node {
  return isObject(value) && !(value instanceof Secret)
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The virtual keys of clients, of which there may be a hundred thousand: no key of a provider stands there. */
export function isClients(key: string, value: unknown): boolean {
  return key === 'apiKey' && isNode(value) && Array.isArray(value['keys'])
}

export function authOf(policies: unknown): unknown {
  return isNode(policies) ? (policies['backendAuth'] ?? undefined) : undefined
}

export function isPolicies(path: Path): boolean {
  return path.at(-1) === 'policies' || path.at(-1) === 'policy'
}

/** The provider of a model or of an AI backend, as the config names it; of a group its first one. */
export function providerOf(node: Node): string {
  const provider = node['provider']
  if (typeof provider === 'string') return provider
  if (isNode(provider)) return Object.keys(provider).find(key => provider[key] !== undefined) ?? ''
  const first = firstOfGroups(node)
  return first === undefined ? '' : providerOf(first)
}

export function firstName(ai: Node): string | undefined {
  return text(firstOfGroups(ai)?.['name'])
}

function firstOfGroups({ groups }: Node): Node | undefined {
  const group: unknown = Array.isArray(groups) ? groups[0] : undefined
  const first: unknown =
    isNode(group) && Array.isArray(group['providers']) ? group['providers'][0] : undefined
  return isNode(first) ? first : undefined
}
