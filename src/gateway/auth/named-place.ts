import type { AuthorizationLocation } from '../../config/schema.ts'
import { withCookies } from '../headers/headers.ts'
import { queryCredential, withQuery } from '../llm/llm-path.ts'

/** A place in a request that has a name, so that a credential can be put there. */
export type NamedPlace =
  /** The header in lower case. */
  | { readonly header: string; readonly prefix: string }
  | { readonly cookie: string }
  | { readonly parameter: string }

/** What a policy asks of a client. */
export interface AskedCredential {
  /** Undefined where an expression looks for it, which may be anywhere. */
  readonly place: NamedPlace | undefined
  /** `user:password`, which goes into the request in base64. */
  readonly isPair: boolean
}

/** `{header: {name: authorization, prefix}}` */
export function authorizationHeader(prefix: 'Bearer ' | 'Basic '): AuthorizationLocation {
  return { header: { name: 'authorization', prefix } }
}

/** Where a `location` puts a credential; undefined for an expression, which can only find one. */
export function namedPlace({
  header,
  cookie,
  queryParameter,
}: AuthorizationLocation): NamedPlace | undefined {
  if (header !== undefined) return { header: header.name.toLowerCase(), prefix: header.prefix ?? '' }
  if (cookie !== undefined) return { cookie: cookie.name }
  return queryParameter && { parameter: queryParameter.name }
}

/** `header x-api-key`, `cookie k`, `query parameter key` */
export function placeWords(place: NamedPlace): string {
  if ('header' in place) return `header ${place.header}`
  return 'cookie' in place ? `cookie ${place.cookie}` : `query parameter ${place.parameter}`
}

/** What of a request may hold a credential. */
interface Holder {
  /** With its query. */
  readonly path: string
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string>>
}

/** Whether something stands there already; of a header anything, whatever its prefix. */
export function isTaken(place: NamedPlace, { path, headers }: Holder): boolean {
  if ('header' in place) return headers[place.header] !== undefined
  if ('parameter' in place) return new URLSearchParams(path.replace(/^[^?]*/, '')).has(place.parameter)
  return (headers['cookie'] ?? '').split(';').some(part => part.trim().startsWith(`${place.cookie}=`))
}

/** The request with a credential at that place. */
export function withCredential<R extends Holder>(request: R, place: NamedPlace, text: string): R {
  const { path, headers } = request
  if ('header' in place) return { ...request, headers: { ...headers, [place.header]: place.prefix + text } }
  if ('cookie' in place) {
    const cookie = withCookies(headers['cookie'], [place.cookie, text])
    return { ...request, headers: { ...headers, cookie } }
  }
  return { ...request, path: withQuery(path, '', [queryCredential(place.parameter, text)]) }
}
