import { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Exchange } from '../exchange.ts'
import { UpgradableRequest } from '../websocket/upgradable-request.ts'
import { partGently } from './parting.ts'

/** A client's request that knows its exchange, so that listeners need no closure. */
export class GatewayRequest extends UpgradableRequest {
  exchange: Exchange | undefined = undefined
  /** Told of the bytes of each piece of the body while the request waits for its turn: reading goes on. */
  onPiece: ((bytes: number) => void) | undefined = undefined
  /** It expects something else than leave to send its body. */
  expectsOther = false
  /** Its body has not been kept. */
  isDropped = false

  override push(piece: Buffer | null): boolean {
    const hasRoom = super.push(piece)
    if (this.onPiece === undefined || piece === null) return hasRoom
    this.onPiece(piece.length)
    return true
  }
}

/** The answer to it, likewise. */
export class GatewayResponse extends ServerResponse<GatewayRequest> {
  exchange: Exchange | undefined = undefined
  /** Called once the answers before this one have gone, where there are any. */
  onTurn: (() => void) | undefined = undefined
  /** The WebSocket that the connection has become with it. */
  tunnel: { close(): void } | undefined = undefined
  /** The client has to go once it has this answer. */
  isLast = false

  override assignSocket(socket: Socket): void {
    super.assignSocket(socket)
    this.onTurn?.()
  }

  /**
   * Breaks off in the midst of the answer. Where nothing but the end of the connection ends an answer, as in HTTP/1.0, that
   * has to be a reset: an orderly end would make a whole one of it (RFC 9112 §8). TLS tells by itself.
   */
  breakOff(): void {
    const { socket } = this
    const canReset = socket !== null && 'resetAndDestroy' in socket && !('encrypted' in socket)
    if (this.req.httpVersionMinor === 0 && canReset) socket.resetAndDestroy()
    this.destroy()
  }

  /** The answer has gone. */
  override detachSocket(socket: Socket): void {
    super.detachSocket(socket)
    if (!this.req.complete && !this.shouldKeepAlive) partGently(socket)
  }
}
