import { setHeader as put, removeHeader as take } from '../providers/index.ts'
import type { GatewayRequest } from './exchange.ts'

/*
 * Changes to a client's request that everyone after them sees: route matches, expressions, the upstream. Both forms of
 * the headers that Node keeps are changed alike. Names are in lower case.
 */

/** Takes a header out. */
export function removeRequestHeader(request: GatewayRequest, name: string): void {
  take(request.rawHeaders, name)
  delete request.headers[name]
}

/** Replaces a header, or adds it. */
export function setRequestHeader(request: GatewayRequest, name: string, value: string): void {
  put(request.rawHeaders, name, value)
  request.headers[name] = value
}

/** Adds a value to those that the header has. */
export function addRequestHeader(request: GatewayRequest, name: string, value: string): void {
  request.rawHeaders.push(name, value)
  const before = request.headers[name]
  request.headers[name] = before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`
}

/** Takes one cookie out of the `Cookie` header. */
export function removeRequestCookie(request: GatewayRequest, name: string): void {
  const rest = (request.headers.cookie ?? '')
    .split(';')
    .map(part => part.trim())
    .filter(part => part !== '' && !part.startsWith(`${name}=`))
    .join('; ')
  if (rest === '') removeRequestHeader(request, 'cookie')
  else setRequestHeader(request, 'cookie', rest)
}
