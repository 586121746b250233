import { AgwError } from '../errors.ts'
import { Secret } from '../secrets/secret.ts'
import { formatPath, type Path } from './diagnostic.ts'
import { closest } from './did-you-mean.ts'
import type { ConfigDocument } from './document.ts'
import type { Config, SecretValue } from './schema.ts'

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
  readonly method: KeyMethod
  readonly variable: string | undefined
  readonly file: string | undefined
  readonly value: SecretValue | undefined
}

/** What the place of a slot tells of it. */
interface Owner {
  readonly name: string
  readonly provider: string
  /** A key on this level or above already covers the AI backends below. */
  readonly covered: boolean
}

type Node = Readonly<Record<string, unknown>>
type Draft = Omit<KeySlot, 'method' | 'variable' | 'file'> & { readonly method?: KeyMethod }

/** All key slots of a config, in the order of the file. */
export function keySlots(config: Config, document: ConfigDocument): KeySlot[] {
  const drafts: Draft[] = []
  const covered = coveredBackends(config)
  visit(
    config as unknown as Node,
    [],
    { name: '', provider: '', covered: hasTargetedKey(config) },
    covered,
    drafts,
  )
  const taken = new Set<string>()
  return drafts.map(draft => {
    const base = draft.name || formatPath(draft.path)
    const name = taken.has(base) ? `${base}@${formatPath(draft.path)}` : base
    taken.add(name)
    return { ...draft, name, ...kindOf(draft, document) }
  })
}

/**
 * The slot a user means: by its name, else by its variable, else by its provider where only one slot has it. Throws
 * UNKNOWN_SLOT, which lists the names there are.
 */
export function findSlot(slots: readonly KeySlot[], wanted: string): KeySlot {
  const named = slots.find(slot => slot.name === wanted)
  if (named !== undefined) return named
  const byVariable = slots.filter(slot => slot.variable === wanted)
  if (byVariable[0] !== undefined) return byVariable[0]
  const byProvider = slots.filter(slot => slot.provider.toLowerCase() === wanted.toLowerCase())
  if (byProvider.length === 1 && byProvider[0] !== undefined) return byProvider[0]
  const names = slots.map(slot => slot.name)
  const meant = wanted.length <= 32 ? closest(wanted, names) : undefined
  const shown = wanted.length <= 32 && !/^sk-|^AIza/.test(wanted) ? JSON.stringify(wanted) : 'that'
  throw new AgwError('UNKNOWN_SLOT', `no key slot is called ${shown}`, {
    hint:
      names.length === 0
        ? 'the config has no AI backend'
        : meant === undefined
          ? `the slots are: ${names.join(', ')}`
          : `did you mean ${JSON.stringify(meant)}?`,
  })
}

function visit(node: unknown, path: Path, owner: Owner, covered: ReadonlySet<string>, out: Draft[]): void {
  if (Array.isArray(node)) {
    for (const [index, item] of node.entries()) visit(item, [...path, index], owner, covered, out)
    return
  }
  if (!isNode(node)) return
  const here = ownerOf(node, path, owner, covered)
  const auth = authKey(path)
  for (const [key, value] of Object.entries(node)) {
    if (key === auth) authSlots(value, [...path, key], here, out)
    else if (key === 'params' && path[0] === 'llm') paramsSlot(value, [...path, key], here, out)
    else visit(value, [...path, key], here, covered, out)
  }
  if (isProviderPlace(node, path) && !here.covered && !hasOwnKey(node, path)) {
    const at = path[0] === 'llm' ? ['params', 'apiKey'] : ['policies', 'backendAuth', 'key']
    out.push({
      name: here.name,
      provider: here.provider,
      path: [...path, ...at],
      method: 'none',
      value: undefined,
    })
  }
}

/** Name and provider for everything below `node`. */
function ownerOf(node: Node, path: Path, owner: Owner, covered: ReadonlySet<string>): Owner {
  const isCovered = owner.covered || authOf(node['policies']) !== undefined
  const ai = isNode(node['ai']) && !isPolicies(path) ? node['ai'] : undefined
  if (ai !== undefined) {
    const name = text(node['name']) ?? text(ai['name'])
    const known = name !== undefined && path[0] === 'backends' && covered.has(name)
    return {
      name: text(ai['name']) ?? name ?? firstName(ai) ?? owner.name,
      provider: providerOf(ai),
      covered: isCovered || known,
    }
  }
  if (isProviderPlace(node, path)) {
    return {
      name: text(node['name']) ?? owner.name,
      provider: providerOf(node) || owner.provider,
      covered: isCovered,
    }
  }
  const backends = Array.isArray(node['backends']) ? (node['backends'] as unknown[]) : []
  const first = backends.find(backend => isNode(backend) && isNode(backend['ai']))
  if (isNode(first) && isNode(first['ai'])) {
    const name = text(first['ai']['name']) ?? firstName(first['ai']) ?? text(node['name']) ?? owner.name
    return { name, provider: providerOf(first['ai']), covered: isCovered }
  }
  return { ...owner, name: text(node['name']) ?? owner.name, covered: isCovered }
}

