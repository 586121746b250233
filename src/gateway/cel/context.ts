import type { Socket } from 'node:net'
import { CONTEXT_NAMES } from '../../config/rules/cel-names.ts'
import { askedOf } from '../bodies/asked-body.ts'
import { hasNoBody } from '../bodies/body.ts'
import type { Exchange } from '../exchange.ts'
import { HOP_BY_HOP } from '../headers/header-names.ts'
import { GATEWAY } from '../routing/listeners.ts'
import { certificateOf } from '../server/client-certificate.ts'
import { redactorOf } from '../telemetry/client-credentials.ts'
import { maskTarget } from '../telemetry/mask-target.ts'
import type { Redacting } from '../telemetry/recent-redactors.ts'
import type { CelContext } from './cel.ts'
import { CelHeaders } from './headers.ts'
import { celValue, HIDDEN, type Redacted, withTexts } from './values.ts'

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
  /** Lower-case names of headers whose values are not shown, nor any other credential of the client: for what is told. */
  readonly hidden?: ReadonlySet<string>
  /** More of `llm`, once there is an answer. */
  readonly llmAnswer?: () => Readonly<Record<string, unknown>>
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
  #response: unknown
  #metadata: unknown
  #llm: unknown
  #redactor: Redacting | undefined

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

  get variables(): unknown {
    const present = CONTEXT_NAMES.map(name => [name, this[name]] as const).filter(
      ([, value]) => value !== null,
    )
    return Object.fromEntries(present)
  }

  get request(): unknown {
    this.#request ??= requestOf(this.#exchange, this.#extras.hidden, this.#cleaning)
    return this.#request
  }

  /** Of what a transformation may have copied from where a credential is looked for; undefined where nothing has to be. */
  get #cleaning(): Cleaning | undefined {
    const { hidden } = this.#extras
    if (hidden === undefined || this.#exchange.seenCredentials === undefined) return undefined
    return text => this.#redact(text, hidden)
  }

  get response(): unknown {
    const { response } = this.#extras
    if (response === undefined) return null
    this.#response ??= responseOf(response, headers => this.#answerHeaders(headers))
    return this.#response
  }

  get source(): unknown {
    return sourceOf(this.#exchange.request.socket)
  }

  get destination(): unknown {
    const { socket } = this.#exchange.request
    const { localAddress = '', localPort = 0 } = socket
    const hostname = 'servername' in socket && typeof socket.servername === 'string' && socket.servername
    return { ...endpoint(localAddress, localPort), ...(hostname && { hostname }) }
  }

  get proxy(): unknown {
    const { listener, route, port } = this.#exchange
    const [namespace = '', name = ''] = route?.name.split('/') ?? []
    return {
      bind: `bind/${port}`,
      ...(listener !== undefined && {
        gateway: GATEWAY,
        listener: { name: listener.name },
      }),
      ...(route !== undefined && { route: { namespace, name } }),
    }
  }

  get backend(): unknown {
    const { destination } = this.#exchange
    if (destination === undefined) return null
    const isAi = destination.ai !== undefined
    return { name: destination.backendName, type: isAi ? 'ai' : 'static', protocol: isAi ? 'llm' : 'http' }
  }

  get jwt(): unknown {
    const { jwt } = this.#exchange.caller ?? {}
    if (jwt === undefined) return null
    return this.#extras.hidden === undefined ? jwt : { ...jwt, rawToken: HIDDEN }
  }

  get apiKey(): unknown {
    const { apiKey } = this.#exchange.caller ?? {}
    if (apiKey === undefined) return null
    return this.#extras.hidden === undefined ? apiKey : { ...apiKey, key: HIDDEN }
  }

  get basicAuth(): unknown {
    return this.#exchange.caller?.basicAuth ?? null
  }

  get metadata(): unknown {
    this.#metadata ??= this.#metadataShown()
    return this.#metadata ?? null
  }

  #metadataShown(): unknown {
    const metadata = metadataOf(this.#exchange)
    const { hidden } = this.#extras
    if (metadata === undefined || hidden === undefined) return metadata
    return withTexts(metadata, text => this.#redact(text, hidden))
  }

  get llm(): unknown {
    if (!isForModels(this.#exchange)) return null
    const { llmAnswer } = this.#extras
    if (llmAnswer === undefined) return this.#llmAsked()
    this.#llm ??= { ...this.#llmAsked(), ...llmAnswer() }
    return this.#llm
  }

  #llmAsked(): Record<string, unknown> {
    const { destination, model } = this.#exchange
    const json = askedOf(this.#exchange)
    const asked = model ?? json?.['model']
    return {
      ...(destination?.ai !== undefined && { provider: destination.ai.provider.telemetryName }),
      streaming: json?.['stream'] === true,
      ...(typeof asked === 'string' && { requestModel: asked }),
    }
  }

  get llmRequest(): unknown {
    const body =
      this.#extras.llmRequest ?? (isForModels(this.#exchange) ? askedOf(this.#exchange) : undefined)
    if (body === undefined) return null
    const clean = this.#exchange.bodyMayTell ? this.#cleaning : undefined
    this.#llmRequest ??= clean === undefined ? celValue(body) : withTexts(celValue(body), clean)
    return this.#llmRequest
  }

  #answerHeaders(headers: readonly string[]): CelHeaders {
    const { hiddenHeaders, hiddenParameters } = this.#exchange.generation.runtime.settings
    const { hidden } = this.#extras
    if (hidden === undefined) return CelHeaders.of(headers, hiddenHeaders)
    const shown = headers.map((text, i) => {
      if (i % 2 === 0) return text
      const isAddress = ADDRESSES.has((headers[i - 1] ?? '').toLowerCase())
      return this.#redact(isAddress ? maskTarget(text, hiddenParameters) : text, hidden)
    })
    return CelHeaders.of(shown, hidden).redacted()
  }

  #redact(text: string, hidden: ReadonlySet<string>): string {
    this.#redactor ??= redactorOf(this.#exchange, hidden)
    return this.#redactor.redact(text)
  }
}

/** Headers of answers that hold an address. */
const ADDRESSES: ReadonlySet<string> = new Set(['location', 'content-location', 'refresh'])

/** The request goes to a model, as far as its route tells: policies may ask before a backend is chosen. */
function isForModels({ listener, route, destination }: Exchange): boolean {
  if (destination !== undefined) return destination.ai !== undefined
  // The port of the section itself, whose policies come before the route.
  if (route === undefined) return listener?.key === 'llm'
  const { action } = route
  if (action.kind === 'models') return true
  if (action.kind !== 'destinations') return false
  return action.choices.some(one => ('groups' in one ? true : one.ai !== undefined))
}

/** A text without credentials. */
type Cleaning = (text: string) => string

function requestOf(
  exchange: Exchange,
  hidden: ReadonlySet<string> | undefined,
  clean: Cleaning | undefined,
): unknown {
  const { request, rawHeaders, method } = exchange
  const { hiddenParameters, hiddenHeaders } = exchange.generation.runtime.settings
  const shown = clean ?? (text => text)
  const list = clean === undefined ? rawHeaders : rawHeaders.map(clean)
  const unseen = exchange.isUpgrade ? NOT_SEEN_OF_HANDSHAKE : NOT_SEEN
  const headers = CelHeaders.of(list, hidden ?? hiddenHeaders, name => !unseen.has(name))
  const target = exchange.query === '' ? exchange.path : `${exchange.path}?${exchange.query}`
  const pathAndQuery = hidden === undefined ? target : shown(maskTarget(target, hiddenParameters))
  const path = hidden === undefined ? exchange.path : shown(maskTarget(exchange.path, hiddenParameters))
  const scheme = shown(exchange.scheme)
  const host = shown(request.headers.host ?? exchange.host)
  const body = bodyShown(exchange, clean)
  return {
    method,
    path,
    pathAndQuery,
    host,
    scheme,
    uri: `${scheme}://${host}${pathAndQuery}`,
    version: `HTTP/${request.httpVersion}`,
    startTime: new Date(performance.timeOrigin + exchange.startedAt),
    headers: hidden === undefined ? headers : headers.redacted(),
    ...(body !== undefined && { body, bodyPrefix: body }),
  }
}

/** What transformations have set, and the model that the client has asked for, by agentgateway's name. */
function metadataOf({ metadata, userModel }: Exchange): Record<string, unknown> | undefined {
  if (userModel === undefined) return metadata
  return Object.assign(Object.create(null), { agentgateway_user_model: userModel }, metadata)
}

const EMPTY = Buffer.alloc(0)

/** Undefined where it is not here, or too large to be looked at. */
function bodyShown(
  { request, body, bodyMayTell }: Exchange,
  clean: Cleaning | undefined,
): Buffer | undefined {
  if (body === undefined) return hasNoBody(request) ? EMPTY : undefined
  if (!bodyMayTell || clean === undefined) return body
  // A character a byte: what is no text stays as it is.
  return Buffer.from(clean(body.toString('latin1')), 'latin1')
}

/** Most expressions ask for the code alone, and to clean the headers costs as much as a request. */
function responseOf(
  { status, headers, body }: NonNullable<CelExtras['response']>,
  clean: (headers: readonly string[]) => CelHeaders,
): unknown {
  let cleaned: CelHeaders | undefined
  return {
    code: BigInt(status),
    get headers() {
      cleaned ??= clean(headers)
      return cleaned
    },
    ...(body !== undefined && { body, bodyPrefix: body }),
  }
}

/** By connection: it is the same for all requests of one. */
const SOURCES = new WeakMap<Socket, unknown>()

function sourceOf(socket: Socket): unknown {
  const known = SOURCES.get(socket)
  if (known !== undefined) return known
  const { remoteAddress = '', remotePort = 0 } = socket
  const source = Object.freeze({ ...endpoint(remoteAddress, remotePort), ...certificateOf(socket) })
  SOURCES.set(socket, source)
  return source
}

function endpoint(address: string, port: number): Record<string, unknown> {
  const plain = address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
  return { address: plain, port: BigInt(port), rawAddress: plain, rawPort: BigInt(port) }
}

/** What agentgateway has taken out before anybody looks: the host, which is `request.host`, and what is the connection's. */
const NOT_SEEN: ReadonlySet<string> = new Set([
  'host',
  ...HOP_BY_HOP.filter(name => name !== 'proxy-authorization'),
])

/** What makes it one is for everybody to see. */
const NOT_SEEN_OF_HANDSHAKE: ReadonlySet<string> = new Set(
  [...NOT_SEEN].filter(name => name !== 'connection' && name !== 'upgrade'),
)
