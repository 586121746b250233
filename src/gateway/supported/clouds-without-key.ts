import { sceneOf } from '../../config/rules/scene.ts'
import { authOf, type Upstream } from '../../config/rules/scene-upstreams.ts'
import type { Config } from '../../config/schema.ts'
import { hasIdentity, IDENTITIES } from '../../providers/index.ts'
import { type Unsupported, WITHOUT_IT } from './support.ts'

const WITH_KEY = `give it a key, with apiKey or backendAuth, or ${WITHOUT_IT}`

/**
 * The providers of clouds at which no level of the config says how to authenticate: a gateway shows an identity of its
 * own there, which is not run here. At another address there is none to show: what clients send goes on.
 */
export function cloudsWithoutKey(config: Config): Unsupported[] {
  const found = new Map<string, Unsupported>()
  for (const upstream of sceneOf({ ...config }).upstreams) {
    const { provider: word, address } = upstream
    if (!isCalled(upstream) || !hasIdentity(word) || address !== undefined || authOf(upstream) !== undefined)
      continue
    const isModel = upstream.path[0] === 'llm'
    const path = [...upstream.path, 'provider', ...(isModel ? [] : [word])]
    const what = `${word} without a key, which means ${IDENTITIES[word]}`
    found.set(path.join('/'), { path, what, instead: WITH_KEY })
  }
  return [...found.values()]
}

function isCalled({ kind, path, route }: Upstream): boolean {
  return kind === 'ai' && (route !== undefined || path[0] === 'llm')
}
