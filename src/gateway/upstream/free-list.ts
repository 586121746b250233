/** What can be in a list of free ones. */
export interface Listed<T> {
  isFree: boolean
  /** Its neighbours there. */
  older: T | undefined
  newer: T | undefined
}

/** Connections that nobody uses, the one that was used last first: it is the likeliest to be there still. */
export class FreeList<T extends Listed<T>> {
  newest: T | undefined
  oldest: T | undefined

  add(one: T): void {
    one.isFree = true
    one.older = this.newest
    if (this.newest !== undefined) this.newest.newer = one
    else this.oldest = one
    this.newest = one
  }

  /** Nothing happens to one that is not free. */
  remove(one: T): void {
    if (!one.isFree) return
    const { older, newer } = one
    if (older !== undefined) older.newer = newer
    else this.oldest = newer
    if (newer !== undefined) newer.older = older
    else this.newest = older
    one.isFree = false
    one.older = undefined
    one.newer = undefined
  }
}
