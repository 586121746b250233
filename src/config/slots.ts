import { Secret } from '../secrets/secret.ts'
import { formatPath, type Path } from './diagnostic.ts'
import type { ConfigDocument } from './document.ts'
import { LOCAL_PRESET } from './schema/llm-params.ts'
import type { Config, SecretValue } from './schema.ts'
import { namedHost, namesApart, type SlotName, wildcardName } from './slot-names.ts'
import {
  authOf,
  firstName,
  isClients,
  isNode,
  isPolicies,
  isTree,
  type Node,
  providerOf,
  text,
} from './slot-tree.ts'

/** How the config says where a key comes from; `none` is a backend that nothing gives a key. */
export type KeyMethod = 'inline' | 'env' | 'file' | 'passthrough' | 'none'

/** One place in the config that holds a provider key, or that could. */
export interface KeySlot {
  /** What commands call it; unique in the file. */
  readonly name: string
  /** Where the key stands; for `passthrough` and `none`, where it would stand. */
  readonly path: Path
  /** The provider as the config names it (`openAI`, `groq`, …), or `` where it is no AI backend. */
  readonly provider: string
  /**
   * The AI provider that is called with it: an `ai`, a provider of a group, an `llm` model or provider; the first of
   * several. Undefined where no one place can be named.
   */
  readonly backend: Path | undefined
  /** Its calls go to an address that the config names, or to this machine: a server of one's own may want any word for a key, or none. */
  readonly isOwnHost: boolean
  /** That address without its port, where the config names one. */
  readonly host?: string | undefined
  /** The name of its `llm` model, stars and all. */
  readonly model?: string | undefined
  readonly method: KeyMethod
  readonly variable: string | undefined
  readonly file: string | undefined
  readonly value: SecretValue | undefined
}

/** What the place of a slot tells of it. */
interface Owner extends SlotName {
  readonly provider: string
  readonly backend: Path | undefined
  readonly model?: string | undefined
  /** A key on this level or above already covers the AI backends below. */
  readonly covered: boolean
}

type Draft = Omit<KeySlot, 'method' | 'variable' | 'file' | 'isOwnHost'> &
  SlotName & { readonly method?: KeyMethod }

/** All key slots of a config, in the order of the file. */
export function keySlots(config: Config, document: ConfigDocument): KeySlot[] {
  const drafts: Draft[] = []
  const tree = config as unknown as Node
  visit(
    tree,
    [],
    { name: '', provider: '', backend: undefined, covered: hasTargetedKey(tree) },
    namedBackends(tree),
    drafts,
  )
  const taken = new Set<string>()
  const placed = drafts.map(draft => ({ draft, offset: document.rangeOf(draft.path).start.offset }))
  placed.sort((a, b) => a.offset - b.offset)
  const names = namesApart(placed.map(({ draft }) => draft))
  return placed.map(({ draft: { apart: _, rank: __, ...draft } }, index) => {
    const base = names[index] || formatPath(draft.path)
    const name = taken.has(base) ? `${base}@${formatPath(draft.path)}` : base
    taken.add(name)
    return { ...draft, name, ...hostOf(tree, draft.backend), ...kindOf(draft, document) }
  })
}

/** The same where the shape of the file is not sound: those that stand in their places all the same. */
export function roughSlots(document: ConfigDocument): KeySlot[] {
  return isNode(document.data) ? keySlots(document.data as unknown as Config, document) : []
}

function visit(node: unknown, path: Path, owner: Owner, named: NamedBackends, out: Draft[]): void {
  if (Array.isArray(node)) {
    for (const [index, item] of node.entries()) {
      if (isTree(item)) visit(item, [...path, index], owner, named, out)
    }
    return
  }
  if (!isNode(node)) return
  const here = ownerOf(node, path, owner, named)
  const auth = authKey(path)
  for (const [key, value] of Object.entries(node)) {
    if (key === auth) authSlots(value, [...path, key], here, out)
    else if (key === 'params' && path[0] === 'llm') paramsSlot(value, [...path, key], here, out)
    else if (isTree(value) && !isClients(key, value)) visit(value, [...path, key], here, named, out)
  }
  if (isProviderPlace(node, path) && !isSource(node, path) && !here.covered && !hasOwnKey(node, path)) {
    const at = path[0] === 'llm' ? ['params', 'apiKey'] : ['policies', 'backendAuth', 'key']
    out.push({
      ...ownOf(here),
      path: [...path, ...at],
      method: 'none',
      value: undefined,
    })
  }
}

