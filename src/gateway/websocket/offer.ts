import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type GatewayRequest, GatewayResponse } from '../server/gateway-request.ts'
import { partFrom } from '../server/parting.ts'

/** Bytes that a client may send before it is told that it has its WebSocket; reading stops beyond them. */
const MOST_EARLY = 64 * 1024

/**
 * A client's offer to become a WebSocket, until it is accepted or refused. Node has taken its parser, its listeners and its
 * time limits off the socket; what the client sends meanwhile is kept, and goes nowhere.
 */
export class Offer {
  readonly #socket: Duplex
  readonly #response: GatewayResponse
  #early: Buffer[] = []
  #size = 0

  /** `head` came with the request. */
  constructor(request: GatewayRequest, socket: Duplex, head: Buffer) {
    this.#socket = socket
    const response = new GatewayResponse(request)
    this.#response = response
    response.assignSocket(socket as Socket)
    // A refusal is the last answer: nobody knows what the bytes behind the request are.
    response.shouldKeepAlive = false
    response.once('finish', this.#part)
    socket.on('error', forget)
    socket.on('drain', this.#onDrain)
    socket.on('end', this.#onEnd)
    if (head.length > 0) this.#keep(head)
    socket.on('data', this.#keep)
  }

  get response(): GatewayResponse {
    return this.#response
  }

  /** It is accepted: the socket is the caller's, with what came over it by now. The answer ends when the socket closes. */
  take(): { readonly socket: Duplex; readonly early: readonly Buffer[] } {
    this.#response.off('finish', this.#part)
    this.#socket.off('drain', this.#onDrain).off('end', this.#onEnd).off('data', this.#keep)
    const early = this.#early
    this.#early = []
    return { socket: this.#socket, early }
  }

  readonly #keep = (chunk: Buffer): void => {
    // After a refusal it is read to the end and dropped.
    if (this.#response.headersSent) return
    this.#early.push(chunk)
    this.#size += chunk.length
    if (this.#size > MOST_EARLY) this.#socket.pause()
  }

  readonly #onDrain = (): void => void this.#response.emit('drain')

  /** It has gone, as Node takes it, and waits for nothing but what is on its way. */
  readonly #onEnd = (): void => {
    if (!this.#response.writableEnded) this.#socket.destroy()
  }

  readonly #part = (): void => {
    this.#early = []
    this.#response.detachSocket(this.#socket as Socket)
    partFrom(this.#socket)
    process.nextTick(() => this.#response.emit('close'))
  }
}

function forget(): void {}

/** Takes up an offer once the answers before it have gone; `before` is the last of them. */
export function takeOffer(
  request: GatewayRequest,
  socket: Duplex,
  head: Buffer,
  before: GatewayResponse | undefined,
  begin: (response: GatewayResponse) => void,
): void {
  const take = (): void => {
    const offer = new Offer(request, socket, head)
    request.offer = offer
    begin(offer.response)
  }
  if (before === undefined) return take()
  // Node would send it no more of that answer, and none behind it.
  if (!before.writableFinished) socket.on('error', forget).destroy()
  else if (before.socket === null) take()
  // All of it is on its way, and it still has to leave the socket.
  else before.once('finish', take)
}
