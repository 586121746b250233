import { setHeader as put, removeHeader as take } from '../../providers/index.ts'
import type { GatewayRequest } from '../http1/gateway-request.ts'
import { credentialsIn } from './header-credentials.ts'
import { headersWhere, listedNames } from './header-names.ts'
import type { ModifierEdit } from './headers.ts'

/*
 * Changes to a client's request that everyone after them sees: route matches, expressions, the upstream. Both forms of
 * the headers that Node keeps are changed alike. Names are in lower case.
 */

/** What Node goes by, or what is no matter of a `Connection` list: where the request goes. */
const NOT_DROPPED: ReadonlySet<string> = new Set(['host', 'content-length', 'transfer-encoding', 'upgrade'])

/**
 * RFC 9110 §7.6.1: what the client lists as being for this connection alone goes before anybody looks at it. So no list
 * takes away what a policy has seen, or what it sets. All names go in one pass: there may be thousands, of as many headers.
 */
export function dropListed(request: GatewayRequest): void {
  const { headers } = request
  const listed = listedNames(headers.connection)
  if (listed === undefined) return
  const isDropped = (name: string): boolean =>
    name === 'connection' || (listed.has(name) && !NOT_DROPPED.has(name))
  request.rawHeaders = headersWhere(request.rawHeaders, name => !isDropped(name))
  for (const name of listed) if (isDropped(name)) delete headers[name]
  delete headers.connection
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
  // To delete it would make V8 look up every other one the slow way from then on.
  if (request.headers[name] !== undefined) request.headers[name] = undefined
}

/** Replaces a header, or adds it. */
export function setRequestHeader(request: GatewayRequest, name: string, value: string): void {
  remember(request, credentialsIn(name, value))
  put(request.rawHeaders, name, value)
  request.headers[name] = value
}

/** Adds a value to those that the header has. There is one host. */
export function addRequestHeader(request: GatewayRequest, name: string, value: string): void {
  if (name === 'host') return setRequestHeader(request, name, value)
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
  keepCookies(request, part => !part.startsWith(`${name}=`))
}

/** Begins the names of cookies in which agentgateway keeps who has logged in: they are for no backend. */
const SESSION = 'agw_oidc_'

/** Takes out the cookies of sessions with a gateway. */
export function dropSessionCookies(request: GatewayRequest): void {
  if (request.headers.cookie?.includes(SESSION)) keepCookies(request, part => !part.startsWith(SESSION))
}

function keepCookies(request: GatewayRequest, isKept: (part: string) => boolean): void {
  const rest = (request.headers.cookie ?? '')
    .split(';')
    .map(part => part.trim())
    .filter(part => part !== '' && isKept(part))
    .join('; ')
  if (rest === '') return removeRequestHeader(request, 'cookie')
  put(request.rawHeaders, 'cookie', rest)
  request.headers.cookie = rest
}
