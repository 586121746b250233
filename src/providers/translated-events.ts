import { EventDataReader } from './anthropic-completions-events.ts'
import { isObject, type JsonObject } from './anthropic-completions-fields.ts'

/**
 * SSE bytes in one format → SSE bytes in another. Give it every chunk as it comes, in any split, and send on what each
 * call returns (it may be empty).
 */
export abstract class TranslatedEvents {
  readonly #reader = new EventDataReader(data => this.#onData(data))
  #ending = false
  /** What is to be sent on with the present call. */
  protected output = ''
  protected isComplete = false

  /** The data of one event, parsed. */
  protected abstract onEvent(event: JsonObject): void

  /** Tells the client, in its own format, that the answer is broken, and completes it. */
  protected abstract fail(message: string): void

  /** Data of an event that is no JSON but means something in the format; true where it was one. */
  protected onMark(_data: string): boolean {
    return false
  }

  /** The upstream has ended, and all its events were seen. */
  protected onEnd(): void {}

  push(chunk: Uint8Array): Buffer {
    if (!this.isComplete && !this.#reader.push(chunk))
      this.fail('The provider sent an event that is too long.')
    return this.#take()
  }

  /** The upstream has ended. */
  end(): Buffer {
    this.#ending = true
    if (!this.isComplete) this.#reader.end()
    if (!this.isComplete) this.onEnd()
    return this.#take()
  }

  /**
   * True once the last event or an error has gone out. False after `end()` means that the upstream was cut;
   * breaking the client's connection off tells it so, as SDKs do not miss the last event.
   */
  get complete(): boolean {
    return this.isComplete
  }

  #take(): Buffer {
    const bytes = Buffer.from(this.output)
    this.output = ''
    return bytes
  }

  #onData(data: string): void {
    if (this.isComplete || this.onMark(data)) return
    let event: unknown
    try {
      event = JSON.parse(data)
    } catch {
      // Half an event at the end is a cut stream; anywhere else, going on would lose a part of the answer.
      if (!this.#ending) this.fail('The provider sent an event that is not JSON.')
      return
    }
    if (isObject(event)) this.onEvent(event)
  }
}
