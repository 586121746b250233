import type { Socket } from 'node:net'
import { atEndOfTurn, type Waiting } from '../end-of-turn.ts'
import type { ReadAnswerHead } from './answer-head.ts'
import { type AnswerFault, AnswerReader, type AnswerTaker } from './answer-reader.ts'
import type { CallHead } from './call-head.ts'
import type { Caller } from './caller.ts'
import type { Listed } from './free-list.ts'
import { type Connector, errors } from './undici.ts'

/** Bytes up to which a body is written as text behind its head, in one write; longer ones would be copied once more. */
const SHORT = 15 * 1024

/** Of the time for which a server says that it keeps a connection this much is left out: a request needs some to arrive. */
const MARGIN_MS = 2000
/** No server is believed to keep one any longer. */
const MOST_IDLE_MS = 600_000

/** Whose connection it is. */
export interface CallOwner {
  /** Opens a socket. */
  connect(callback: Parameters<Connector>[1]): void
  /** How long a free connection is kept where its upstream says nothing of that, in milliseconds. */
  readonly idleMs: number
  /** It takes the next call, until `idleUntil`. */
  onFree(connection: CallConnection): void
  /** It takes no further call. */
  onGone(connection: CallConnection): void
}

/** A request that can be written. */
export interface ReadyCall {
  readonly head: CallHead
  readonly body: Buffer | null
  /** Its answer has no body. */
  readonly isHead: boolean
  readonly caller: Caller
}

/**
 * A connection to an upstream, which makes one call after the other. Over one that was used before, a request is written at
 * the end of a turn that has begun behind the answer before: by then it is read what the upstream has sent unasked, and seen
 * that it has closed, so that no call is given an answer which is not its own (GHSA-35p6-xmwp-9g52 of undici).
 */
export class CallConnection implements AnswerTaker, Listed<CallConnection>, Waiting {
  isFree = false
  older: CallConnection | undefined = undefined
  newer: CallConnection | undefined = undefined
  /** Until when it may be used again, by `performance.now()`. */
  idleUntil = 0
  readonly #owner: CallOwner
  readonly #reader = new AnswerReader()
  #socket: Socket | undefined
  #isConnecting = false
  /** The call that is under way, or waits to be written. */
  #call: ReadyCall | undefined
  #isWritten = false
  /** Neither side has said that it will be closed. */
  #keepsAlive = true
  /** How long it is kept when it is free, in milliseconds. */
  #keptMs: number
  /** Why the socket broke off, where that is known. */
  #error: Error | undefined
  /** Why it was given up. */
  #dropped: Error | undefined

  constructor(owner: CallOwner) {
    this.#owner = owner
    this.#keptMs = owner.idleMs
  }

  /** Its socket has broken off, or is given up: whose call is on it hears of that in a moment. */
  get isCut(): boolean {
    return this.#socket === undefined || this.#socket.destroyed
  }

