import { type IncomingHttpHeaders, STATUS_CODES } from 'node:http'
import type { Path } from '../config/diagnostic.ts'
import type { RouteType } from '../providers/index.ts'
import type { Gathering } from './bodies/body.ts'
import type { RefusedBody } from './bodies/json-body.ts'
import type { CelContext } from './cel/cel.ts'
import type { Caller } from './cel/context.ts'
import type { Destination, Target } from './destination.ts'
import { type Answer, internalError, type Reason } from './failures.ts'
import type { Generation } from './generation.ts'
import { headerText } from './headers/header-text.ts'
import type { AnswerHeaders } from './headers/headers.ts'
import { dropListed, setRequestHeader } from './headers/request-edits.ts'
import type { GatewayRequest } from './http1/gateway-request.ts'
import type { GatewayResponse } from './http1/gateway-response.ts'
import type { GuardActions } from './llm/guards.ts'
import type { BodyBuffer } from './policies/buffer.ts'
import type { Step } from './policies/policy.ts'
import type { Relay } from './relay/relay.ts'
import type { Match, RouteRequest } from './routing/match.ts'
import type { Bind, Destinations, Listener, Route } from './runtime.ts'
import { hasItsHosts } from './server/soundness.ts'
import { readTarget } from './server/target.ts'
import type { Trace } from './telemetry/trace.ts'
import type { Attempts } from './traffic/attempts.ts'
import type { OutgoingHead, Watcher } from './watcher.ts'

const TEXT = ['content-type', 'text/plain']

const NONE: readonly string[] = Object.freeze([])

/** One request and its answer: what it asked for, what was found for it, and what became of it. */
export class Exchange implements RouteRequest {
  readonly request: GatewayRequest
  readonly response: GatewayResponse
  readonly generation: Generation
  /** The port the client came to, as the config numbers it. */
  readonly port: number
  /** By `performance.now()`. */
  startedAt = performance.now()

  /** There is one host and no other, before anything is made of it. */
  readonly hasItsHosts: boolean
  /** Host and port that the client asked for, whatever the config makes of them. */
  readonly askedAuthority: string | undefined

  method: string
  path = ''
  query = ''
  host = ''
  /** What an expression has made of the scheme. */
  schemeSet: string | undefined = undefined

  listener: Listener | undefined = undefined
  route: Route | undefined = undefined
  match: Match | undefined = undefined
  /** What the request is meant for; each try chooses its destination from it. */
  target: Target | Destinations | undefined = undefined
  destination: Destination | undefined = undefined
  attempts: Attempts | undefined = undefined
  /** The precondition of the retries does not hold. */
  isSentOnce = false
  relay: Relay | undefined = undefined

  gathering: Gathering | undefined = undefined
  /** Bytes of a body that is gathered, where a policy says otherwise than the settings. */
  bodyLimit: number | undefined = undefined
  /** The answer is held until it is all there. */
  answerBuffer: BodyBuffer | undefined = undefined
  /** The request's body, once it is here. */
  body: Buffer | undefined = undefined
  /** The body as JSON, for those who had to look into it. */
  json: Record<string, unknown> | undefined = undefined
  refusedBody: RefusedBody | undefined = undefined
  /** A credential may stand in the body: a transformation has made some of it, or one was found there. */
  bodyMayTell = false
  isOver = false
  /** The provider has refused the key, and was given the one before it. */
  isKeyRefused = false
  /** The client asks for a WebSocket. */
  isUpgrade = false
  /** The client waits for `100 Continue` before it sends its body. */
  expectsContinue = false
  deadline: NodeJS.Timeout | undefined = undefined

  /** Changes that the config makes to the headers of answers; an upstream's answer has them already. */
  answerHeaders: AnswerHeaders | undefined = undefined
  /** Steps that also have to do with the answer, in the order in which they see it. */
  watchers: Watcher[] | undefined = undefined

  /** Reserves the tokens of a request that is limited by them, once it is ready for its provider. */
  tokenLimit: Step | undefined = undefined

  /** Who the client has proved to be, as far as policies have asked. */
  caller: Caller | undefined = undefined
  /** What is secret of that which the config has put into the request. */
  given: string[] | undefined = undefined
  /** The model that the router was asked for, whatever a virtual model makes of it. */
  userModel: string | undefined = undefined
  /** Values that transformations have set for later expressions. */
  metadata: Record<string, unknown> | undefined = undefined
  /**
   * What was secret of the messages before transformations, where what they make of them may be told, and what expressions
   * have found.
   */
  seenCredentials: Set<string> | undefined = undefined

  /** For expressions of the log, of its span and of labels alike. */
  toldContext: CelContext | undefined = undefined

  /** Its span, when it is sampled. */
  trace: Trace | undefined = undefined

  /** The step that answered in place of a backend. */
  endedBy: Step | undefined = undefined
  /** The rule of the config that the answer is by. */
  decidedBy: Path | undefined = undefined

  /** How often it has been at this gateway before, as far as it tells. */
  visits = 0
  /** When the first call upstream was made, by `performance.now()`; 0 until then. */
  calledAt = 0

  /** What guards have done; undefined where none had its say. */
  guards: GuardActions | undefined = undefined
  /** Of the answer as the client has got it, names and values in turn. */
  sentHeaders: readonly string[] = NONE
  /** Of the body that the client gets, so far. */
  sentBytes = 0

  /** For the access log. */
  model: string | undefined = undefined
  type: RouteType | undefined = undefined
  /** What the client speaks, where that is not what goes upstream. */
  clientFormat: RouteType | undefined = undefined
  reason: Reason | undefined = undefined
  error: string | undefined = undefined

