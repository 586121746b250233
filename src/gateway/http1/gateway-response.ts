import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { atEndOfTurn, type Waiting } from '../end-of-turn.ts'
import type { Exchange } from '../exchange.ts'
import type { Failure, Reason } from '../failures.ts'
import type { GatewayRequest } from './gateway-request.ts'
import { dateNow, fieldLines, illegal, NOT_IN_VALUE } from './response-head.ts'

/** Bytes up to which a piece is written as text, with what stands around it, in one write; longer ones would be copied once more. */
const SHORT = 15 * 1024

/** What the connection does for an answer. */
export interface AnswerCarrier {
  readonly socket: Duplex
  /** `Keep-Alive: timeout=60`, with the end of its line, where the client is to be told. */
  readonly keepAliveLine: string
  /** It has a use for further requests. */
  readonly goesOn: boolean
  /** All of the answer is written; called when it has left. */
  readonly onFlushed: (error?: Error | null) => void
}

/** Why the connection of an answer was ended, in the words of the log. */
export interface Cut {
  readonly reason: Reason
  readonly error: string
}

/** Where the body ends: with its length, with its last chunk, with the connection; or there is none. */
type Framing = 'length' | 'chunks' | 'close' | 'none'

/** The answer to a request. */
export class GatewayResponse implements Waiting {
  readonly req: GatewayRequest
  readonly #carrier: AnswerCarrier | undefined
  exchange: Exchange | undefined = undefined
  statusCode = 200
  /** The head is settled: there will be no other answer. */
  headersSent = false
  /** The client may send its next request over the same connection. */
  shouldKeepAlive: boolean
  /** Puts a `Date` in where the headers have none. */
  sendDate = true
  /** The WebSocket that the connection has become with it. */
  tunnel: { close(): void } | undefined = undefined
  /** The client has to go once it has this answer. */
  isLast = false
  /** No more is to be written. */
  writableEnded = false
  /** All of it has left. */
  writableFinished = false
  /** It is over, one way or the other. */
  destroyed = false
  /** Why it has not come to its end, where the client has not just left. */
  cut: Cut | undefined = undefined
  /** The client waits for leave to send its body, and has none yet. */
  isAskedForLeave = false
  /** Told when the client has taken what was on its way to it. */
  onDrain: ((response: GatewayResponse) => void) | undefined = undefined
  /** Told once it is over, one way or the other. */
  onOver: ((response: GatewayResponse) => void) | undefined = undefined
  #framing: Framing = 'none'
  /** Bytes still to come of a body that tells its length. */
  #left = 0
  /** As long as it is not written. */
  #head = ''
  /** What is left of the answer, until the end of the turn. */
  #last: string | undefined = undefined

  constructor(req: GatewayRequest, carrier?: AnswerCarrier, keepsAlive = true) {
    this.req = req
    this.#carrier = carrier
    this.shouldKeepAlive = keepsAlive
  }

