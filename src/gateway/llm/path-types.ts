import type { RouteType } from '../../providers/index.ts'
import { plainPath } from '../routing/plain-path.ts'

/** Path suffix → what the request asks for; the longest suffix wins. */
export class PathTypes {
  readonly #suffixes: readonly (readonly [string, RouteType])[]
  readonly #fallback: RouteType
  /** Some suffix stands for something else than all other paths do. */
  readonly #hasOthers: boolean

  /** `*` stands for every path that no suffix fits; without it such paths are `completions`. */
  constructor(map: Readonly<Record<string, RouteType>>) {
    this.#suffixes = Object.entries(map)
      .filter(([suffix]) => suffix !== '*')
      .sort(([a], [b]) => b.length - a.length)
    this.#fallback = map['*'] ?? 'completions'
    this.#hasOthers = this.#suffixes.some(([, type]) => type !== this.#fallback)
  }

  of(path: string): RouteType {
    return this.#suffixes.find(([suffix]) => path.endsWith(suffix))?.[1] ?? this.#fallback
  }

  /** Whether a path that no suffix fits asks for something else of an upstream that reads it in another spelling. */
  hides(path: string): boolean {
    if (!this.#hasOthers || this.#suffixes.some(([suffix]) => path.endsWith(suffix))) return false
    const [plain = ''] = plainPath(path).toLowerCase().split(/[?#]/)
    const found = this.#suffixes.find(([suffix]) => plain.endsWith(suffix.toLowerCase()))
    return found !== undefined && found[1] !== this.#fallback
  }
}
