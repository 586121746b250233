/** `modelAliases`: exact names first, then patterns with stars, the longest one first. */
export class ModelAliases {
  readonly #exact: ReadonlyMap<string, string>
  readonly #patterns: readonly (readonly [RegExp, string])[]

  constructor(aliases: Readonly<Record<string, string>>) {
    const entries = Object.entries(aliases)
    this.#exact = new Map(entries)
    this.#patterns = entries
      .filter(([name]) => name.includes('*'))
      .sort(([a], [b]) => b.length - a.length)
      .map(([name, target]) => [patternOf(name), target] as const)
  }

  of(model: string): string | undefined {
    return this.#exact.get(model) ?? this.#patterns.find(([pattern]) => pattern.test(model))?.[1]
  }
}

/** A star stands for any text, none included. */
function patternOf(name: string): RegExp {
  const parts = name.split('*').map(part => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
  return new RegExp(`^${parts.join('[^]*')}$`)
}
