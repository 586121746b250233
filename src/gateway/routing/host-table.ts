import { comparable } from './host-name.ts'

/** Hostname → value: an exact name first, then `*.suffix` from the longest, then the value without a hostname. */
export class HostTable<T> {
  readonly #exact = new Map<string, T>()
  readonly #suffixes = new Map<string, T>()
  /** No look-up is worth its while for a longer part of a host: a client may write one of thousands of parts. */
  #longestSuffix = 0
  #any: T | undefined
  /** The answer for every host as long as no hostname is set, so that the usual config costs no look-up. */
  #anyOnly: readonly T[] = []

  /** `hostname` is exact, `*.suffix` (any number of labels), or absent, empty or `*` for all. */
  set(hostname: string | undefined, value: T): void {
    const name = comparable(hostname ?? '')
    if (name === '' || name === '*') {
      this.#any = value
      this.#anyOnly = [value]
    } else if (name.startsWith('*.')) {
      this.#suffixes.set(name.slice(2), value)
      this.#longestSuffix = Math.max(this.#longestSuffix, name.length - 2)
    } else this.#exact.set(name, value)
  }

  /** The value that was set for exactly this pattern. */
  get(hostname: string | undefined): T | undefined {
    const name = comparable(hostname ?? '')
    if (name === '' || name === '*') return this.#any
    return name.startsWith('*.') ? this.#suffixes.get(name.slice(2)) : this.#exact.get(name)
  }

  /** All values whose pattern covers the host (comparable, no port), the most specific first. */
  candidates(host: string): readonly T[] {
    if (this.#exact.size === 0 && this.#suffixes.size === 0) return this.#anyOnly
    const found: T[] = []
    const exact = this.#exact.get(host)
    if (exact !== undefined) found.push(exact)
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      if (host.length - dot - 1 > this.#longestSuffix) continue
      const wildcard = this.#suffixes.get(host.slice(dot + 1))
      if (wildcard !== undefined) found.push(wildcard)
    }
    if (this.#any !== undefined) found.push(this.#any)
    return found
  }

  /** Every value with its pattern; undefined stands for all hosts. */
  entries(): readonly (readonly [string | undefined, T])[] {
    const all: (readonly [string | undefined, T])[] = [...this.#exact]
    const longestFirst = [...this.#suffixes].sort(([a], [b]) => b.length - a.length)
    for (const [suffix, value] of longestFirst) all.push([`*.${suffix}`, value])
    if (this.#any !== undefined) all.push([undefined, this.#any])
    return all
  }
}
