/** How long a head waits for the first byte behind it, in milliseconds; up to twice as long, as one timer is for all of them. */
const PATIENCE_MS = 50

/**
 * Heads that wait for the first byte behind them, to leave in one write with it. Mostly that is here in the same turn, so that
 * to take a head in and to let it go is to write a word each. A timer looks for those that have waited too long: it runs
 * while there are requests, and not once for each.
 */
export class HeldHeads<H> {
  readonly #letGo: (head: H) => void
  /** The one that came last, which goes first mostly. */
  #latest: H | undefined
  #recent = new Set<H>()
  /** They have been here when the timer looked last. */
  #due = new Set<H>()
  #timer: NodeJS.Timeout | undefined

  /** Told of each that has waited for too long; it is not held any more. */
  constructor(letGo: (head: H) => void) {
    this.#letGo = letGo
  }

  add(head: H): void {
    if (this.#latest !== undefined) this.#recent.add(this.#latest)
    this.#latest = head
    this.#timer ??= setTimeout(this.#look, PATIENCE_MS).unref()
  }

  /** It is on its way. */
  remove(head: H): void {
    if (this.#latest === head) this.#latest = undefined
    else if (!this.#recent.delete(head)) this.#due.delete(head)
  }

  readonly #look = (): void => {
    const due = this.#due
    this.#due = this.#recent
    this.#recent = new Set()
    if (this.#latest !== undefined) this.#due.add(this.#latest)
    this.#latest = undefined
    this.#timer = this.#due.size === 0 ? undefined : setTimeout(this.#look, PATIENCE_MS).unref()
    for (const head of due) this.#letGo(head)
  }
}