/** Name and provider for everything below `node`. */
function ownerOf(node: Node, path: Path, owner: Owner, named: NamedBackends): Owner {
  const covered = owner.covered || authOf(node['policies']) !== undefined
  const name = text(node['name'])
  if (path.length === 0) return { ...owner, covered }
  if (isNode(node['ai']) && !isPolicies(path)) {
    const ai = node['ai']
    const known = name !== undefined && path[0] === 'backends' && named.covered.has(name)
    return { ...aiOwner(ai, [...path, 'ai'], name ?? owner.name), covered: covered || known }
  }
  if (isProviderPlace(node, path)) {
    const provider = providerOf(node) || owner.provider
    const isModel = path[0] === 'llm' && path[1] === 'models'
    const called = name?.includes('*')
      ? wildcardName(name, provider, namedHost(node))
      : { name: name ?? owner.name }
    return { ...called, provider, backend: path, covered, ...(isModel && { model: name }) }
  }
  const first = firstAi(node, path, named)
  if (first !== undefined) return { ...aiOwner(first.ai, first.path, name ?? owner.name), covered }
  return {
    name: name ?? owner.name,
    provider: providerOf(node) || owner.provider,
    backend: owner.backend,
    covered,
  }
}

function aiOwner(ai: Node, path: Path, otherwise: string): Omit<Owner, 'covered'> {
  const backend = isNode(ai['provider']) ? path : [...path, 'groups', 0, 'providers', 0]
  return { name: nameOfAi(ai) ?? otherwise, provider: providerOf(ai), backend }
}

