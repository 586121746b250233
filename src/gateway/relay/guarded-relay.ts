import { llmResponseFailure } from '../failures.ts'
import type { AnswerHead } from '../headers/headers.ts'
import { GatheringRelay, isWithoutBody } from './gathering-relay.ts'

/** Headers that say something about bytes that may change. */
const OF_THE_BYTES = new Set(['content-length', 'etag', 'digest', 'content-md5'])

/** Passes a model's answer on once guards have looked at it: a stream piece by piece, anything else as a whole. */
export class GuardedRelay extends GatheringRelay {
  #isStream = false
  #isPlain = false

  protected override begin(statusText: string, head: AnswerHead): void {
    const guards = this.destination.ai?.answerGuards
    const isAnswer = head.status <= 299
    this.#isStream = head.isEventStream && isAnswer && !isWithoutBody(head)
    this.events = this.#isStream ? guards?.events : undefined
    const isGuarded = isAnswer && (!this.#isStream || this.events !== undefined)
    if (isGuarded && head.isEncoded) {
      this.abort()
      return this.unreadable(llmResponseFailure('unsupported content encoding'))
    }
    this.isGathered = this.exchange.holdsAnswer
    this.#isPlain = !isGuarded && !this.isGathered
    if (this.#isPlain) return super.begin(statusText, head)
    this.keepHead(head, OF_THE_BYTES)
    head.contentLength = -1
    if (this.#isStream && !this.isGathered) super.begin(statusText, head)
  }

  protected override pass(chunk: Buffer): boolean {
    if (this.#isPlain) return super.pass(chunk)
    return this.#isStream ? this.passEvents(chunk) : this.gather(chunk)
  }

  protected override end(): void {
    if (this.#isPlain) return super.end()
    if (this.#isStream) return this.endEvents(Buffer.alloc(0), true)
    if (isWithoutBody(this.head)) return this.send(Buffer.alloc(0))
    const body = this.whole()
    try {
      this.sendChecked(body)
    } catch {
      this.unreadable(llmResponseFailure('failed to parse response'))
    }
  }
}
