import type { Duplex } from 'node:stream'
import { type Failure, internalError } from '../failures.ts'
import { offersWebSocket } from '../websocket/handshake.ts'
import type { Offer, TakenConnection } from '../websocket/offer.ts'
import { Ahead } from './ahead.ts'
import type { ConnectionRules } from './connection-rules.ts'
import { GatewayRequest } from './gateway-request.ts'
import { type AnswerCarrier, GatewayResponse } from './gateway-response.ts'
import { HeadReader } from './head-reader.ts'
import { IncomingBody } from './incoming-body.ts'
import { Parting } from './parting.ts'
import { CLOSED, REFUSALS, STILL } from './refusals.ts'
import type { RequestHead } from './request-head.ts'

/** Bytes that a client may send before it is told that it has its WebSocket; reading stops beyond them. */
const MOST_EARLY = 64 * 1024

/** RFC 9110 §10.1.1 */
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i

/**
 * A client's connection and what comes over it as HTTP/1.1, one request after the other. What comes before the answer to the
 * one before it is kept as bytes, and read when its turn has come: so nothing in it can be mistaken for the answer's.
 */
export class ClientConnection implements AnswerCarrier, Offer {
  readonly socket: Duplex
  /** What it speaks over, where that is another one: its bytes are those of TLS. */
  readonly #wire: Duplex
  readonly #rules: ConnectionRules
  #request: GatewayRequest | undefined
  #response: GatewayResponse | undefined
  readonly #heads = new HeadReader()
  readonly #body = new IncomingBody()
  readonly #ahead = new Ahead()
  #isReading = false
  /** It has to go, and what its client sends on is no matter of ours. */
  #isLingering = false
  readonly #parting: Parting
  /** It has become something else. */
  #isTaken = false
  /** It waits for a further request, of which nothing is here. */
  #isWaiting = true
  /** When the request began, and when the client is too late, by `performance.now()`. */
  #begunAt: number
  #dueAt: number

