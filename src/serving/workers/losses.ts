import type { News } from '../news.ts'

/** Which workers lose what they send: it is one piece of news however many they are. */
export class Losses {
  /** What is lost on its way → the workers that lose it. */
  readonly #losing = new Map<string, Set<number>>()

  /** Whether the first one loses something, or the last one does not any more. All else is news. */
  isNews(worker: number, { way, isTrouble }: News): boolean {
    if (way === undefined) return true
    const losing = this.#losing.get(way) ?? new Set()
    this.#losing.set(way, losing)
    const before = losing.size
    if (isTrouble) losing.add(worker)
    else losing.delete(worker)
    return (before === 0) !== (losing.size === 0)
  }

  leave(worker: number): void {
    for (const losing of this.#losing.values()) losing.delete(worker)
  }
}
