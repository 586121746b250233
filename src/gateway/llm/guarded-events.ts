import { BytePieces } from '../../byte-pieces.ts'
import { EventDataReader } from '../../providers/index.ts'
import { type Answer, llmResponseFailure } from '../failures.ts'
import { type TextPiece, textPiecesOf } from './answer-texts.ts'

/** Characters of text that are gathered before they are looked at. */
const ENOUGH = 1024
/** And how many of those before them are looked at once more: a find may lie across. */
const OVERLAP = 256
/** Bytes that are held at most while there is no text in them. */
const MOST_HELD = 2 * 1024 * 1024

const TOO_LONG = llmResponseFailure('an event is too long to be looked at')
const NOTHING = Buffer.alloc(0)
const LF = 0x0a
const CR = 0x0d

/** A text as far as it came. */
interface Lane {
  seen: string
  pending: string
}

/**
 * Server-sent events that are held back until the text in them was looked at. What was passed on is not taken back when a
 * later piece is rejected.
 */
export class GuardedEvents {
  readonly #judge: (text: string) => Answer | undefined
  readonly #reader = new EventDataReader(data => this.#onData(data))
  readonly #lanes = new Map<string, Lane>()
  readonly #held = new BytePieces()
  #pending = 0
  /** Bytes from which on all that is held is looked at, whatever it says. */
  #most = MOST_HELD
  /** Why the rest must not pass. */
  rejection: Answer | undefined

  /** `judge` yields what a text is rejected with. */
  constructor(judge: (text: string) => Answer | undefined) {
    this.#judge = judge
  }

  /** What may be passed on now; nothing any more once there is a rejection. */
  push(chunk: Buffer): Buffer {
    if (this.rejection !== undefined) return NOTHING
    this.#held.add(chunk)
    if (!this.#reader.push(chunk)) this.rejection = TOO_LONG
    return this.#pending >= ENOUGH || this.#held.size >= this.#most ? this.#release(false) : NOTHING
  }

  /** The upstream has ended. */
  end(): Buffer {
    if (this.rejection !== undefined) return NOTHING
    this.#reader.end()
    return this.#release(true)
  }

  #onData(data: string): void {
    let event: unknown
    try {
      event = JSON.parse(data)
    } catch {
      return
    }
    for (const piece of textPiecesOf(event)) this.#add(piece)
  }

  #add({ lane: name, text }: TextPiece): void {
    const lane = this.#lanes.get(name)
    if (lane === undefined) this.#lanes.set(name, { seen: '', pending: text })
    else lane.pending += text
    this.#pending += text.length
  }

  #release(isLast: boolean): Buffer {
    if (this.rejection !== undefined) return NOTHING
    for (const lane of this.#lanes.values()) {
      if (lane.pending === '') continue
      const window = lane.seen + lane.pending
      this.rejection = this.#judge(window)
      if (this.rejection !== undefined) return NOTHING
      lane.seen = window.slice(-OVERLAP)
      lane.pending = ''
    }
    this.#pending = 0
    const held = this.#held.take()
    // The text of an event that is not all there was not looked at.
    const end = isLast ? held.length : endOfEvents(held)
    if (end < held.length) this.#held.add(held.subarray(end))
    this.#most = Math.max(MOST_HELD, 2 * this.#held.size)
    return held.subarray(0, end)
  }
}

/** Behind the last empty line. */
function endOfEvents(bytes: Buffer): number {
  for (let at = bytes.length - 1; at > 0; at--) {
    if (!isLineEnd(bytes[at])) continue
    const before = bytes[at] === LF && bytes[at - 1] === CR ? at - 2 : at - 1
    if (isLineEnd(bytes[before])) return at + 1
  }
  return 0
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === LF || byte === CR
}

/** The event that ends a stream whose rest was rejected, in the form that clients of the format take for an error. */
export function rejectionEvent({ body }: Answer, isMessages: boolean): string {
  const error = { type: 'guardrail_blocked', code: 'guardrail_intervention', message: body.toString() }
  return isMessages
    ? `event: error\ndata: ${JSON.stringify({ type: 'error', error })}\n\n`
    : `data: ${JSON.stringify({ error })}\n\n`
}
