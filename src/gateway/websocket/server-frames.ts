import type { ByteRedactionStream } from '../../secrets/redactor.ts'
import type { Cost } from '../costs/costs.ts'
import type { Usage } from '../telemetry/usage.ts'
import { FrameReader } from './frames.ts'
import { type Price, RealtimeUsage } from './realtime-usage.ts'

/** A frame that closes with 1001, going away (RFC 6455 §7.4.1). */
const GOING_AWAY = Buffer.from([0x88, 0x02, 0x03, 0xe9])

const NOTHING = Buffer.alloc(0)

/** What a server sends over a WebSocket: without a key that it repeats, and with what it tells of costs noted. */
export class ServerFrames {
  readonly #clean: ByteRedactionStream | undefined
  readonly #costs: RealtimeUsage | undefined
  readonly #frames: FrameReader

  /** `clean` keeps lengths as they are; `price` is for what is a realtime session. */
  constructor(clean: ByteRedactionStream | undefined, price: Price | undefined) {
    const costs = price && new RealtimeUsage(price)
    this.#clean = clean
    this.#costs = costs
    this.#frames = new FrameReader(costs && (message => costs.push(message)))
  }

  get usage(): Usage | undefined {
    return this.#costs?.usage
  }

  get cost(): Cost | undefined {
    return this.#costs?.cost
  }

  /** What of it can be passed on by now. */
  push(chunk: Buffer): Buffer {
    this.#frames.push(chunk)
    if (this.#clean === undefined) return chunk
    const shown = this.#clean.push(chunk)
    // What may begin a key waits for the rest of its frame, and no longer: the next frame may never come.
    const rest = this.#frames.isBetween ? this.#clean.end() : NOTHING
    return rest.length === 0 ? shown : Buffer.concat([shown, rest])
  }

  /** What was held back, now that nothing more comes. */
  end(): Buffer {
    return this.#clean?.end() ?? NOTHING
  }

  /** Tells the client that it has to go; nothing, where a frame is under way. */
  get farewell(): Buffer {
    return this.#frames.isBetween ? GOING_AWAY : NOTHING
  }
}
