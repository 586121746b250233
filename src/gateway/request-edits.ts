import { setHeader as put, removeHeader as take } from '../providers/index.ts'
import type { GatewayRequest } from './exchange.ts'
import { credentialsIn } from './header-credentials.ts'
import { listedNames } from './header-names.ts'
import type { ModifierEdit } from './headers.ts'

/*
 * Changes to a client's request that everyone after them sees: route matches, expressions, the upstream. Both forms of
 * the headers that Node keeps are changed alike. Names are in lower case.
 */

/**
 * The gateway's word on a header counts, though the client's `Connection` lists the name: what the client sends under it
 * goes, as it would have on its way out, and the name leaves the list.
 */
function claim(request: GatewayRequest, name: string): void {
  const { connection } = request.headers
  if (listedNames(connection)?.has(name) !== true) return
  const rest = (connection ?? '').split(',').filter(one => one.trim().toLowerCase() !== name)
  removeRequestHeader(request, name)
  put(request.rawHeaders, 'connection', rest.join(','))
  request.headers.connection = rest.join(',')
}

/** What the upstream is given and may repeat: its answer is searched for it. */
export function remember({ exchange }: GatewayRequest, secrets: readonly string[]): void {
  if (exchange === undefined) return
  for (const secret of secrets) {
    exchange.given ??= []
    if (!exchange.given.includes(secret)) exchange.given.push(secret)
  }
}

/** Takes a header out; the host stays, for it is where the request goes. */
export function removeRequestHeader(request: GatewayRequest, name: string): void {
  if (name === 'host') return
  take(request.rawHeaders, name)
  delete request.headers[name]
}

/** Replaces a header, or adds it. */
export function setRequestHeader(request: GatewayRequest, name: string, value: string): void {
  claim(request, name)
  remember(request, credentialsIn(name, value))
  put(request.rawHeaders, name, value)
  request.headers[name] = value
}

/** Adds a value to those that the header has. There is one host. */
export function addRequestHeader(request: GatewayRequest, name: string, value: string): void {
  if (name === 'host') return setRequestHeader(request, name, value)
  claim(request, name)
  remember(request, credentialsIn(name, value))
  request.rawHeaders.push(name, value)
  const before = request.headers[name]
  request.headers[name] = before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`
}

/** One change that the config makes; its name may be in any case. */
export function editRequestHeader(request: GatewayRequest, edit: ModifierEdit): void {
  const name = edit.name.toLowerCase()
  if (edit.do === 'remove') removeRequestHeader(request, name)
  else if (edit.do === 'set') setRequestHeader(request, name, edit.value)
  else addRequestHeader(request, name, edit.value)
}

/** Takes one cookie out of the `Cookie` header. */
export function removeRequestCookie(request: GatewayRequest, name: string): void {
  const rest = (request.headers.cookie ?? '')
    .split(';')
    .map(part => part.trim())
    .filter(part => part !== '' && !part.startsWith(`${name}=`))
    .join('; ')
  if (rest === '') return removeRequestHeader(request, 'cookie')
  claim(request, 'cookie')
  put(request.rawHeaders, 'cookie', rest)
  request.headers.cookie = rest
}
