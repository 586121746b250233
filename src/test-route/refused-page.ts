import type { ToldHeader } from '../gateway/index.ts'
import type { ConcreteRequest } from './request.ts'

/** A page that no browser would let send what its preflight asks for, and the list of the `cors` policy that lacks it. */
export interface RefusedPage {
  readonly origin: string
  readonly list: 'allowOrigins' | 'allowMethods' | 'allowHeaders'
}

/** They need no permission: https://fetch.spec.whatwg.org/#cors-safelisted-method */
const FREE_METHODS = ['GET', 'HEAD', 'POST']

/** What a browser makes of the answer to a preflight: https://fetch.spec.whatwg.org/#cors-preflight-fetch */
export function pageRefused(
  { method, headers }: ConcreteRequest,
  answer: readonly ToldHeader[] | undefined,
): RefusedPage | undefined {
  const { origin, 'access-control-request-method': asked, 'access-control-request-headers': names } = headers
  if (method !== 'OPTIONS' || origin === undefined || asked === undefined || answer === undefined)
    return undefined
  const told = (name: string): string[] =>
    answer.flatMap(one => (one.name === name ? one.value.split(',').map(part => part.trim()) : []))
  const origins = told('access-control-allow-origin')
  if (origins.length !== 1 || (origins[0] !== '*' && origins[0] !== origin))
    return { origin, list: 'allowOrigins' }
  const methods = told('access-control-allow-methods')
  if (![...methods, ...FREE_METHODS].includes(asked) && !methods.includes('*'))
    return { origin, list: 'allowMethods' }
  const allowed = told('access-control-allow-headers').map(name => name.toLowerCase())
  // A star does not stand for this one.
  const isAllowed = (name: string): boolean =>
    allowed.includes(name) || (allowed.includes('*') && name !== 'authorization')
  const wanted = (names ?? '').split(',').map(name => name.trim().toLowerCase())
  return wanted.every(name => name === '' || isAllowed(name)) ? undefined : { origin, list: 'allowHeaders' }
}