  /** Makes a call; no other one is under way. */
  make(call: ReadyCall): void {
    this.#call = call
    this.#isWritten = false
    if (this.#socket === undefined) return this.#connect()
    atEndOfTurn(this)
  }

  #connect(): void {
    if (this.#isConnecting) return
    this.#isConnecting = true
    try {
      this.#owner.connect(this.#connected)
    } catch (error) {
      this.#isConnecting = false
      this.#fail(error as Error)
    }
  }

  readonly #connected: Parameters<Connector>[1] = (...opened) => {
    this.#isConnecting = false
    if (opened[0] !== null) return this.#fail(opened[0])
    const socket = opened[1]
    socket.on('error', this.#onError)
    if (this.#dropped !== undefined) return void socket.destroy()
    this.#socket = socket
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('close', this.#onClose)
    this.#write()
  }

  onEndOfTurn(): void {
    const socket = this.#socket
    if (this.#call !== undefined) return this.#write()
    if (socket === undefined || socket.destroyed || this.isFree) return
    // What is left of a request that has its answer already would stand in front of the next one. TLS takes a turn to write.
    if (socket.writableLength > 0) return this.#leave()
    this.idleUntil = performance.now() + this.#keptMs
    this.#owner.onFree(this)
  }

  /** Writes the request whose time has come. */
  #write(): void {
    const call = this.#call
    const socket = this.#socket
    if (call === undefined || this.#isWritten) return
    // It was closed while it was free, and nothing of the request has left.
    if (socket === undefined) return this.#connect()
    // It will be in a moment.
    if (socket.destroyed) return
    this.#keepsAlive = call.head.keepsAlive
    this.#reader.begin(!call.isHead)
    try {
      call.caller.onConnect(error => this.#abort(call, error))
    } catch (error) {
      this.#abort(call, error as Error)
    }
    if (this.#call !== call) return
    this.#isWritten = true
    send(socket, call)
  }

  /** Drops it, whatever is under way. */
  drop(reason: Error): void {
    this.#dropped = reason
    if (this.#isWritten) this.#socket?.destroy(reason)
    else {
      this.#socket?.destroy()
      this.#fail(reason)
    }
  }

  readonly #onData = (bytes: Buffer): void => {
    const call = this.#call
    // Nobody has asked for it.
    if (call === undefined || !this.#isWritten) return void this.#socket?.destroy()
    let end = 0
    try {
      end = this.#reader.read(bytes, this)
    } catch (error) {
      this.#abort(call, error as Error)
    }
    if (this.#call !== call) return
    if (this.#reader.fault !== undefined) this.#breakOff(FAULTS[this.#reader.fault]())
    else if (this.#reader.isOver) this.#complete(call, end === bytes.length)
  }

  onHead({ status, statusText, headers, keepsAlive, idleMs }: ReadAnswerHead): void {
    const call = this.#call
    if (call === undefined) return
    this.#keptMs = idleMs === undefined ? this.#owner.idleMs : Math.min(idleMs - MARGIN_MS, MOST_IDLE_MS)
    this.#keepsAlive &&= keepsAlive && this.#keptMs > 0
    const resume = (): void => {
      if (this.#call === call) this.#socket?.resume()
    }
    if (!call.caller.onHeaders(status, headers, resume, statusText)) this.#socket?.pause()
  }

  onPiece(piece: Buffer): void {
    if (this.#call?.caller.onData(piece) === false) this.#socket?.pause()
  }

  readonly #onEnd = (): void => {
    const call = this.#call
    if (call === undefined || !this.#isWritten) this.#socket?.destroy()
    else if (this.#reader.isToTheEnd) this.#complete(call, false)
    else this.#breakOff(this.#halfError())
  }

  #halfError(): Error {
    const { head } = this.#reader
    if (head === undefined || head.keepsAlive) return new errors.SocketError('other side closed')
    if (head.bodyLength >= 0) return new errors.ResponseContentLengthMismatchError()
    return FAULTS.malformed()
  }

  readonly #onError = (error: Error): void => {
    this.#error = error
  }

  readonly #onClose = (): void => {
    const error = this.#error
    this.#error = undefined
    this.#socket = undefined
    if (this.#call === undefined) this.#owner.onGone(this)
    else if (this.#isWritten) this.#fail(error ?? new errors.SocketError('closed'))
    else this.#connect()
  }

  #complete(call: ReadyCall, isClean: boolean): void {
    const socket = this.#socket
    this.#call = undefined
    this.#isWritten = false
    if (socket !== undefined && isClean && this.#keepsAlive) {
      if (socket.isPaused()) socket.resume()
      atEndOfTurn(this)
    } else this.#leave()
    try {
      call.caller.onComplete()
    } catch (error) {
      call.caller.onError(error as Error)
    }
  }

  #breakOff(error: Error): void {
    this.#socket?.destroy()
    this.#fail(error)
  }

  /** Its caller gives it up. */
  #abort(call: ReadyCall, error: Error = new errors.RequestAbortedError()): void {
    if (this.#call !== call) return
    if (this.#isWritten) return this.#breakOff(error)
    // Nothing of it has left, and the connection is as good as before.
    this.#call = undefined
    atEndOfTurn(this)
    call.caller.onError(error)
  }

  #fail(error: Error): void {
    const call = this.#call
    this.#call = undefined
    this.#leave()
    call?.caller.onError(error)
  }

  #leave(): void {
    this.#socket?.destroy()
    this.#owner.onGone(this)
  }
}

function send(socket: Socket, { head, body }: ReadyCall): void {
  if (body === null) socket.write(head.text, 'latin1')
  else if (body.length <= SHORT) socket.write(head.text + body.toString('latin1'), 'latin1')
  else {
    socket.cork()
    socket.write(head.text, 'latin1')
    socket.write(body)
    socket.uncork()
  }
}

const FAULTS: Readonly<Record<AnswerFault, () => Error>> = {
  malformed: () => new errors.HTTPParserError('the answer is not HTTP/1.1'),
  'too-long': () => new errors.HeadersOverflowError(),
  upgrade: () => new errors.SocketError('the answer is in another protocol'),
}
