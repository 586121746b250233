import { Wildcard } from '../regex/wildcard.ts'

/** `modelAliases`: exact names first, then patterns with stars, the longest one first. */
export class ModelAliases {
  readonly #exact: ReadonlyMap<string, string>
  readonly #patterns: readonly (readonly [Wildcard, string])[]

  constructor(aliases: Readonly<Record<string, string>>) {
    const entries = Object.entries(aliases)
    this.#exact = new Map(entries)
    this.#patterns = entries
      .filter(([name]) => name.includes('*'))
      .sort(([a], [b]) => b.length - a.length)
      .map(([name, target]) => [new Wildcard(name), target] as const)
  }

  of(model: string): string | undefined {
    return this.#exact.get(model) ?? this.#patterns.find(([pattern]) => pattern.covers(model))?.[1]
  }
}
