/**
 * Bytes of a stream in one format → SSE bytes in another. Give it every chunk as it comes, in any split, and send on what
 * each call returns (it may be empty).
 */
export abstract class TranslatedStream {
  #isBroken = false
  /** What is to be sent on with the present call. */
  protected output = ''
  protected isComplete = false

  protected abstract read(chunk: Uint8Array): void

  /** The upstream has ended. */
  protected abstract readEnd(): void

  /** Tells the client, in its own format, that the answer is broken, and completes it. */
  protected abstract fail(message: string): void

  /** What the upstream sends is no longer in its format: nothing more of it can be read. */
  protected breakOff(message: string): void {
    this.fail(message)
    this.#isBroken = true
  }

  push(chunk: Uint8Array): Buffer {
    if (!this.isComplete) this.read(chunk)
    return this.#take()
  }

  /** The upstream has ended. */
  end(): Buffer {
    if (!this.isComplete) this.readEnd()
    return this.#take()
  }

  /**
   * True once the last event or an error has gone out. False after `end()` means that the upstream was cut;
   * breaking the client's connection off tells it so, as SDKs do not miss the last event.
   */
  get complete(): boolean {
    return this.isComplete
  }

  /** Nothing more has to be read of the upstream, which may go on for ever. */
  get broken(): boolean {
    return this.#isBroken
  }

  #take(): Buffer {
    const bytes = Buffer.from(this.output)
    this.output = ''
    return bytes
  }
}
