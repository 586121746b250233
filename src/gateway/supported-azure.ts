import type { Path } from '../config/diagnostic.ts'
import type { AiBackend, Config, NamedBackend, Route } from '../config/schema.ts'
import type { Unsupported } from './support.ts'

const WHAT = 'azure without a key, which means a token of Microsoft Entra'

type WithAuth = { readonly backendAuth?: unknown } | null | undefined

function hasAuth(policies: WithAuth): boolean {
  return (policies?.backendAuth ?? undefined) !== undefined
}

/** Where an `ai` backend names azure without saying how to authenticate. */
function keylessProviders(ai: AiBackend | undefined, path: Path): Path[] {
  if (ai === undefined) return []
  const providers =
    'groups' in ai
      ? ai.groups.flatMap((group, i) =>
          group.providers.map((provider, j) => ({ provider, at: [...path, 'groups', i, 'providers', j] })),
        )
      : [{ provider: ai, at: path }]
  return providers
    .filter(({ provider }) => provider.provider?.azure !== undefined && !hasAuth(provider.policies))
    .map(({ at }) => [...at, 'provider', 'azure'])
}

function ofRoute(
  route: Route,
  path: Path,
  named: ReadonlyMap<string, readonly [NamedBackend, Path]>,
): Path[] {
  if (hasAuth(route.policies)) return []
  return (route.backends ?? []).flatMap((backend, index) => {
    if (hasAuth(backend.policies)) return []
    if (backend.backend === undefined) return keylessProviders(backend.ai, [...path, 'backends', index, 'ai'])
    const [target, at] = named.get(backend.backend.replace(/^\//, '')) ?? []
    if (target === undefined || at === undefined || hasAuth(target.policies)) return []
    return keylessProviders(target.ai, [...at, 'ai'])
  })
}

function ofLlm({ llm }: Config): Path[] {
  return (llm?.models ?? []).flatMap((model, index) => {
    const { provider } = model
    const reference = typeof provider === 'object' ? provider.reference : undefined
    const entry = llm?.providers?.find(({ name }) => name === reference)
    if ((entry?.provider ?? provider) !== 'azure') return []
    const key = entry === undefined ? model.params?.apiKey : entry.params?.apiKey
    const isCovered = key || model.auth || entry?.defaults?.auth
    return isCovered ? [] : [['llm', 'models', index, 'provider']]
  })
}

/** Azure fetches a token of its own where no level of the config says how to authenticate; that is not run here. */
export function azureWithoutKey(config: Config): Unsupported[] {
  const named = new Map(
    (config.backends ?? []).map(
      (backend, index) =>
        [backend.name?.replace(/^\//, ''), [backend, ['backends', index]] as const] as const,
    ),
  )
  const routes = [
    ...(config.routes ?? []).map((route, index) => ({ route, path: ['routes', index] as Path })),
    ...(config.binds ?? []).flatMap((bind, i) =>
      (bind.listeners ?? []).flatMap((listener, j) =>
        (listener.routes ?? []).map((route, k) => ({
          route,
          path: ['binds', i, 'listeners', j, 'routes', k] as Path,
        })),
      ),
    ),
  ]
  const paths = [...routes.flatMap(({ route, path }) => ofRoute(route, path, named)), ...ofLlm(config)]
  const seen = new Set<string>()
  return paths
    .filter(path => !seen.has(path.join('/')) && seen.add(path.join('/')))
    .map(path => ({ path, what: WHAT }))
}
