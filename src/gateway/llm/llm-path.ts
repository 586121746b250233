import { parametersOf } from '../../query.ts'
import type { AiBackend, QueryCredential } from '../destination.ts'
import { trimPath } from '../routing/match.ts'

/** The upstream path of a request that is passed on as it is: `pathPrefix` takes the place of the provider's base. */
export function passedPath(path: string, ai: AiBackend): string {
  if (ai.pathPrefix === undefined) return path
  const base = ai.provider.basePath
  const isBelow =
    base !== undefined && path.startsWith(base) && (path.length === base.length || path[base.length] === '/')
  return trimPath(ai.pathPrefix) + (isBelow ? path.slice(base.length) : path)
}

/** Read in the same way in which credentials are looked for: what is found is what is taken out. */
function nameOf(pair: string): string {
  const [[name = ''] = []] = parametersOf(pair)
  return name
}

/** Takes the parameters of those names out of a query. */
export function withoutParameters(query: string, names: ReadonlySet<string>): string {
  return query
    .split('&')
    .filter(pair => !names.has(nameOf(pair)))
    .join('&')
}

/** A credential as the parameter of a query. */
export function queryCredential(name: string, text: string): QueryCredential {
  const pair = `${encodeURIComponent(name)}=${encodeURIComponent(text)}`
  return { name, pair: () => pair }
}

/** The path with the client's query, and with credentials that belong into the query in place of the client's. */
export function withQuery(path: string, query: string, credentials: readonly QueryCredential[]): string {
  let rest = query
  if (credentials.length > 0) {
    rest = withoutParameters(query, new Set(credentials.map(credential => credential.name)))
    for (const credential of credentials) rest += `${rest === '' ? '' : '&'}${credential.pair()}`
  }
  if (rest === '') return path
  return `${path}${path.includes('?') ? '&' : '?'}${rest}`
}
