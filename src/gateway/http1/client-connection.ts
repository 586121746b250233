import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { BytePieces } from '../../byte-pieces.ts'
import { offersWebSocket } from '../websocket/handshake.ts'
import type { Offer, TakenConnection } from '../websocket/offer.ts'
import { type ChunkFault, Chunks } from './chunks.ts'
import { GatewayRequest } from './gateway-request.ts'
import { type AnswerCarrier, GatewayResponse } from './gateway-response.ts'
import { canBeHead, IN_CHUNKS, type RequestHead, readHead } from './request-head.ts'

/**
 * Bytes of a request's head; more is refused with 431. Cookies and tokens of large sign-ons fit, and a thousand connections
 * that send heads without end take 64 MB at most.
 */
const MOST_HEAD = 64 * 1024

/** Bytes that are looked through at once for the end of a head. */
const PIECE = 1024

/**
 * Bytes that a client may send before it has the answers to what it has sent. Reading goes on beyond them, for only so it is
 * seen that a client has gone, but they are lost: it has to send them again (RFC 9112 §9.3.2).
 */
const MOST_AHEAD = 512 * 1024

/** And before it is told that it has its WebSocket; reading stops beyond them. */
const MOST_EARLY = 64 * 1024

/** How long a client may take to read its last answer, in milliseconds. */
const PARTING_MS = 500
/** And how long one that is sending meanwhile, as many look for an answer only then. */
const SENDING_MS = 5000

/** RFC 9110 §10.1.1 */
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i

const STATUS_OF: Readonly<Record<ChunkFault, string>> = {
  malformed: '400 Bad Request',
  extensions: '413 Payload Too Large',
  trailers: '431 Request Header Fields Too Large',
}

/** Takes a request; `expectsContinue` when the client waits for leave to send its body. */
export type Accept = (request: GatewayRequest, response: GatewayResponse, expectsContinue: boolean) => void

/** What all connections of a port share. */
export interface ConnectionRules {
  readonly accept: Accept
  /** How long clients may take, in milliseconds, for a head, for a whole request, and for the next one. */
  readonly headMs: number
  readonly requestMs: number
  idleMs: number
  keepAliveLine: string
  /** The port closes: an answer is the last one of its connection, unless further requests are here. */
  isClosing: boolean
  /** Whether requests of this connection are taken still. */
  isOutdated(socket: Duplex): boolean
}

/**
 * A client's connection and what comes over it as HTTP/1.1, one request after the other. What comes before the answer to the
 * one before it is kept as bytes, and read when its turn has come: so nothing in it can be mistaken for the answer's.
 */
export class ClientConnection implements AnswerCarrier, Offer {
  readonly socket: Duplex
  readonly #rules: ConnectionRules
  #request: GatewayRequest | undefined
  #response: GatewayResponse | undefined
  /** What is here of a head, and no more. */
  #head = ''
  /** Bytes still to come of a body that tells its length. */
  #left = 0
  #chunks: Chunks | undefined
  /** What came before its turn. */
  #ahead = new BytePieces()
  /** There was more of it than is kept. */
  #hasLost = false
  #isReading = false
  /** It has to go, and what its client sends on is no matter of ours. */
  #isLingering = false
  /** Nothing more is taken: it only has to go. */
  #isParting = false
  #parting: NodeJS.Timeout | undefined
  /** It has become something else. */
  #isTaken = false
  /** It waits for a further request, of which nothing is here. */
  #isWaiting = false
  /** When the request began, and when the client is too late, by `performance.now()`. */
  #begunAt: number
  #dueAt: number

  constructor(socket: Duplex, rules: ConnectionRules) {
    this.socket = socket
    this.#rules = rules
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
    return !this.#rules.isClosing || this.#ahead.size > 0
  }