/** Inside `llm`, models and provider defaults call it `auth`; everywhere else it is `backendAuth`. */
function authKey(path: Path): string {
  const inLlm = path[0] === 'llm' && (path[1] === 'models' || path[1] === 'providers')
  return inLlm && !path.includes('policies') ? 'auth' : 'backendAuth'
}

function authSlots(auth: unknown, path: Path, owner: Owner, out: Draft[]): void {
  if (!isNode(auth)) return
  const { name, provider } = owner
  const key = auth['key']
  if (isSecretValue(key)) out.push({ name, provider, path: [...path, 'key'], value: key })
  else if (isNode(key) && isSecretValue(key['value'])) {
    out.push({ name, provider, path: [...path, 'key', 'value'], value: key['value'] })
  } else if ('passthrough' in auth) {
    out.push({ name, provider, path, method: 'passthrough', value: undefined })
  }
  const credentials = Array.isArray(auth['credentials']) ? (auth['credentials'] as unknown[]) : []
  for (const [index, credential] of credentials.entries()) {
    if (!isNode(credential) || !isSecretValue(credential['key'])) continue
    const at = [...path, 'credentials', index, 'key']
    out.push({ name: `${name}.credentials.${index}`, provider: '', path: at, value: credential['key'] })
  }
}

function paramsSlot(params: unknown, path: Path, owner: Owner, out: Draft[]): void {
  if (!isNode(params) || !isSecretValue(params['apiKey'])) return
  out.push({ name: owner.name, provider: owner.provider, path: [...path, 'apiKey'], value: params['apiKey'] })
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
  if (path[0] === 'llm') return path.length === 3 && above === 'models' && !isReference(node)
  if (last === 'ai') return !isPolicies(path.slice(0, -1)) && isNode(node['provider'])
  return above === 'providers' && path.includes('groups') && isNode(node['provider'])
}

function hasOwnKey(node: Node, path: Path): boolean {
  if (path[0] !== 'llm') return authOf(node['policies']) !== undefined
  const params = node['params']
  return node['auth'] != null || (isNode(params) && params['apiKey'] != null)
}

/** Named backends that a route with a key of its own refers to. */
function coveredBackends(config: Config): Set<string> {
  const names = new Set<string>()
  const walk = (node: unknown, covered: boolean): void => {
    if (Array.isArray(node)) {
      for (const item of node) walk(item, covered)
      return
    }
    if (!isNode(node)) return
    const here = covered || authOf(node['policies']) !== undefined
    if (here && typeof node['backend'] === 'string') names.add(node['backend'].replace(/^\//, ''))
    for (const value of Object.values(node)) walk(value, here)
  }
  walk(config, false)
  return names
}

function hasTargetedKey(config: Config): boolean {
  const policies = (config as unknown as Node)['policies']
  return Array.isArray(policies) && policies.some(one => isNode(one) && authOf(one['policy']) !== undefined)
}

function authOf(policies: unknown): unknown {
  return isNode(policies) ? (policies['backendAuth'] ?? undefined) : undefined
}

function isPolicies(path: Path): boolean {
  return path.at(-1) === 'policies' || path.at(-1) === 'policy'
}

function isReference(model: Node): boolean {
  return isNode(model['provider']) && 'reference' in model['provider']
}

function providerOf(node: Node): string {
  const provider = node['provider']
  if (typeof provider === 'string') return provider
  if (isNode(provider)) return Object.keys(provider).find(key => provider[key] !== undefined) ?? ''
  const group = Array.isArray(node['groups']) ? (node['groups'][0] as unknown) : undefined
  const first =
    isNode(group) && Array.isArray(group['providers']) ? (group['providers'][0] as unknown) : undefined
  return isNode(first) ? providerOf(first) : ''
}

function firstName(ai: Node): string | undefined {
  const group = Array.isArray(ai['groups']) ? (ai['groups'][0] as unknown) : undefined
  const first =
    isNode(group) && Array.isArray(group['providers']) ? (group['providers'][0] as unknown) : undefined
  return isNode(first) ? text(first['name']) : undefined
}

function isSecretValue(value: unknown): value is SecretValue {
  return value instanceof Secret || (isNode(value) && typeof value['file'] === 'string')
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret)
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
