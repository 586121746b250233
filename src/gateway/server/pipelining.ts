import type { Socket } from 'node:net'
import type { GatewayRequest, GatewayResponse } from './gateway-request.ts'
import { partGently } from './parting.ts'

/** Requests of one connection that may wait for the answers before theirs. */
const MOST_WAITING = 100
/** And how much memory they may take, in bytes, roughly: with heads of 64 KiB they would be 10 MB. */
const MOST_HELD = 512 * 1024
/** Of a header's name or value, beside its characters. */
const PER_TEXT = 32
/** Of a piece of a body, beside its bytes. */
const PER_PIECE = 256
/** All that came with the last of them has been read into requests already; with more than this it is an assault. */
const MOST_DROPPED = 400

/** What waits on one connection. */
interface Queue {
  waiting: number
  held: number
  /** No more is taken up: the connection ends with the answer to the last one. */
  isFull: boolean
  dropped: number
}

const queues = new WeakMap<Socket, Queue>()

/**
 * Takes up requests that came before the answer to the one before them. One request of a connection goes upstream at a
 * time, or a single connection could take all that there are. Reading goes on meanwhile, for only so it is seen that a
 * client has gone; a client that sends too many gets the answers to the first, the last with `Connection: close`, and
 * has to send the others again (RFC 9112 §9.3.2). A body that is too much to wait is dropped, and its request refused.
 */
export function inTurn(request: GatewayRequest, response: GatewayResponse, begin: () => void): void {
  const { socket } = request
  const queue = queues.get(socket) ?? { waiting: 0, held: 0, isFull: false, dropped: 0 }
  queues.set(socket, queue)
  if (queue.isFull) return drop(request, queue)
  const held = heldBy(request)
  const letGo = holdBody(request, queue)
  queue.waiting += 1
  queue.held += held
  if (queue.waiting >= MOST_WAITING || queue.held >= MOST_HELD) {
    queue.isFull = true
    response.shouldKeepAlive = false
    partGently(socket)
  }
  response.onTurn = () => {
    queue.waiting -= 1
    queue.held -= held
    letGo()
    begin()
  }
}

function drop(request: GatewayRequest, queue: Queue): void {
  const { socket } = request
  request.resume()
  queue.dropped += 1
  if (queue.dropped === 1) socket.removeAllListeners('data').on('data', forget)
  else if (queue.dropped === MOST_DROPPED) socket.destroy()
}

/** Keeps the body as it comes until that is let go, or drops it. */
function holdBody(request: GatewayRequest, queue: Queue): () => void {
  let held = 0
  request.onPiece = length => {
    if (request.isDropped) return
    held += length + PER_PIECE
    queue.held += length + PER_PIECE
    if (queue.held <= MOST_HELD) return
    queue.held -= held
    held = 0
    request.isDropped = true
    request.resume()
  }
  return () => {
    queue.held -= held
    request.onPiece = undefined
  }
}

function forget(): void {}

/** By its head. */
function heldBy({ url = '', rawHeaders }: GatewayRequest): number {
  let held = url.length
  for (const text of rawHeaders) held += text.length + PER_TEXT
  return held
}
