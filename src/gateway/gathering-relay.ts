import { GUARDED_FROM } from './echo.ts'
import { llmResponseFailure } from './failures.ts'
import type { AnswerHead } from './headers.ts'
import { Relay } from './relay.ts'
import type { OutgoingHead } from './watcher.ts'

/** Bytes of an answer that is sent as a whole; a longer one is refused. */
const WHOLE_LIMIT = 16 * 1024 * 1024

/** Holds an answer, or what becomes of it, until it is all there, and sends it as a whole. */
export abstract class GatheringRelay extends Relay {
  /** As it is sent; 502 where the answer ended before its head. */
  protected head: OutgoingHead = { status: 502, headers: [] }
  readonly #chunks: Buffer[] = []
  #size = 0

  /** Keeps the head without the headers that say something about bytes that change. */
  protected keepHead(head: AnswerHead, ofTheBytes: ReadonlySet<string>): void {
    head.headers = head.headers.filter(
      (_, i) => !ofTheBytes.has((head.headers[i - (i % 2)] ?? '').toLowerCase()),
    )
    this.head = head
  }

  protected gather(chunk: Buffer): boolean {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size > WHOLE_LIMIT) {
      this.abort()
      this.exchange.end(llmResponseFailure('response was too large'))
    }
    return true
  }

  /** All that was gathered, without a key that the upstream repeats. */
  protected whole(): Buffer {
    const whole = Buffer.concat(this.#chunks, this.#size)
    const { echoes } = this.destination
    return this.head.status < GUARDED_FROM || echoes === undefined ? whole : echoes.cleanBytes(whole)
  }

  protected send(body: Buffer): void {
    this.exchange.send(this.head, this.exchange.changedBody(this.head, body))
  }
}