  /** No request is under way: the last one has been read whole, and its answer has gone. */
  get isIdle(): boolean {
    return this.#request === undefined && !this.#isParting && !this.#isTaken
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

  /** Looks whether the client has taken too long. */
  check(now: number): void {
    if (now < this.#dueAt || this.#isParting || this.#isTaken) return
    if (this.#isWaiting) this.#close()
    else this.#refuse('408 Request Timeout')
  }

  /** The socket is the caller's, with what came over it by now. */
  take(): TakenConnection {
    this.#isTaken = true
    this.socket.off('data', this.#onData).off('end', this.#onEnd).off('drain', this.#onDrain)
    const early = this.#ahead.list
    this.#ahead = new BytePieces()
    return { socket: this.socket, early }
  }

  readonly #onData = (bytes: Buffer): void => {
    // Behind what is lost nothing is what it seems.
    if (!this.#isParting && !this.#hasLost) this.#read(bytes)
  }

  /** Takes bytes as far as it is their turn. */
  #read(bytes: Buffer): void {
    this.#isReading = true
    let at = 0
    while (at < bytes.length && !this.#isParting) {
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
    const before = this.#head.length
    const stop = Math.min(bytes.length, at + PIECE)
    const text = this.#head + bytes.toString('latin1', at, stop)
    // RFC 9112 §2.2: an empty line in front of a request is no fault.
    if (text.startsWith('\r\n')) {
      this.#head = ''
      return at + 2 - before
    }
    // Half an empty line is no beginning: it would give more time.
    if (before === 0 && text !== '\r') this.#begin()
    const end = text.indexOf('\r\n\r\n', before - 3)
    if (end > MOST_HEAD || (end < 0 && text.length > MOST_HEAD)) {
      this.#refuse('431 Request Header Fields Too Large')
    } else if (end >= 0) {
      this.#head = ''
      const head = readHead(text, end)
      if (head === undefined) this.#refuse('400 Bad Request')
      else this.#take(head)
      return at + end + 4 - before
    } else if (canBeHead(text, before)) this.#head = text
    else this.#refuse('400 Bad Request')
    return stop
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
    if (chunks.fault !== undefined) this.#refuse(STATUS_OF[chunks.fault])
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

  /** What was lost belongs to the request that comes next, where that has not come whole. */
  #missLost(): void {
    if (this.#request?.complete === true) return
    if (this.#request === undefined) this.#close()
    else this.#refuse('413 Payload Too Large')
  }

  readonly #onDrain = (): void => {
    const response = this.#response
    response?.onDrain?.(response)
  }

  /** The client sends no more: it has gone, unless there is something to tell it, or its answer is on its way. */
  readonly #onEnd = (): void => {
    if (this.#isParting) return
    const response = this.#response
    const isMidway = this.#head !== '' || this.#request?.complete === false
    if (response?.writableEnded === true && !response.writableFinished) response.isLast = true
    else if (isMidway && response?.headersSent !== true) this.#refuse('400 Bad Request')
    else this.#breakOff()
  }

  readonly #onError = (): void => this.#breakOff()

  readonly #onClose = (): void => {
    clearTimeout(this.#parting)
    this.#isParting = true
    this.#request?.onGone()
    this.#response?.settle(false)
  }

  /** Parts from a client whose bytes are no request, or do not come. */
  #refuse(status: string): void {
    if (this.#isParting) return
    // It would be taken for a part of the answer, or for the next one.
    if (this.#response?.headersSent === true) return this.#breakOff()
    this.socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`, 'latin1')
    this.#part(SENDING_MS)
  }

  /** Nothing more of what has come is looked at. */
  #breakOff(): void {
    this.#isParting = true
    this.socket.destroy()
  }

  /** Parts from the client, which has all its answers: at once, unless it is sending. */
  #close(): void {
    if (this.#isParting) return
    const { socket } = this
    if (this.#request?.complete === false || this.#ahead.size > 0) this.#part(SENDING_MS)
    else if (this.#isLingering || !('destroySoon' in socket)) this.#part(PARTING_MS)
    else {
      this.#isParting = true
      ;(socket as Socket).destroySoon()
    }
  }

  /**
   * Ends it behind what was written, whatever the client does. What it sends on is read and dropped: closing over unread bytes
   * would take the answer from it (RFC 9112 §9.6).
   */
  #part(patienceMs: number): void {
    this.#isParting = true
    this.#ahead = new BytePieces()
    this.socket.resume()
    this.socket.end()
    this.#parting = setTimeout(() => this.socket.destroy(), patienceMs)
    this.#request?.onGone()
    this.#response?.settle(false)
  }
}

/** As clients are told it: in seconds, where it is one at least. */
export function keepAliveLine(idleMs: number): string {
  const seconds = Math.floor(idleMs / 1000)
  return seconds < 1 ? '' : `Keep-Alive: timeout=${seconds}\r\n`
}
