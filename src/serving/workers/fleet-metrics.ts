import { type MetricsSnapshot, sumOf } from '../../gateway/index.ts'

/** How long a worker may take to say what it has counted, in milliseconds. */
const PATIENCE_MS = 1000

/** What workers have counted, by the ID of each; what those have counted that are gone stays. */
export class FleetMetrics {
  readonly #latest = new Map<number, MetricsSnapshot>()
  readonly #waiting = new Map<number, () => void>()
  #gone: MetricsSnapshot | undefined
  #nextId = 1

  /** What a worker has told, asked for by `id` or by itself. */
  take(worker: number, id: number, metrics: MetricsSnapshot): void {
    this.#latest.set(worker, metrics)
    this.#waiting.get(id)?.()
  }

  /** It counts no more. */
  leave(worker: number): void {
    const last = this.#latest.get(worker)
    if (last === undefined) return
    this.#latest.delete(worker)
    this.#gone = sumOf(this.#gone === undefined ? [last] : [this.#gone, last])
  }

  /** All that was counted; each worker is asked, and one that does not answer counts with what it told last. */
  async all(
    workers: readonly number[],
    ask: (worker: number, id: number) => void,
  ): Promise<MetricsSnapshot[]> {
    await Promise.all(workers.map(worker => this.#answer(id => ask(worker, id))))
    return [this.#gone, ...this.#latest.values()].filter(one => one !== undefined)
  }

  #answer(ask: (id: number) => void): Promise<void> {
    const id = this.#nextId++
    return new Promise<void>(resolve => {
      const timer = setTimeout(resolve, PATIENCE_MS)
      this.#waiting.set(id, () => {
        clearTimeout(timer)
        resolve()
      })
      ask(id)
    }).finally(() => this.#waiting.delete(id))
  }
}