/** The first AI backend of a route, its own or one it refers to by name. */
function firstAi(route: Node, path: Path, named: NamedBackends): PlacedAi | undefined {
  const backends = Array.isArray(route['backends']) ? (route['backends'] as unknown[]) : []
  for (const [index, backend] of backends.entries()) {
    if (!isNode(backend)) continue
    if (isNode(backend['ai'])) return { ai: backend['ai'], path: [...path, 'backends', index, 'ai'] }
    const reference = text(backend['backend'])
    const ai = reference === undefined ? undefined : named.ai.get(reference.replace(/^\//, ''))
    if (ai !== undefined) return ai
  }
  return undefined
}

function nameOfAi(ai: Node): string | undefined {
  return text(ai['name']) ?? firstName(ai)
}

/** Inside `llm`, models and provider defaults call it `auth`; everywhere else it is `backendAuth`. */
function authKey(path: Path): string {
  const inLlm = path[0] === 'llm' && (path[1] === 'models' || path[1] === 'providers')
  return inLlm && !path.includes('policies') ? 'auth' : 'backendAuth'
}

function authSlots(auth: unknown, path: Path, owner: Owner, out: Draft[]): void {
  if (!isNode(auth)) return
  const own = ownOf(owner)
  const key = auth['key']
  const [plain, long] = [secretValue(key), isNode(key) ? secretValue(key['value']) : undefined]
  if (plain !== undefined) out.push({ ...own, path: [...path, 'key'], value: plain })
  else if (long !== undefined) {
    out.push({ ...own, path: [...path, 'key', 'value'], value: long })
  } else if ('passthrough' in auth) {
    out.push({ ...own, path, method: 'passthrough', value: undefined })
  }
  const credentials = Array.isArray(auth['credentials']) ? (auth['credentials'] as unknown[]) : []
  for (const [index, credential] of credentials.entries()) {
    const value = isNode(credential) ? secretValue(credential['key']) : undefined
    if (value === undefined) continue
    const at = [...path, 'credentials', index, 'key']
    out.push({
      name: `${owner.name}.credentials.${index}`,
      provider: '',
      backend: undefined,
      path: at,
      value,
    })
  }
}

function paramsSlot(params: unknown, path: Path, owner: Owner, out: Draft[]): void {
  const value = isNode(params) ? secretValue(params['apiKey']) : undefined
  if (value === undefined) return
  out.push({ ...ownOf(owner), path: [...path, 'apiKey'], value })
}

function ownOf({ covered: _, ...own }: Owner): Omit<Owner, 'covered'> {
  return own
}

function kindOf(draft: Draft, document: ConfigDocument): Pick<KeySlot, 'method' | 'variable' | 'file'> {
  const { value, path } = draft
  if (value === undefined) return { method: draft.method ?? 'none', variable: undefined, file: undefined }
  if (!(value instanceof Secret)) return { method: 'file', variable: undefined, file: value.file }
  const variable = document.variablesAt(path)[0]?.name
  return { method: variable === undefined ? 'inline' : 'env', variable, file: undefined }
}

/** An AI provider that can hold a key: a single `ai`, one provider of a group, an `llm` model or provider. */
function isProviderPlace(node: Node, path: Path): boolean {
  const last = path.at(-1)
  const above = path.at(-2)
  if (path[0] === 'llm') return path.length === 3 && (above === 'models' || above === 'providers')
  if (last === 'ai') return !isPolicies(path.slice(0, -1)) && isNode(node['provider'])
  return above === 'providers' && path.includes('groups') && isNode(node['provider'])
}

function hostOf(config: Node, backend: Path | undefined): Pick<KeySlot, 'isOwnHost' | 'host'> {
  let node: unknown = config
  for (const step of backend ?? []) node = (node as Record<string | number, unknown> | undefined)?.[step]
  if (backend === undefined || !isNode(node)) return { isOwnHost: false }
  const { params } = node
  const given = isNode(params) ? [params['baseUrl'], params['hostOverride']] : []
  const isGiven = [node['hostOverride'], ...given].some(value => value !== undefined && value !== null)
  return { isOwnHost: isGiven || providerOf(node) === LOCAL_PRESET, host: namedHost(node) }
}

function hasOwnKey(node: Node, path: Path): boolean {
  if (path[0] !== 'llm') return authOf(node['policies']) !== undefined
  const params = node['params']
  return node['auth'] != null || (isNode(params) && params['apiKey'] != null)
}

interface PlacedAi {
  readonly ai: Node
  readonly path: Path
}

/** What references to the top-level `backends` need. */
interface NamedBackends {
  readonly ai: ReadonlyMap<string, PlacedAi>
  /** Those that a route with a key of its own refers to. */
  readonly covered: ReadonlySet<string>
}

function namedBackends(config: Node): NamedBackends {
  const ai = new Map<string, PlacedAi>()
  const backends = Array.isArray(config['backends']) ? (config['backends'] as unknown[]) : []
  for (const [index, backend] of backends.entries()) {
    const name = isNode(backend) ? text(backend['name']) : undefined
    if (isNode(backend) && name !== undefined && isNode(backend['ai']))
      ai.set(name, { ai: backend['ai'], path: ['backends', index, 'ai'] })
  }
  const covered = new Set<string>()
  const walk = (node: unknown, above: boolean): void => {
    if (Array.isArray(node)) {
      for (const item of node) walk(item, above)
      return
    }
    if (!isNode(node)) return
    const here = above || authOf(node['policies']) !== undefined
    const reference = text(node['backend'])
    if (here && reference !== undefined) covered.add(reference.replace(/^\//, ''))
    for (const [key, value] of Object.entries(node)) if (!isClients(key, value)) walk(value, here)
  }
  walk(config, false)
  return { ai, covered }
}

function hasTargetedKey(config: Node): boolean {
  const policies = config['policies']
  return Array.isArray(policies) && policies.some(one => isNode(one) && authOf(one['policy']) !== undefined)
}

/** An `llm` provider is only a source of settings for models, and such a model takes its key from there. */
function isSource(node: Node, path: Path): boolean {
  const provider = node['provider']
  return path[0] === 'llm' && (path[1] === 'providers' || (isNode(provider) && 'reference' in provider))
}

/** A secret as the config has it; in one that was not checked its text stands bare. */
function secretValue(value: unknown): SecretValue | undefined {
  if (typeof value === 'string') return new Secret(value)
  if (value instanceof Secret) return value
  const file = isNode(value) ? value['file'] : undefined
  return typeof file === 'string' ? { file } : undefined
}
