import type { AnswerHead } from '../headers/headers.ts'
import { GatheringRelay } from './gathering-relay.ts'

/** Headers that say something about the bytes that are changed. */
const OF_THE_BYTES = new Set(['content-length', 'content-encoding', 'etag', 'digest', 'content-md5'])

/** It is written anew with any answer that is sent as a whole. */
const LENGTH = new Set(['content-length'])

/** Gathers an answer that is to go as a whole, streams too. */
export class WholeRelay extends GatheringRelay {
  protected override begin(statusText: string, head: AnswerHead): void {
    // There is nothing to hold, and their length is not that of a body.
    const isWithout = head.status === 204 || head.status === 304
    this.isGathered = this.exchange.gathersBody || !isWithout
    if (!this.isGathered) return super.begin(statusText, head)
    this.keepHead(head, this.exchange.changesBody ? OF_THE_BYTES : LENGTH)
  }

  protected override pass(chunk: Buffer): boolean {
    return this.isGathered ? this.hold(chunk) : super.pass(chunk)
  }

  protected override end(): void {
    if (this.isGathered) this.send(this.whole())
    else super.end()
  }
}