  constructor(socket: Duplex, rules: ConnectionRules, wire = socket) {
    this.socket = socket
    this.#wire = wire
    this.#rules = rules
    this.#parting = new Parting(socket)
    this.#begunAt = performance.now()
    this.#dueAt = this.#begunAt + rules.headMs
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('error', this.#onError)
    socket.on('drain', this.#onDrain)
    socket.on('close', this.#onClose)
  }

  get keepAliveLine(): string {
    return this.#rules.keepAliveLine
  }

  get goesOn(): boolean {
    if (this.#body.isEndless) return false
    const { isClosing } = this.#rules
    if (!isClosing && !this.#ahead.hasLost) return true
    // What is behind it in the bytes that are being read has not been looked at.
    return this.#isReading ? !isClosing : this.#ahead.asks
  }

  /** No request is under way: the last one has been read whole, and its answer has gone. */
  get isIdle(): boolean {
    return this.#request === undefined && !this.#parting.hasBegun && !this.#isTaken
  }

  /** Ends it behind the answer that is under way. */
  leave(): void {
    const response = this.#response
    // It may have its answer while the rest of its body is still to come.
    if (response === undefined || response.writableFinished) return this.#close()
    response.isLast = true
    if (response.tunnel !== undefined) response.tunnel.close()
    else if (!response.headersSent) response.shouldKeepAlive = false
  }

  /** The port closes, and the client has had the time for that: a WebSocket ends with a word. */
  giveUp(): void {
    this.#response?.tunnel?.close()
  }

  /** Ends it, whatever is under way. Who still waits for an answer is told. */
  cut(): void {
    const response = this.#response
    if (response?.headersSent === false) {
      response.refuse(CLOSED)
      this.#request?.onGone()
      response.settle(false)
      return this.#parting.atOnce()
    }
    if (response !== undefined) response.cut ??= { reason: CLOSED.reason, error: CLOSED.body }
    // A whole answer may be about to leave.
    response?.onEndOfTurn()
    this.#parting.breakOff()
  }

  /** Looks whether the client has taken too long, or is gone. */
  check(now: number): void {
    const { socket } = this
    // Where nobody reads, a reset is seen by writing alone, be it nothing.
    if (socket.isPaused() && socket.writableLength === 0 && !socket.writableEnded) this.#wire.write('')
    if (this.#isTaken) return
    const isStill = this.#parting.watch(now, this.#rules.requestMs)
    if (isStill && this.#response !== undefined) this.#response.cut ??= STILL
    if (this.#parting.hasBegun) return
    if (now < this.#dueAt) return
    if (this.#isWaiting) this.#close()
    else this.#refuse(REFUSALS.late)
  }

  /** The socket is the caller's, with what came over it by now. */
  take(): TakenConnection {
    this.#isTaken = true
    this.socket.off('data', this.#onData).off('end', this.#onEnd).off('drain', this.#onDrain)
    return { socket: this.socket, early: this.#ahead.take() }
  }

  readonly #onData = (bytes: Buffer): void => {
    // Behind what is lost nothing is what it seems.
    if (!this.#parting.hasBegun && !this.#ahead.hasLost) this.#read(bytes)
  }

  /** Takes bytes as far as it is their turn. */
  #read(bytes: Buffer): void {
    this.#isReading = true
    let at = 0
    while (at < bytes.length && !this.#parting.hasBegun) {
      if (this.#request === undefined) at = this.#readHead(bytes, at)
      else if (!this.#request.complete) at = this.#readBody(this.#request, bytes, at)
      else {
        this.#keep(at === 0 ? bytes : bytes.subarray(at), this.#request)
        break
      }
    }
    this.#isReading = false
  }

  #keep(bytes: Buffer, { offer }: GatewayRequest): void {
    if (offer === undefined) return this.#ahead.add(bytes)
    this.#ahead.addAll(bytes)
    if (this.#ahead.size > MOST_EARLY) this.socket.pause()
  }

  /** Gives where the bytes of the head end that are here. */
  #readHead(bytes: Buffer, at: number): number {
    const heads = this.#heads
    const isNew = !heads.hasBegun
    const end = heads.read(bytes, at)
    const { head } = heads
    heads.head = undefined
    const { fault } = heads
    if (isNew && (head !== undefined || heads.hasBegun || fault !== undefined)) this.#begin()
    if (fault !== undefined) this.#refuse(REFUSALS[fault])
    else if (head !== undefined) this.#take(head)
    return end
  }

  #begin(): void {
    this.#isWaiting = false
    this.#begunAt = performance.now()
    this.#dueAt = this.#begunAt + this.#rules.headMs
  }

  #take(head: RequestHead): void {
    const { socket } = this
    const request = new GatewayRequest(socket, head)
    const response = new GatewayResponse(request, this, head.keepsAlive)
    this.#request = request
    this.#response = response
    this.#dueAt = this.#begunAt + this.#rules.requestMs
    this.#body.begin(head.bodyLength)
    if (head.bodyLength === 0) this.#endBody(request)
    if (head.method === 'CONNECT') this.#endHttp(request, response)
    else if (head.offersUpgrade && offersWebSocket(head.headers)) {
      this.#endHttp(request, response)
      request.offer = this
    }
    // It was sent before its client could know.
    if (this.#rules.isOutdated(socket)) return this.#close()
    const { expect } = head.headers
    const expectsContinue = expect !== undefined && head.httpVersionMinor === 1 && CONTINUE.test(expect)
    response.isAskedForLeave = expectsContinue
    request.expectsOther = expect !== undefined && head.httpVersionMinor === 1 && !expectsContinue
    try {
      this.#rules.accept(request, response, expectsContinue)
    } catch (error) {
      this.#refuse(internalError(error))
    }
  }

  /** What follows is no HTTP, or nobody knows. */
  #endHttp(request: GatewayRequest, response: GatewayResponse): void {
    this.#isLingering = true
    response.shouldKeepAlive = false
    if (!request.complete) this.#endBody(request)
  }

  /** Gives where the bytes of the body end that are here. */
  #readBody(request: GatewayRequest, bytes: Buffer, at: number): number {
    const body = this.#body
    if (this.#response?.writableFinished === true && !body.drop(bytes.length - at)) {
      this.#close()
      return bytes.length
    }
    const end = body.read(request, bytes, at)
    if (body.fault !== undefined) this.#refuse(REFUSALS[body.fault])
    else if (body.isOver) this.#endBody(request)
    return end
  }

  #endBody(request: GatewayRequest): void {
    this.#dueAt = Number.POSITIVE_INFINITY
    request.onEnd()
    if (this.#response?.writableFinished === true) this.#next()
  }

  /** The answer has left. */
  readonly onFlushed = (error?: Error | null): void => {
    const response = this.#response
    if (response === undefined || error) return
    response.settle(true)
    if (!response.shouldKeepAlive || response.isLast) this.#close()
    else if (this.#request?.complete === true) this.#next()
  }

  /** The request and its answer are over: it is the turn of the next one. */
  #next(): void {
    this.#request = undefined
    this.#response = undefined
    this.#isWaiting = true
    this.#dueAt = performance.now() + this.#rules.idleMs
    if (this.#isReading) return
    if (this.#ahead.size > 0) for (const piece of this.#ahead.take()) this.#read(piece)
    if (this.#ahead.hasLost) this.#missLost()
  }

  /** What was lost belongs to the request that comes next, where that is not whole. An offer is not: all that follows is its. */
  #missLost(): void {
    if (this.#request === undefined) this.#close()
    else if (!this.#request.complete || this.#request.offer !== undefined) this.#refuse(REFUSALS.lost)
  }

  readonly #onDrain = (): void => {
    const response = this.#response
    response?.onDrain?.(response)
  }

  /** The client sends no more: it has gone, unless there is something to tell it, or its answer is on its way. */
  readonly #onEnd = (): void => {
    if (this.#parting.hasBegun) return
    const response = this.#response
    const isMidway = !this.#heads.isEmpty || this.#request?.complete === false
    if (response?.writableEnded === true && !response.writableFinished) response.isLast = true
    else if (isMidway && response?.headersSent !== true) this.#refuse(REFUSALS.half)
    else this.#parting.breakOff()
  }

  readonly #onError = (): void => this.#parting.breakOff()

  readonly #onClose = (): void => {
    this.#parting.end()
    this.#request?.onGone()
    this.#response?.settle(false)
  }

  /** Parts from a client whose bytes are no request, or do not come; or that nobody can serve. */
  #refuse(failure: Failure): void {
    if (this.#parting.hasBegun) return
    this.#response ??= new GatewayResponse(new GatewayRequest(this.socket), this)
    const response = this.#response
    if (response.exchange === undefined) this.#rules.onRefused(response, this.#begunAt)
    // It would be taken for a part of the answer.
    if (!response.refuse(failure)) return this.#parting.breakOff()
    this.#part(true)
  }

  /** Parts from the client, which has all its answers: at once, unless it is sending. */
  #close(): void {
    if (this.#parting.hasBegun) return
    if (this.#request?.complete === false || this.#ahead.size > 0) this.#part(true)
    else if (this.#isLingering) this.#part(false)
    else this.#parting.atOnce()
  }

  #part(isSending: boolean): void {
    this.#ahead.take()
    this.#parting.gently(isSending)
    this.#request?.onGone()
    this.#response?.settle(false)
  }
}