  /** Settles the head, one byte a character. It leaves with the first piece of the body, with `flushHeaders`, or at the end. */
  writeHead(status: number, reason: string, headers: readonly string[]): void {
    if (this.headersSent) throw new Error('an answer has one head')
    if (!(status >= 100 && status <= 999)) throw new RangeError(`${status} is no status`)
    if (NOT_IN_VALUE.test(reason)) throw illegal('the words behind the status hold')
    const { lines, length, hasDate, hasConnection, tellsClose } = fieldLines(headers)
    // A client that has no leave may send its body, or its next request: nobody knows.
    if (this.isAskedForLeave || tellsClose || this.#carrier?.goesOn === false) this.shouldKeepAlive = false
    if (status < 200 || status === 204 || status === 304 || this.req.method === 'HEAD') this.#framing = 'none'
    else if (length !== undefined) this.#framing = 'length'
    else this.#framing = this.req.httpVersionMinor === 1 ? 'chunks' : 'close'
    // Behind one of these the client waits for the answer.
    if (this.#framing === 'close' || status < 200) this.shouldKeepAlive = false
    this.#left = length ?? 0
    let head = `HTTP/1.1 ${status} ${reason}\r\n${lines}`
    if (this.sendDate && !hasDate) head += dateNow()
    const saysAll = hasConnection && (this.shouldKeepAlive || tellsClose || status < 200)
    if (!saysAll) head += this.#connectionLines()
    if (this.#framing === 'chunks') head += 'Transfer-Encoding: chunked\r\n'
    this.#head = `${head}\r\n`
    this.statusCode = status
    this.headersSent = true
  }

  #connectionLines(): string {
    if (!this.shouldKeepAlive) return 'Connection: close\r\n'
    return `Connection: keep-alive\r\n${this.#carrier?.keepAliveLine ?? ''}`
  }

  /** Sends the head without waiting for the body. */
  flushHeaders(): void {
    if (this.#head === '') return
    this.#socketOpen?.write(this.#head, 'latin1')
    this.#head = ''
  }

  /** False when the client has not taken yet what is on its way to it: `onDrain` is told then. */
  write(piece: Buffer): boolean {
    const socket = this.#socketOpen
    if (socket === undefined || piece.length === 0) return true
    if (this.#framing === 'none') return true
    if (this.#framing === 'length' && !this.#fits(piece.length)) return true
    const before = this.#framing === 'chunks' ? `${this.#head}${piece.length.toString(16)}\r\n` : this.#head
    const behind = this.#framing === 'chunks' ? '\r\n' : ''
    this.#head = ''
    if (piece.length <= SHORT) return socket.write(before + piece.toString('latin1') + behind, 'latin1')
    socket.cork()
    if (before !== '') socket.write(before, 'latin1')
    let hasRoom = socket.write(piece)
    if (behind !== '') hasRoom = socket.write(behind, 'latin1')
    socket.uncork()
    return hasRoom
  }

  /** Sends the rest, with that of all other answers of this turn: a text has one byte a character. */
  end(last: Buffer | string = '', isAtOnce = false): void {
    if (this.writableEnded) return
    const socket = this.#socketOpen
    if (socket !== undefined && typeof last !== 'string' && last.length > SHORT) {
      this.write(last)
      last = ''
    }
    this.writableEnded = true
    if (socket === undefined || this.#carrier === undefined) return
    const text = this.#lastText(last)
    if (text === undefined) return
    // Nothing is left to write, and what was written may still be on its way.
    if (text === '' && socket.writableLength === 0) return process.nextTick(this.#carrier.onFlushed)
    this.#last = text
    if (isAtOnce) this.onEndOfTurn()
    else atEndOfTurn(this)
  }

  onEndOfTurn(): void {
    const text = this.#last
    if (text === undefined || this.#carrier === undefined) return
    this.#last = undefined
    this.#carrier.socket.write(text, 'latin1', this.#carrier.onFlushed)
  }

  /** What is to be written last; undefined where that would be too much. */
  #lastText(last: Buffer | string): string | undefined {
    let text = this.#head
    this.#head = ''
    if (this.#framing === 'length') {
      if (!this.#fits(last.length)) return undefined
      // Too few: the client would take the next answer for the rest.
      if (this.#left !== 0) this.isLast = true
    }
    if (last.length > 0 && this.#framing !== 'none') {
      const body = typeof last === 'string' ? last : last.toString('latin1')
      text += this.#framing === 'chunks' ? `${body.length.toString(16)}\r\n${body}\r\n` : body
    }
    return this.#framing === 'chunks' ? `${text}0\r\n\r\n` : text
  }

  /** Counts bytes of the body. Breaks off where there are too many: the client would take the others for the next answer. */
  #fits(bytes: number): boolean {
    this.#left -= bytes
    if (this.#left < 0) this.breakOff()
    return !(this.#left < 0)
  }

  get #socketOpen(): Duplex | undefined {
    return this.destroyed || this.writableEnded ? undefined : this.#carrier?.socket
  }

  /** Gives the client leave to send its body. */
  writeContinue(): void {
    this.isAskedForLeave = false
    if (!this.headersSent) this.#socketOpen?.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1')
  }

  /**
   * Breaks off in the midst of the answer. Where nothing but the end of the connection ends an answer, as in HTTP/1.0, that
   * has to be a reset: an orderly end would make a whole one of it (RFC 9112 §8). TLS tells by itself.
   */
  breakOff(): void {
    const socket = this.#carrier?.socket
    // What the connection does behind the answer is not its matter.
    if (socket === undefined || this.destroyed) return
    if (this.req.httpVersionMinor === 0 && 'resetAndDestroy' in socket && !('encrypted' in socket)) {
      ;(socket as { resetAndDestroy(): void }).resetAndDestroy()
    } else socket.destroy()
  }

  /**
   * The connection tells the client this in place of the answer, and ends behind it. False where a part of the answer has been
   * sent; a whole one stays what it is.
   */
  refuse(failure: Failure): boolean {
    this.cut = { reason: failure.reason, error: failure.error ?? failure.body }
    if (this.headersSent) {
      this.onEndOfTurn()
      return this.writableEnded
    }
    const length = failure.body.length
    const headers = ['content-type', 'text/plain', 'content-length', String(length)]
    this.shouldKeepAlive = false
    this.writeHead(failure.status, STATUS_CODES[failure.status] ?? '', headers)
    if (this.exchange !== undefined) {
      this.exchange.sentHeaders = headers
      this.exchange.sentBytes = this.#framing === 'none' ? 0 : length
    }
    // The connection ends behind it.
    this.end(failure.body, true)
    return true
  }

  /** All of it has left, or (`isWhole` is false) the client has gone before that. */
  settle(isWhole: boolean): void {
    if (this.destroyed) return
    this.destroyed = true
    this.writableFinished = isWhole
    this.onOver?.(this)
  }
}
