import { isNode, isSet, listAt, textAt, valueAt } from '../config/rules/tree.ts'
import { type KubernetesObject, staticBackend } from '../kubernetes/index.ts'
import { backendRef, type ExportScene } from './scene.ts'
import { unwritten } from './unwritten.ts'
import { requireReachable, tlsWords } from './upstreams.ts'
import { conditional, expression, isHeaderName, MOST_ITEMS, requireOpenHeader, type Words } from './words.ts'

/** What policies that ask a service become: their words, and the backends that the services are. */
interface Asking {
  readonly scene: ExportScene
  /** What the backends are called after. */
  readonly wanted: string
  readonly objects: KubernetesObject[]
}

const LONGEST_KEY = 64
const LONGEST_DOMAIN = 256
/** Of most maps and lists of `extAuth`. */
const MOST_OF_EXT_AUTH = MOST_ITEMS * 4

/** `remoteRateLimit` as `global` of a limit. */
export function serviceLimitWords(value: unknown, asking: Asking): Words {
  const entries = listAt(value, 'conditional')
  if (entries.length > 0) {
    return { rateLimit: { conditional: conditional(entries, one => ({ global: limitOf(one, asking) })) } }
  }
  return { rateLimit: { global: limitOf(value, asking) } }
}

function limitOf(value: unknown, asking: Asking): Words {
  const { domain, descriptors, failureMode } = isNode(value) ? value : {}
  if (typeof domain !== 'string' || domain === '' || domain.length > LONGEST_DOMAIN)
    unwritten(`the controller takes a domain of 1 to ${LONGEST_DOMAIN} characters`)
  const list = listAt({ descriptors }, 'descriptors')
  requireCount(list, 'descriptors')
  return {
    backendRef: serviceRef(value, 'limits', asking),
    domain,
    descriptors: list.map(descriptorOf),
    ...(isSet(failureMode) && { failureMode: capital(failureMode) }),
  }
}

function descriptorOf(value: unknown): Words {
  const { entries, type, cost, limitOverride } = isNode(value) ? value : {}
  if (isSet(limitOverride)) unwritten('the controller has no word for limitOverride')
  const list = listAt({ entries }, 'entries')
  requireCount(list, 'entries')
  return {
    entries: list.map(entry => {
      const name = textAt(entry, 'key') ?? ''
      if (name === '' || name.length > LONGEST_KEY)
        unwritten(`the controller takes keys of 1 to ${LONGEST_KEY} characters`)
      return { name, expression: expression(valueAt(entry, 'value')) }
    }),
    ...(isSet(type) && { unit: capital(type) }),
    ...(isSet(cost) && { cost: expression(cost) }),
  }
}

/** `failOpen` → `FailOpen` */
function capital(word: unknown): string {
  return String(word).replace(/^./, first => first.toUpperCase())
}

function requireCount(list: readonly unknown[], what: string): void {
  if (list.length === 0 || list.length > MOST_ITEMS)
    unwritten(`the controller takes 1 to ${MOST_ITEMS} ${what}`)
}

/** `extAuthz` as `extAuth`. */
export function askedWords(value: unknown, asking: Asking): Words {
  const entries = listAt(value, 'conditional')
  if (entries.length > 0) return { extAuth: { conditional: conditional(entries, one => askOf(one, asking)) } }
  return { extAuth: askOf(value, asking) }
}

function askOf(value: unknown, asking: Asking): Words {
  const { protocol, failureMode, includeRequestBody, cache, includeRequestHeaders } = Object(value)
  const mode = { allow: 'FailOpen', deny: 'FailClosed' }[String(failureMode ?? 'deny')]
  if (mode === undefined) unwritten('the controller has no word for a status of its own')
  // There a body that is too long is refused, and what is shown of it has another form.
  if (isSet(includeRequestBody)) unwritten('the controller has another word for the body that is shown')
  const headers = listAt({ includeRequestHeaders }, 'includeRequestHeaders').map(String)
  const { http, grpc } = Object(protocol)
  if (!isSet(http) && headers.length > 0)
    unwritten('the controller has no word for the headers that a service is shown over gRPC')
  return {
    backendRef: serviceRef(value, 'auth', asking),
    ...(isSet(http) ? { http: httpWords(http, headers) } : { grpc: grpcWords(grpc) }),
    ...(isSet(failureMode) && { failureMode: mode }),
    ...(isSet(cache) && { cache: cacheWords(cache) }),
  }
}

