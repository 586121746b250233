import { BytePieces } from '../../byte-pieces.ts'
import { HeadReader } from './head-reader.ts'

/**
 * Bytes that a client may send before it has the answers to what it has sent. Reading goes on beyond them, for only so it is
 * seen that a client has gone, but they are lost: it has to send them again (RFC 9112 §9.3.2).
 */
const MOST_AHEAD = 512 * 1024

/** What a client has sent before its turn. */
export class Ahead {
  #pieces = new BytePieces()
  /** There was more of it than is kept. */
  hasLost = false

  get size(): number {
    return this.#pieces.size
  }

  /** Keeps what there is room for. Behind what is lost nothing is what it seems. */
  add(bytes: Buffer): void {
    const room = MOST_AHEAD - this.size
    this.hasLost ||= bytes.length > room
    this.addAll(bytes.length > room ? bytes.subarray(0, room) : bytes)
  }

  /** However many. */
  addAll(bytes: Buffer): void {
    this.#pieces.add(bytes)
  }

  /** Hands them over as they are: as one they would be copied for every request that is among them. */
  take(): readonly Buffer[] {
    const { list } = this.#pieces
    this.#pieces = new BytePieces()
    return list
  }

  /** Something among them will have an answer: the head of a request, or what can be none. */
  get asks(): boolean {
    const heads = new HeadReader()
    for (const piece of this.#pieces.list) {
      for (let at = 0; at < piece.length; ) {
        at = heads.read(piece, at)
        if (heads.head !== undefined || heads.fault !== undefined) return true
      }
    }
    return false
  }
}
