import type { IncomingHttpHeaders } from 'node:http'
import type { Exchange } from '../exchange.ts'
import type { CelContext } from './cel.ts'
import { CelHeaders, celValue, type Redacted } from './values.ts'

/** Who the client has proved to be; what the policies before found out. */
export interface Caller {
  /** Claims of the token, and the token itself as `rawToken`. */
  readonly jwt?: Readonly<Record<string, unknown>> & { readonly rawToken: Redacted }
  /** Metadata of the virtual key, and the key itself as `key`. */
  readonly apiKey?: Readonly<Record<string, unknown>> & { readonly key: Redacted }
  readonly basicAuth?: { readonly username: string }
  /** Models that the virtual key may be used for; undefined: all. No expression sees it. */
  readonly allowedModels?: readonly string[] | undefined
}

/** What expressions may look at besides the request itself. */
export interface CelExtras {
  /** The body of an LLM request, as JSON. */
  readonly llmRequest?: unknown
  readonly response?: { readonly status: number; readonly headers: readonly string[]; readonly body?: Buffer }
}

/** The names of an expression for one exchange, each looked up when it is first asked for. */
export function celContext(exchange: Exchange, extras: CelExtras = {}): CelContext {
  return new ExchangeContext(exchange, extras)
}

class ExchangeContext implements CelContext {
  readonly #exchange: Exchange
  readonly #extras: CelExtras
  #request: unknown
  #llmRequest: unknown

  // Policies that the gateway does not run have nothing to tell.
  readonly env = {}
  readonly mcp = null
  readonly extauthz = null
  readonly extproc = null
  readonly mcpGuardrails = null

  constructor(exchange: Exchange, extras: CelExtras) {
    this.#exchange = exchange
    this.#extras = extras
  }

  get request(): unknown {
    this.#request ??= requestOf(this.#exchange)
    return this.#request
  }

  get response(): unknown {
    const { response } = this.#extras
    if (response === undefined) return null
    return {
      code: BigInt(response.status),
      headers: headersOfList(response.headers),
      ...(response.body !== undefined && { body: response.body, bodyPrefix: response.body }),
    }
  }

  get source(): unknown {
    const { remoteAddress = '', remotePort = 0 } = this.#exchange.request.socket
    return endpoint(remoteAddress, remotePort)
  }

  get destination(): unknown {
    const { localAddress = '', localPort = 0 } = this.#exchange.request.socket
    return endpoint(localAddress, localPort)
  }

  get proxy(): unknown {
    const { listener, route, port } = this.#exchange
    const [namespace = '', name = ''] = route?.name.split('/') ?? []
    return {
      bind: `bind/${port}`,
      ...(listener !== undefined && {
        gateway: { namespace: 'default', name: listener.gateway },
        listener: { name: listener.name },
      }),
      ...(route !== undefined && { route: { namespace, name } }),
    }
  }

  get backend(): unknown {
    const { destination } = this.#exchange
    if (destination === undefined) return null
    const isAi = destination.ai !== undefined
    return { name: destination.label, type: isAi ? 'ai' : 'static', protocol: isAi ? 'llm' : 'http' }
  }

  get jwt(): unknown {
    return this.#exchange.caller?.jwt ?? null
  }

  get apiKey(): unknown {
    return this.#exchange.caller?.apiKey ?? null
  }

  get basicAuth(): unknown {
    return this.#exchange.caller?.basicAuth ?? null
  }

  get metadata(): unknown {
    return this.#exchange.metadata ?? null
  }

  get llm(): unknown {
    const { destination, model, json } = this.#exchange
    if (destination?.ai === undefined) return null
    return {
      provider: destination.ai.provider.telemetryName,
      streaming: json?.['stream'] === true,
      ...(model !== undefined && { requestModel: model }),
    }
  }

  get llmRequest(): unknown {
    if (this.#extras.llmRequest === undefined) return null
    this.#llmRequest ??= celValue(this.#extras.llmRequest)
    return this.#llmRequest
  }
}

function requestOf(exchange: Exchange): unknown {
  const { request, method, path, query, body } = exchange
  const pathAndQuery = query === '' ? path : `${path}?${query}`
  const scheme = 'encrypted' in request.socket ? 'https' : 'http'
  const host = request.headers.host ?? exchange.host
  return {
    method,
    path,
    pathAndQuery,
    host,
    scheme,
    uri: `${scheme}://${host}${pathAndQuery}`,
    version: `HTTP/${request.httpVersion}`,
    startTime: new Date(performance.timeOrigin + exchange.startedAt),
    headers: headersOf(request.headers),
    ...(body !== undefined && { body, bodyPrefix: body }),
  }
}

function endpoint(address: string, port: number): unknown {
  const plain = address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
  return { address: plain, port: BigInt(port), rawAddress: plain, rawPort: BigInt(port) }
}

function headersOf(headers: IncomingHttpHeaders): CelHeaders {
  const map = new CelHeaders()
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) map.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  return map
}

/** A flat list of names and values. */
function headersOfList(list: readonly string[]): CelHeaders {
  const map = new CelHeaders()
  for (let i = 0; i < list.length; i += 2) {
    const name = (list[i] ?? '').toLowerCase()
    const before = map.get(name)
    map.set(name, before === undefined ? (list[i + 1] ?? '') : `${before}, ${list[i + 1]}`)
  }
  return map
}