function httpWords(http: unknown, allowedRequestHeaders: readonly string[]): Words {
  const { path, redirect, body, includeResponseHeaders, addRequestHeaders, metadata } = Object(http)
  const allowedResponseHeaders = listAt({ includeResponseHeaders }, 'includeResponseHeaders').map(String)
  for (const list of [allowedRequestHeaders, allowedResponseHeaders])
    if (list.length > MOST_OF_EXT_AUTH || !list.every(isHeaderName))
      unwritten(
        `the controller takes no more than ${MOST_OF_EXT_AUTH} headers, and no part of the request line`,
      )
  return filled({
    path: isSet(path) ? expression(path) : undefined,
    redirect: isSet(redirect) ? expression(redirect) : undefined,
    body: isSet(body) ? expression(body) : undefined,
    allowedRequestHeaders,
    allowedResponseHeaders,
    addRequestHeaders: expressions(addRequestHeaders, true),
    responseMetadata: expressions(metadata),
  })
}

function grpcWords(grpc: unknown): Words {
  const { context, metadata } = Object(grpc)
  const texts = isNode(context) ? context : {}
  for (const name of Object.keys(texts)) requireOpenHeader(name)
  if (Object.keys(texts).length > MOST_OF_EXT_AUTH)
    unwritten(`the controller takes no more than ${MOST_OF_EXT_AUTH} texts`)
  return filled({ contextExtensions: texts, requestMetadata: expressions(metadata) })
}

function cacheWords(cache: unknown): Words {
  const { key, ttl, maxEntries } = Object(cache)
  const keys = listAt({ key }, 'key')
  requireCount(keys, 'keys of a cache')
  return {
    key: keys.map(expression),
    ttl: expression(ttl),
    ...(isSet(maxEntries) && { maxEntries }),
  }
}

/** Names with an expression each; those of headers say where a credential may stand. */
function expressions(map: unknown, isOfHeaders = false): Words {
  const entries = Object.entries(isNode(map) ? map : {})
  if (entries.length > MOST_OF_EXT_AUTH)
    unwritten(`the controller takes no more than ${MOST_OF_EXT_AUTH} expressions in a map`)
  if (isOfHeaders) for (const [name] of entries) requireOpenHeader(name)
  return Object.fromEntries(entries.map(([name, text]) => [name, expression(text)]))
}

/** Without what says nothing. */
function filled(words: Words): Words {
  return Object.fromEntries(
    Object.entries(words).filter(([, value]) => value !== undefined && Object.keys(Object(value)).length > 0),
  )
}

/** The backend that a service is. */
function serviceRef(value: unknown, what: string, { scene, wanted, objects }: Asking): Words {
  const host = textAt(value, 'host')
  if (host === undefined) unwritten('of the services that are asked those with a host alone are written')
  const { backendTLS, ...more } = Object(valueAt(value, 'policies'))
  if (Object.values(more).some(isSet)) unwritten('of the policies of its service backendTLS alone is written')
  const url = /^https?:\/\//.test(host) ? new URL(host) : undefined
  const isSecure = url?.protocol === 'https:'
  const address = url === undefined ? host : `${url.hostname}:${url.port || (isSecure ? 443 : 80)}`
  requireReachable(`http://${address}`)
  const tls = isSet(backendTLS) ? tlsWords(backendTLS) : isSecure ? {} : undefined
  const made = staticBackend(`${wanted}-${what}`, scene.namespace, address, tls === undefined ? {} : { tls })
  if (made === undefined) unwritten('the address of its service has no word there')
  const placed = scene.names.place(made)
  objects.push(placed)
  return backendRef(placed.metadata.name)
}
