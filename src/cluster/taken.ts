import type { Path } from '../config/index.ts'
import { isNode, pathKey, valueAt } from '../config/rules/tree.ts'
import { AgwError } from '../errors.ts'
import type { OpenText } from './open-text.ts'
import { Unwritten } from './unwritten.ts'

/** Which parts of a config are written as manifests: what nobody has taken is left over, and is told. */
export class Taken {
  readonly #data: unknown
  readonly #open: OpenText
  readonly #whole = new Set<string>()
  readonly #above = new Set<string>()
  readonly #why = new Map<string, string>()

  constructor(data: unknown, open: OpenText) {
    this.#data = data
    this.#open = open
  }

  /** The value at a path, which is written with all that stands in it. Throws {@link Unwritten} where it may hold a secret. */
  take(...path: Path): unknown {
    return this.#checked(path, false)
  }

  /** The same for a value that may be anything, as a header or an expression: there no variable is written. */
  takeFree(...path: Path): unknown {
    return this.#checked(path, true)
  }

  /** The value at a path of which the manifests show none: a key that becomes a Secret or a hash, the path of a file. */
  takeKey(...path: Path): unknown {
    const value = valueAt(this.#data, ...path)
    if (value === undefined) return undefined
    this.#whole.add(pathKey(path))
    for (let end = 0; end < path.length; end += 1) this.#above.add(pathKey(path.slice(0, end)))
    return value
  }

  /** Throws {@link Unwritten} for a value of which a variable is not set. */
  requireSet(path: Path): void {
    this.#open.requireSet(path)
  }

  /** The value at a path that is looked at only. */
  look(...path: Path): unknown {
    return valueAt(this.#data, ...path)
  }

  /** What is made of a part; undefined where it cannot be written, and then the whole of it is left over. */
  attempt<T>(path: Path, make: () => T): T | undefined {
    try {
      return make()
    } catch (error) {
      const isKnown = error instanceof Unwritten || error instanceof AgwError
      if (!isKnown) throw error
      this.leave(path, error instanceof Unwritten ? error.why : error.message)
      return undefined
    }
  }

  /** Takes all that was taken below a path back: the part is left over, for this reason. */
  leave(path: Path, why: string): void {
    const start = pathKey(path).slice(0, -1)
    for (const set of [this.#whole, this.#above])
      for (const key of set) if (key.startsWith(`${start},`) || key === `${start}]`) set.delete(key)
    this.#why.set(pathKey(path), why)
  }

  /** The outermost parts that nobody has taken, in the order of the file, and why where more is known. */
  leftOver(): { readonly path: Path; readonly why: string | undefined }[] {
    const found: { path: Path; why: string | undefined }[] = []
    const visit = (value: unknown, path: Path): void => {
      const key = pathKey(path)
      if (this.#whole.has(key)) return
      const below = Array.isArray(value)
        ? value.map((item, index) => [item, [...path, index]] as const)
        : isNode(value)
          ? Object.entries(value).map(([name, item]) => [item, [...path, name]] as const)
          : []
      if (below.length === 0 && saysNothing(value, path)) return
      // Of policies each is told: one may guard what another only changes.
      const isSection = below.length > 0 && isOfPolicies(value, path) && !this.#why.has(key)
      if (this.#above.has(key) || isSection || this.#isKnownBelow(key))
        for (const [item, at] of below) visit(item, at)
      else found.push({ path, why: whyOf(value, path, this.#why.get(key)) })
    }
    const top = isNode(this.#data) ? Object.entries(this.#data) : []
    for (const [name, value] of top) visit(value, [name])
    return found
  }

  /** Whether it is known why a part of it is not written: then the others are told apart from it. */
  #isKnownBelow(key: string): boolean {
    const start = `${key.slice(0, -1)},`
    return !this.#why.has(key) && [...this.#why.keys()].some(below => below.startsWith(start))
  }

  #checked(path: Path, free: boolean): unknown {
    const value = valueAt(this.#data, ...path)
    if (value !== undefined) this.#open.require(path, value, { free })
    return this.takeKey(...path)
  }
}

/** Sections that say nothing by being there. */
const EMPTY = new Set(['ai', 'params', 'policies'])

/** Null is as good as absent, and so is a list without items; an empty map may mean something, but for a section. */
function saysNothing(value: unknown, path: Path): boolean {
  if (value === null || Array.isArray(value)) return true
  return isNode(value) && (path.length < 3 || EMPTY.has(String(path.at(-1))))
}

/** What refuses or changes requests: whoever leaves it out should know. */
const GUARDS = new Set([
  'apiKey',
  'authorization',
  'basicAuth',
  'cors',
  'csrf',
  'extAuthz',
  'extProc',
  'guardrails',
  'jwtAuth',
  'localRateLimit',
  'mcpAuthentication',
  'mcpAuthorization',
  'mcpGuardrails',
  'networkAuthorization',
  'networkExtAuthz',
  'oidc',
  'promptGuard',
  'remoteRateLimit',
])

/** A map of policies, or the list of those that stand apart from what they are for. */
function isOfPolicies(value: unknown, path: Path): boolean {
  const isMap = isNode(value) && (path.at(-1) === 'policies' || path.at(-1) === 'frontendPolicies')
  return isMap || isApart(path)
}

function isApart(path: Path): boolean {
  return path.length === 1 && path[0] === 'policies'
}

function whyOf(value: unknown, path: Path, why: string | undefined): string | undefined {
  const kinds = isApart(path.slice(0, -1))
    ? Object.keys(Object(valueAt(value, 'policy')))
    : [String(path.at(-1))]
  if (!kinds.some(kind => GUARDS.has(kind))) return why
  const passes = 'requests that it stops would pass there'
  return why === undefined ? passes : `${why}; ${passes}`
}
