import type { RoutePolicies } from '../../config/schema.ts'
import { milliseconds } from '../compile/duration.ts'
import type { Exchange } from '../exchange.ts'
import type { Answer } from '../failures.ts'
import { AddedHeaders } from '../watcher.ts'
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
