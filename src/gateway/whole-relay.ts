import { GUARDED_FROM } from './echo.ts'
import { llmResponseFailure } from './failures.ts'
import type { AnswerHead } from './headers.ts'
import { Relay } from './relay.ts'

/** Bytes of an answer whose body is changed; a longer one is refused. */
const WHOLE_LIMIT = 16 * 1024 * 1024

/** Headers that say something about the bytes that are changed. */
const OF_THE_BYTES = new Set(['content-length', 'content-encoding', 'etag', 'digest', 'content-md5'])

/** Gathers an answer whose body an expression makes anew, streams too, and sends it as a whole. */
export class WholeRelay extends Relay {
  #head: AnswerHead | undefined
  readonly #chunks: Buffer[] = []
  #size = 0

  protected override begin(_statusText: string, head: AnswerHead): void {
    head.headers = head.headers.filter(
      (_, i) => !OF_THE_BYTES.has((head.headers[i - (i % 2)] ?? '').toLowerCase()),
    )
    this.#head = head
  }

  protected override pass(chunk: Buffer): boolean {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size > WHOLE_LIMIT) {
      this.abort()
      this.exchange.end(llmResponseFailure('response was too large'))
    }
    return true
  }

  protected override end(): void {
    const head = this.#head ?? { status: 502, headers: [] }
    const whole = Buffer.concat(this.#chunks, this.#size)
    const { echoes } = this.destination
    const clean = head.status < GUARDED_FROM || echoes === undefined ? whole : echoes.cleanBytes(whole)
    this.exchange.send(head, this.exchange.changedBody(head, clean))
  }
}
