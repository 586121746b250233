import type { RoutePolicies } from '../../config/schema.ts'
import { milliseconds } from '../compile/duration.ts'
import type { Exchange } from '../exchange.ts'
import type { Answer } from '../failures.ts'
import { AddedHeaders, ANSWER_ORDER, type OutgoingHead, type Watcher } from '../watcher.ts'
import { type AllowedOrigin, originPattern, parseOrigin } from './origin.ts'
import type { Placed, PolicyKind, Step, Verdict } from './policy.ts'

type Cors = NonNullable<RoutePolicies['cors']>

/** Lets pages of other origins call: answers preflights, and marks the answers to all other requests. */
export const cors: PolicyKind<'cors'> = {
  name: 'cors',
  compile: ([placed]) => new CorsStep(placed),
}

/** `*` stands for whatever the page asks for; an absent list for nothing. */
function listText(
  list: readonly string[] | undefined,
  asked: string | undefined,
  ifNotAsked: string | undefined,
) {
  if (list === undefined || list.length === 0) return undefined
  return list.includes('*') ? asked || ifNotAsked : list.join(',')
}

/** Header names are told as agentgateway tells them. */
function lowerCase(names: readonly string[] | undefined): readonly string[] | undefined {
  return names?.map(name => name.toLowerCase())
}

/**
 * Tells caches that the answer to another origin is another one, which holds for answers without a permission too:
 * https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches
 */
const VARIED: Watcher = {
  answerOrder: ANSWER_ORDER.headers,
  onAnswer(_exchange: Exchange, head: OutgoingHead): void {
    const { headers } = head
    const isTold = headers.some(
      (name, i) =>
        i % 2 === 0 &&
        name.toLowerCase() === 'vary' &&
        /(?:^|,)\s*(?:\*|origin)\s*(?:,|$)/i.test(headers[i + 1] ?? ''),
    )
    if (!isTold) headers.push('vary', 'Origin')
  },
}

class CorsStep implements Step {
  readonly name = 'cors'
  readonly path: Placed<'cors'>['path']
  readonly #config: Cors
  readonly #origins: 'all' | readonly AllowedOrigin[]
  readonly #maxAge: string | undefined

  constructor({ value, path }: Placed<'cors'>) {
    this.path = path
    this.#config = value
    const origins = value.allowOrigins ?? []
    this.#origins = origins.includes('*') ? 'all' : origins.flatMap(text => originPattern(text) ?? [])
    const { maxAge } = value
    this.#maxAge = maxAge ? String(Math.floor(milliseconds(maxAge) / 1000)) : undefined
  }

  run(exchange: Exchange): Verdict {
    const { origin } = exchange.headers
    if (this.#origins === 'all' || this.#origins.length > 0) exchange.watch(VARIED)
    if (origin === undefined) return undefined
    const isOptions = exchange.method === 'OPTIONS'
    if (!this.#allows(origin)) {
      const isPreflight = isOptions && !!exchange.headers['access-control-request-method']
      return isPreflight ? preflight([]) : undefined
    }
    if (isOptions) return preflight(this.#permission(exchange, origin))
    exchange.watch(new AddedHeaders(this.#shared(origin)))
    return undefined
  }

  #allows(origin: string): boolean {
    if (this.#origins === 'all') return true
    // A star is for patterns: no page is at such a host.
    const parsed = origin.includes('*') ? undefined : parseOrigin(origin)
    return parsed !== undefined && this.#origins.some(allowed => allowed.covers(parsed))
  }

  /** What every answer to an allowed origin has. */
  #shared(origin: string): string[] {
    const { allowCredentials, exposeHeaders } = this.#config
    const headers = ['access-control-allow-origin', origin]
    if (allowCredentials) headers.push('access-control-allow-credentials', 'true')
    const exposed = listText(lowerCase(exposeHeaders), '*', '*')
    if (exposed !== undefined) headers.push('access-control-expose-headers', exposed)
    return headers
  }

  #permission({ headers: asked }: Exchange, origin: string): string[] {
    const { allowCredentials, allowMethods, allowHeaders } = this.#config
    const headers = this.#shared(origin)
    // With credentials a browser takes a star for a name, so there it is left out.
    const star = allowCredentials ? undefined : '*'
    const methods = listText(allowMethods, asked['access-control-request-method']?.trim(), star)
    if (methods !== undefined) headers.push('access-control-allow-methods', methods)
    const names = listText(lowerCase(allowHeaders), tidyList(asked['access-control-request-headers']), star)
    if (names !== undefined) headers.push('access-control-allow-headers', names)
    if (this.#maxAge !== undefined) headers.push('access-control-max-age', this.#maxAge)
    return headers
  }
}

function tidyList(value: string | string[] | undefined): string | undefined {
  if (value === undefined) return undefined
  const entries = String(value)
    .split(',')
    .map(entry => entry.trim())
  return entries.filter(entry => entry !== '').join(', ')
}

function preflight(headers: string[]): Answer {
  return { status: 200, headers, body: '', reason: 'DirectResponse' }
}
