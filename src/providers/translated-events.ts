import { isObject, type JsonObject } from '../json.ts'
import { EventDataReader } from './event-data.ts'
import { TranslatedStream } from './translated-stream.ts'

/** SSE bytes in one format → SSE bytes in another. */
export abstract class TranslatedEvents extends TranslatedStream {
  readonly #reader = new EventDataReader(data => this.#onData(data))
  #ending = false

  /** The data of one event, parsed. */
  protected abstract onEvent(event: JsonObject): void

  /** Data of an event that is no JSON but means something in the format; true where it was one. */
  protected onMark(_data: string): boolean {
    return false
  }

  /** The upstream has ended, and all its events were seen. */
  protected onEnd(): void {}

  protected override read(chunk: Uint8Array): void {
    if (!this.#reader.push(chunk)) this.breakOff('The provider sent an event that is too long.')
  }

  protected override readEnd(): void {
    this.#ending = true
    this.#reader.end()
    if (!this.isComplete) this.onEnd()
  }

  #onData(data: string): void {
    if (this.isComplete || this.onMark(data)) return
    let event: unknown
    try {
      event = JSON.parse(data)
    } catch {
      // Half an event at the end is a cut stream; anywhere else, going on would lose a part of the answer.
      if (!this.#ending) this.breakOff('The provider sent an event that is not JSON.')
      return
    }
    if (isObject(event)) this.onEvent(event)
  }
}
