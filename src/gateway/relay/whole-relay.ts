import type { AnswerHead } from '../headers.ts'
import { GatheringRelay } from './gathering-relay.ts'

/** Headers that say something about the bytes that are changed. */
const OF_THE_BYTES = new Set(['content-length', 'content-encoding', 'etag', 'digest', 'content-md5'])

/** It is written anew with any answer that is sent as a whole. */
const LENGTH = new Set(['content-length'])

/** Gathers an answer that an expression looks at or makes anew, streams too, and sends it as a whole. */
export class WholeRelay extends GatheringRelay {
  protected override begin(_statusText: string, head: AnswerHead): void {
    this.keepHead(head, this.exchange.changesBody ? OF_THE_BYTES : LENGTH)
  }

  protected override pass(chunk: Buffer): boolean {
    return this.gather(chunk)
  }

  protected override end(): void {
    this.send(this.whole())
  }
}
