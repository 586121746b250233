import type { Path } from '../../config/diagnostic.ts'
import { pathOf, walk } from '../../config/rules/tree.ts'
import type { BackendTls, BasicAuth, Config, JwtAuth, ServerTls } from '../../config/schema.ts'
import { isObject } from '../../json.ts'
import { InvalidPlace } from './invalid.ts'
import { judgeServerTls } from './server-tls.ts'
import { judgeBackendTls } from './upstream.ts'

/** Reads a file that the config names; undefined where files are not to be looked at. Throws what `node:fs` throws. */
export type ReadFile = ((path: string) => string) | undefined

/** Key sets, password files, certificates and price catalogs that the gateway would refuse when it starts, inline or in files. */
export async function unusableMaterial(config: Config, readFile: ReadFile): Promise<InvalidPlace[]> {
  const places = placesIn(config)
  // What reads tokens and passwords takes a while to load, and most configs have neither.
  const hasAuth = places.some(({ key }) => key === 'jwtAuth' || key === 'basicAuth')
  const auth = hasAuth ? await judgesOfAuth() : undefined
  const limits = config.frontendPolicies?.tls ?? {}
  const found: InvalidPlace[] = []
  const judge = (look: () => void): void => {
    try {
      look()
    } catch (error) {
      if (!(error instanceof InvalidPlace)) throw error
      found.push(error)
    }
  }
  for (const { key, value, path } of places) {
    judge(() => {
      if (key === 'jwtAuth') auth?.judgeKeySets(value as JwtAuth, path, readFile)
      else if (key === 'basicAuth') auth?.judgeUsers(value as BasicAuth, path, readFile)
      else if (isServer(path)) judgeServerTls(value as ServerTls, path, limits, readFile)
      else if (readFile !== undefined) judgeBackendTls(value as BackendTls, path, readFile)
    })
  }
  const catalogs = config.config?.modelCatalog ?? []
  if (catalogs.length > 0) {
    const { judgeCatalog } = await import('./costs.ts')
    for (const [index, source] of catalogs.entries())
      judge(() => judgeCatalog(source, ['config', 'modelCatalog', index], readFile))
  }
  return found
}

async function judgesOfAuth() {
  const { judgeKeySets } = await import('../policies/jwt-auth.ts')
  const { judgeUsers } = await import('../policies/basic-auth.ts')
  return { judgeKeySets, judgeUsers }
}

interface Place {
  readonly key: string
  readonly value: object
  readonly path: Path
}

/** What each section cannot do without, so that a header or a host of its name is not taken for it. */
const MARKS: ReadonlyMap<string, readonly string[]> = new Map([
  ['jwtAuth', ['jwks', 'providers']],
  ['basicAuth', ['htpasswd']],
  ['tls', ['cert', 'key', 'root']],
  ['backendTLS', ['cert', 'key', 'root']],
])

function placesIn(config: Config): Place[] {
  const found: Place[] = []
  walk(config, MARKS, place => {
    const { key, value } = place
    const marks = MARKS.get(String(key)) ?? []
    if (isObject(value) && marks.some(mark => mark in value))
      found.push({ key: String(key), value, path: pathOf(place) })
  })
  return found
}

/** Listeners stand in `gateways` and `binds`; that of `llm` is its own. */
function isServer(path: Path): boolean {
  if (path.at(-1) !== 'tls') return false
  return path[0] === 'gateways' || path[0] === 'binds' || (path[0] === 'llm' && path.length === 2)
}
