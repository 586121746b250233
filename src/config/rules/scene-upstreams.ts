import type { Path } from '../diagnostic.ts'
import { LOCAL_PRESET } from '../schema/llm-params.ts'
import { type Address, addressOf } from './hosts.ts'
import { type ClientCheck, checksOf, keyLevel, type Level, levelOf, type Targeted } from './scene-levels.ts'
import type { ListenerScene, RouteScene } from './scene-listeners.ts'
import { isNode, isSet, type Node, nodeAt, nodesAt, textAt, valueAt } from './tree.ts'

/** One way from a route or the llm section to a provider, a host or an MCP server. */
export interface Upstream {
  readonly kind: 'ai' | 'host' | 'mcp'
  /** The provider, model, backend or MCP target. */
  readonly path: Path
  /** The provider as the config names it, `` for a plain host. */
  readonly provider: string
  /** The provider's own section: its models, version, resource. */
  readonly settings: Node
  /** Where it is called, if not where its provider usually is, and the place that says so. */
  readonly address: (Address & { readonly path: Path }) | undefined
  /** TLS comes with the address itself. */
  readonly secure: boolean
  /** Strongest first. */
  readonly levels: readonly Level[]
  readonly checks: readonly ClientCheck[]
  readonly route: RouteScene | undefined
  /** The list of groups a provider is in, and which of how many. */
  readonly group?: { readonly path: Path; readonly index: number; readonly count: number }
}

/** A backend that routes refer to by name. */
export interface NamedBackend {
  readonly node: Node
  readonly path: Path
}

/** Named backends, by their name with a slash in front. */
export function namedBackends(data: Node): Map<string, NamedBackend> {
  const named = new Map<string, NamedBackend>()
  for (const [node, index] of nodesAt(data, 'backends')) {
    const name = textAt(node, 'name')
    if (name !== undefined) named.set(`/${name}`, { node, path: ['backends', index] })
  }
  return named
}

interface Parts {
  readonly data: Node
  readonly listeners: readonly ListenerScene[]
  readonly routes: readonly RouteScene[]
  readonly backends: ReadonlyMap<string, NamedBackend>
  readonly targeted: readonly Targeted[]
}

/** What stands around a backend. */
interface Around {
  readonly levels: readonly Level[]
  readonly checks: readonly ClientCheck[]
  readonly route: RouteScene | undefined
}

export function upstreamsOf(parts: Parts): Upstream[] {
  const out: Upstream[] = []
  const { data, backends } = parts
  const everywhere = parts.targeted.flatMap(({ policy, path }) => checksOf(policy, path))
  const used = new Set<string>()
  const above = new Map(parts.listeners.map(one => [one, checksOf(one.policies, one.path)]))
  for (const route of parts.routes) {
    const policies = nodeAt(route.node, 'policies')
    const checks = checksOfRoute(route, policies, above, everywhere)
    const own = levelOf(policies, [...route.path, 'policies'])
    for (const [backend, index] of nodesAt(route.node, 'backends')) {
      const path = [...route.path, 'backends', index]
      const levels = [levelOf(nodeAt(backend, 'policies'), [...path, 'policies']), own]
      const name = textAt(backend, 'backend')
      const named = name === undefined ? undefined : backends.get(name.startsWith('/') ? name : `/${name}`)
      if (named === undefined) out.push(...backendUpstreams(backend, path, { levels, checks, route }))
      else {
        used.add(pathText(named.path))
        const weakest = levelOf(nodeAt(named.node, 'policies'), [...named.path, 'policies'])
        const around = { levels: [...levels, weakest], checks, route }
        out.push(...backendUpstreams(named.node, named.path, around))
      }
    }
  }
  for (const { node, path } of backends.values()) {
    if (used.has(pathText(path))) continue
    const levels = [levelOf(nodeAt(node, 'policies'), [...path, 'policies'])]
    out.push(...backendUpstreams(node, path, { levels, checks: everywhere, route: undefined }))
  }
  for (const one of modelUpstreams(parts, everywhere)) out.push(one)
  const mcp = nodeAt(data, 'mcp')
  if (mcp !== undefined) {
    const levels = [levelOf(nodeAt(mcp, 'policies'), ['mcp', 'policies'])]
    const checks = [...everywhere, ...checksOf(nodeAt(mcp, 'policies'), ['mcp', 'policies'])]
    out.push(...targetUpstreams(mcp, ['mcp'], { levels, checks, route: undefined }))
  }
  return out
}

function checksOfRoute(
  { listeners, path }: RouteScene,
  policies: Node | undefined,
  above: ReadonlyMap<ListenerScene, readonly ClientCheck[]>,
  everywhere: readonly ClientCheck[],
): readonly ClientCheck[] {
  const own = checksOf(policies, [...path, 'policies'])
  const [only] = listeners
  if (own.length === 0 && everywhere.length === 0 && listeners.length === 1 && only !== undefined) {
    return above.get(only) ?? []
  }
  return [...everywhere, ...listeners.flatMap(listener => above.get(listener) ?? []), ...own]
}

function pathText(path: Path): string {
  return path.join('.')
}

function backendUpstreams(node: Node, path: Path, around: Around): Upstream[] {
  const ai = nodeAt(node, 'ai')
  if (ai !== undefined) return aiUpstreams(ai, [...path, 'ai'], around)
  const mcp = nodeAt(node, 'mcp')
  if (mcp !== undefined) return targetUpstreams(mcp, [...path, 'mcp'], around)
  const host = textAt(node, 'host')
  if (host === undefined) return []
  const address = { ...addressOf(host), path: [...path, 'host'] }
  return [{ kind: 'host', path, provider: '', settings: {}, address, secure: false, ...around }]
}