  constructor(generation: Generation, port: number, request: GatewayRequest, response: GatewayResponse) {
    this.generation = generation
    this.port = port
    this.request = request
    this.response = response
    dropListed(request)
    this.method = request.method
    this.hasItsHosts = hasItsHosts(request)
    readTarget(this)
    this.askedAuthority = request.headers.host
  }

  get bind(): Bind | undefined {
    return this.generation.bind(this.port)
  }

  get headers(): IncomingHttpHeaders {
    return this.request.headers
  }

  get rawHeaders(): readonly string[] {
    return this.request.rawHeaders
  }

  /** Host and port as the client wrote them. */
  get authority(): string {
    return this.request.headers.host ?? ''
  }

  /** The client came over TLS. */
  get isSecure(): boolean {
    return 'encrypted' in this.request.socket
  }

  /** As the client came, unless an expression says otherwise: something in front may have ended its TLS. */
  get scheme(): string {
    return this.schemeSet ?? (this.isSecure ? 'https' : 'http')
  }

  /** No request, whatever is in it, may take the process down: what is thrown is a bug, and this request's alone. */
  attempt(step: (exchange: Exchange) => void): void {
    try {
      step(this)
    } catch (error) {
      this.end(internalError(error))
    }
  }

  /** Lets a client that waits for it send its body. */
  inviteBody(): void {
    if (!this.expectsContinue) return
    this.expectsContinue = false
    this.response.writeContinue()
  }

  /** The client asks for a WebSocket. As in agentgateway, what the connection is told of that everybody sees. */
  askForUpgrade(): void {
    this.isUpgrade = true
    setRequestHeader(this.request, 'connection', 'upgrade')
  }

  /** There is nothing more to say: an answer is on its way, or the client has gone. */
  get isAnswered(): boolean {
    return this.isOver || this.response.headersSent
  }

  /** Takes a step in that wants to see the answer, or the end. */
  watch(watcher: Watcher): void {
    this.watchers ??= []
    const at = this.watchers.findIndex(({ answerOrder }) => answerOrder > watcher.answerOrder)
    this.watchers.splice(at < 0 ? this.watchers.length : at, 0, watcher)
  }

  /** Somebody has to see the whole answer before it goes. */
  get gathersBody(): boolean {
    return (
      this.watchers?.some(({ onBody, onWhole }) => onBody !== undefined || onWhole !== undefined) ?? false
    )
  }

  /** The answer goes as a whole. An answer to HEAD has nothing that could be held. */
  get holdsAnswer(): boolean {
    return this.gathersBody || (this.answerBuffer !== undefined && this.method !== 'HEAD')
  }

  /** Somebody makes the body of the answer anew. */
  get changesBody(): boolean {
    return this.watchers?.some(watcher => watcher.onBody !== undefined) ?? false
  }

  /** The body of an answer after all those who change it. An answer that has none by its status stays without. */
  changedBody(head: OutgoingHead, body: Buffer): Buffer {
    const isWithout = head.status === 204 || head.status === 304 || this.method === 'HEAD'
    let changed = body
    for (const watcher of this.watchers ?? []) {
      watcher.onWhole?.(this, head, changed)
      if (!isWithout) changed = watcher.onBody?.(this, head, changed) ?? changed
    }
    return changed
  }

  /** Shows the head of the answer to those who watch for it. */
  showHead(head: OutgoingHead): void {
    for (const watcher of this.watchers ?? []) watcher.onAnswer?.(this, head)
  }

  /** Answers in place of an upstream. After the head of an answer has left, all that is left is to break off. */
  end(answer: Answer): void {
    try {
      this.#answer(answer)
    } catch (error) {
      // What the config makes of this answer cannot be sent: an answer that it has no hand in goes instead.
      const failure = internalError(error)
      this.reason = failure.reason
      this.error = failure.error
      this.send({ status: failure.status, headers: TEXT.slice() }, failure.body)
    }
  }

  #answer({ status, body, reason, error, headers = TEXT, decidedBy }: Answer): void {
    this.reason = reason
    this.decidedBy = decidedBy
    if (reason !== 'DirectResponse') this.error = error ?? body.toString()
    const head = { status, headers: this.answerHeaders?.apply(headers) ?? headers.slice() }
    if (this.watchers !== undefined) this.showHead(head)
    this.send(head, this.gathersBody ? this.changedBody(head, Buffer.from(body)) : body)
  }

  /** Sends a whole answer as it is; without a body it tells no length either. */
  send({ status, headers }: OutgoingHead, body: string | Buffer | undefined): void {
    clearTimeout(this.deadline)
    // Should the rest of the body still come, nobody must take it for a request that waits to be sent.
    this.gathering = undefined
    const { request, response } = this
    if (response.headersSent) return response.breakOff()
    // The rest of a body that nobody wants must be read, or the next request on the connection is never seen.
    if (!request.complete) request.drop()
    // RFC 9110 §8.6: an answer that has no body by its status has no length either.
    const length = body === undefined ? 0 : Buffer.byteLength(body)
    if (body !== undefined && status !== 204) headers.push('content-length', String(length))
    if (this.method !== 'HEAD') this.sentBytes = length
    // With its own words, not those of an answer that could not be sent.
    response.writeHead(status, STATUS_CODES[status] ?? '', headers)
    this.sentHeaders = headers
    if (this.relay !== undefined) this.relay.answeredAt = performance.now()
    response.end(typeof body === 'string' ? headerText(body) : body)
  }
}
