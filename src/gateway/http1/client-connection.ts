import type { Duplex } from 'node:stream'
import { BytePieces } from '../../byte-pieces.ts'
import { offersWebSocket } from '../websocket/handshake.ts'
import type { Offer, TakenConnection } from '../websocket/offer.ts'
import { Chunks } from './chunks.ts'
import type { ConnectionRules } from './connection-rules.ts'
import { GatewayRequest } from './gateway-request.ts'
import { type AnswerCarrier, GatewayResponse } from './gateway-response.ts'
import { HeadReader } from './head-reader.ts'
import { Parting } from './parting.ts'
import { REFUSALS, type Refusal } from './refusals.ts'
import { IN_CHUNKS, type RequestHead } from './request-head.ts'

/**
 * Bytes that a client may send before it has the answers to what it has sent. Reading goes on beyond them, for only so it is
 * seen that a client has gone, but they are lost: it has to send them again (RFC 9112 §9.3.2).
 */
const MOST_AHEAD = 512 * 1024

/** And before it is told that it has its WebSocket; reading stops beyond them. */
const MOST_EARLY = 64 * 1024

const CLOSED = { why: 'the gateway has closed the port', isFaultOfClient: false }

/** Bytes of a body that are read and dropped behind its answer, for the next request; with more to come that is not worth it. */
const MOST_DROPPED = 64 * 1024 * 1024

/** RFC 9110 §10.1.1 */
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i

/**
 * A client's connection and what comes over it as HTTP/1.1, one request after the other. What comes before the answer to the
 * one before it is kept as bytes, and read when its turn has come: so nothing in it can be mistaken for the answer's.
 */
export class ClientConnection implements AnswerCarrier, Offer {
  readonly socket: Duplex
  readonly #rules: ConnectionRules
  #request: GatewayRequest | undefined
  #response: GatewayResponse | undefined
  readonly #heads = new HeadReader()
  /** Bytes still to come of a body that tells its length. */
  #left = 0
  #chunks: Chunks | undefined
  /** Bytes of it that came behind its answer. */
  #dropped = 0
  /** What came before its turn. */
  #ahead = new BytePieces()
  /** There was more of it than is kept. */
  #hasLost = false
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

  constructor(socket: Duplex, rules: ConnectionRules) {
    this.socket = socket
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
    return (!this.#rules.isClosing || this.#ahead.size > 0) && this.#left <= MOST_DROPPED
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

  /** Ends it, whatever is under way. */
  cut(): void {
    if (this.#response !== undefined) this.#response.cut ??= CLOSED
    this.#parting.breakOff()
  }

  /** Looks whether the client has taken too long. */
  check(now: number): void {
    if (!this.#isTaken && this.socket.writableLength > 0) this.#parting.watch(this.#rules.requestMs)
    if (now < this.#dueAt || this.#parting.hasBegun || this.#isTaken) return
    if (this.#isWaiting) this.#close()
    else this.#refuse('late')
  }

  /** The socket is the caller's, with what came over it by now. */
  take(): TakenConnection {
    this.#isTaken = true
    this.socket.off('data', this.#onData).off('end', this.#onEnd).off('drain', this.#onDrain)
    this.#parting.unwatch()
    const early = this.#ahead.list
    this.#ahead = new BytePieces()
    return { socket: this.socket, early }
  }

  readonly #onData = (bytes: Buffer): void => {
    // Behind what is lost nothing is what it seems.
    if (!this.#parting.hasBegun && !this.#hasLost) this.#read(bytes)
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
    if (offer !== undefined) {
      this.#ahead.add(bytes)
      if (this.#ahead.size > MOST_EARLY) this.socket.pause()
      return
    }
    const room = MOST_AHEAD - this.#ahead.size
    this.#hasLost ||= bytes.length > room
    this.#ahead.add(bytes.length > room ? bytes.subarray(0, room) : bytes)
  }

  /** Gives where the bytes of the head end that are here. */
  #readHead(bytes: Buffer, at: number): number {
    const heads = this.#heads
    const isNew = !heads.hasBegun
    const end = heads.read(bytes, at)
    const { head } = heads
    heads.head = undefined
    if (isNew && (head !== undefined || heads.hasBegun)) this.#begin()
    if (heads.fault !== undefined) this.#refuse(heads.fault)
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
    this.#left = head.bodyLength
    this.#dropped = 0
    if (head.bodyLength === IN_CHUNKS) this.#chunks = new Chunks()
    else if (head.bodyLength === 0) this.#endBody(request)
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
    this.#rules.accept(request, response, expectsContinue)
  }

  /** What follows is no HTTP, or nobody knows. */
  #endHttp(request: GatewayRequest, response: GatewayResponse): void {
    this.#isLingering = true
    response.shouldKeepAlive = false
    if (!request.complete) this.#endBody(request)
  }

  #readBody(request: GatewayRequest, bytes: Buffer, at: number): number {
    if (this.#response?.writableFinished === true) {
      this.#dropped += bytes.length - at
      if (this.#dropped > MOST_DROPPED) {
        this.#close()
        return bytes.length
      }
    }
    if (this.#chunks !== undefined) return this.#readChunks(request, this.#chunks, bytes, at)
    const end = Math.min(bytes.length, at + this.#left)
    this.#left -= end - at
    const isLast = this.#left === 0
    // Whoever takes the last piece may answer at once.
    if (isLast) request.complete = true
    request.onPiece(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end))
    if (isLast) this.#endBody(request)
    return end
  }

  #readChunks(request: GatewayRequest, chunks: Chunks, bytes: Buffer, at: number): number {
    const end = chunks.read(bytes, at, request)
    if (chunks.fault !== undefined) this.#refuse(chunks.fault)
    else if (chunks.isOver) this.#endBody(request)
    return end
  }

  #endBody(request: GatewayRequest): void {
    this.#chunks = undefined
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
    if (this.#ahead.size > 0) this.#readAhead()
    if (this.#hasLost) this.#missLost()
  }

  /** Each piece as it is: as one they would be copied for every request that is among them. */
  #readAhead(): void {
    const pieces = this.#ahead.list
    this.#ahead = new BytePieces()
    for (const piece of pieces) this.#read(piece)
  }

  /** What was lost belongs to the request that comes next, where that is not whole. An offer is not: all that follows is its. */
  #missLost(): void {
    if (this.#request === undefined) this.#close()
    else if (!this.#request.complete || this.#request.offer !== undefined) this.#refuse('lost')
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
    else if (isMidway && response?.headersSent !== true) this.#refuse('half')
    else this.#parting.breakOff()
  }

  readonly #onError = (): void => this.#parting.breakOff()

  readonly #onClose = (): void => {
    this.#parting.end()
    this.#request?.onGone()
    this.#response?.settle(false)
  }

  /** Parts from a client whose bytes are no request, or do not come. */
  #refuse(refusal: Refusal): void {
    if (this.#parting.hasBegun) return
    const [status, why] = REFUSALS[refusal]
    // It would be taken for a part of the answer, or for the next one.
    if (this.#response?.headersSent === true) return this.#parting.breakOff()
    this.socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`, 'latin1')
    this.#response?.replace(status, why)
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
    this.#ahead = new BytePieces()
    this.#parting.gently(isSending)
    this.#request?.onGone()
    this.#response?.settle(false)
  }
}