function aiUpstreams(ai: Node, path: Path, around: Around): Upstream[] {
  const groups = nodesAt(ai, 'groups')
  if (groups.length === 0) return [providerUpstream(ai, path, around)]
  return groups.flatMap(([group, index]) =>
    nodesAt(group, 'providers').map(([provider, at]) => ({
      ...providerUpstream(provider, [...path, 'groups', index, 'providers', at], around),
      group: { path: [...path, 'groups'], index, count: groups.length },
    })),
  )
}

function providerUpstream(node: Node, path: Path, around: Around): Upstream {
  const providers = nodeAt(node, 'provider') ?? {}
  const provider = Object.keys(providers).find(key => isSet(providers[key])) ?? ''
  const host = textAt(node, 'hostOverride')
  return {
    kind: 'ai',
    path,
    provider,
    settings: nodeAt(providers, provider) ?? {},
    address: host === undefined ? undefined : { ...addressOf(host), path: [...path, 'hostOverride'] },
    secure: false,
    ...around,
    levels: [levelOf(nodeAt(node, 'policies'), [...path, 'policies']), ...around.levels],
  }
}

function targetUpstreams(mcp: Node, path: Path, around: Around): Upstream[] {
  return nodesAt(mcp, 'targets').flatMap(([target, index]): Upstream[] => {
    const at = [...path, 'targets', index]
    const kind = ['mcp', 'sse', 'openapi'].find(one => isNode(target[one])) ?? ''
    const host = textAt(target, kind, 'host')
    if (host === undefined) return []
    const url = host.includes('://') && URL.canParse(host) ? new URL(host) : undefined
    const port = valueAt(target, kind, 'port')
    const address =
      url === undefined
        ? { ...addressOf(host), ...(typeof port === 'number' && { port }) }
        : { host: url.hostname, port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80) }
    return [
      {
        kind: 'mcp',
        path: at,
        provider: '',
        settings: {},
        address: { ...address, path: [...at, kind, 'host'] },
        secure: url?.protocol === 'https:',
        ...around,
        // What stands on the route is for the clients of all targets; a target's own policies are for its calls.
        levels: [levelOf(nodeAt(target, 'policies'), [...at, 'policies']), ...around.levels],
      },
    ]
  })
}

function modelUpstreams({ data, listeners }: Parts, everywhere: readonly ClientCheck[]): Upstream[] {
  const providers = new Map(
    nodesAt(data, 'llm', 'providers').map(([node, index]) => [textAt(node, 'name') ?? '', { node, index }]),
  )
  const serving = listeners.filter(listener => listener.served.some(served => served.what === 'llm'))
  const checks = [
    ...everywhere,
    ...serving.flatMap(({ policies, path }) => (path[0] === 'llm' ? [] : checksOf(policies, path))),
    ...checksOf(nodeAt(data, 'llm', 'policies'), ['llm', 'policies']),
  ]
  return nodesAt(data, 'llm', 'models').map(([model, index]) => {
    const path = ['llm', 'models', index]
    const reference = textAt(model, 'provider', 'reference')
    const source = reference === undefined ? undefined : providers.get(reference)
    const from =
      source === undefined
        ? { node: model, path }
        : { node: source.node, path: ['llm', 'providers', source.index] }
    const params = nodeAt(from.node, 'params') ?? {}
    const key = params['apiKey']
    const word = from.node['provider']
    const provider = typeof word === 'string' ? word : isNode(word) ? (Object.keys(word)[0] ?? '') : ''
    return {
      kind: 'ai' as const,
      path,
      provider: provider === 'openai' ? 'openAI' : provider,
      settings: { ...params, model: valueAt(model, 'params', 'model') ?? params['model'] },
      ...addressOfParams(params, [...from.path, 'params'], provider),
      levels: [
        ...(isSet(key) ? [keyLevel(key, [...from.path, 'params', 'apiKey'])] : []),
        levelOf(model, path),
        ...(source === undefined
          ? []
          : [levelOf(nodeAt(source.node, 'defaults'), [...from.path, 'defaults'])]),
      ],
      checks,
      route: undefined,
    }
  })
}

function addressOfParams(params: Node, path: Path, provider: string): Pick<Upstream, 'address' | 'secure'> {
  const base = textAt(params, 'baseUrl')
  const url = base !== undefined && URL.canParse(base) ? new URL(base) : undefined
  const secure = url?.protocol === 'https:'
  const host = textAt(params, 'hostOverride')
  if (host !== undefined) return { address: { ...addressOf(host), path: [...path, 'hostOverride'] }, secure }
  if (url !== undefined) {
    const port = Number(url.port) || (secure ? 443 : 80)
    return { address: { host: url.hostname, port, path: [...path, 'baseUrl'] }, secure }
  }
  if (provider !== LOCAL_PRESET || isSet(params['pathOverride'])) return { address: undefined, secure: true }
  return { address: { host: 'localhost', port: 11434, path }, secure: false }
}

/** The level whose authentication is used; undefined where nothing gives a credential. */
export function authOf({ levels }: Upstream): Level['auth'] {
  return levels.find(level => level.auth !== undefined)?.auth
}

export function hasTls({ secure, levels }: Upstream): boolean {
  return secure || levels.some(level => level.tls)
}
