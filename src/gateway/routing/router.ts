import { comparable } from './host-name.ts'
import { HostTable } from './host-table.ts'
import { type Match, mismatch, type PathMatch, type RouteRequest, trimPath } from './match.ts'

/** One alternative of one route, with its place in the order of precedence within its host bucket. */
export interface Candidate<R> {
  readonly route: R
  readonly match: Match
  readonly rank: number
}

/** What the router has to know of a route. */
export interface Routable {
  /** Ties are decided by this text: `listener/namespace/name`, unnamed ones `route0`, `route1`, `route10`, … */
  readonly key: string
  readonly hostnames: readonly string[]
  readonly matches: readonly Match[]
}

function pathRank(path: PathMatch): number {
  return 'exact' in path ? 0 : 1
}

/** Bytes of the path as it is written in the config, which is what the reference counts. */
function pathLength(path: PathMatch): number {
  return Buffer.byteLength('exact' in path ? path.exact : path.written)
}

/** Negative when `a` goes before `b`: exact paths, longer paths, method, more headers, more query, key. */
function byPrecedence<R extends Routable>(
  a: { route: R; match: Match },
  b: { route: R; match: Match },
): number {
  return (
    pathRank(a.match.path) - pathRank(b.match.path) ||
    pathLength(b.match.path) - pathLength(a.match.path) ||
    Number(b.match.method !== undefined) - Number(a.match.method !== undefined) ||
    b.match.headers.length - a.match.headers.length ||
    b.match.query.length - a.match.query.length ||
    (a.route.key < b.route.key ? -1 : a.route.key > b.route.key ? 1 : 0)
  )
}

/** The routes of one hostname. Paths are indexed, so that ten thousand routes cost a request what ten do. */
class Bucket<R extends Routable> {
  /** In the order of precedence. */
  readonly all: readonly Candidate<R>[]
  readonly #exact = new Map<string, Candidate<R>[]>()
  readonly #prefixes = new Map<string, Candidate<R>[]>()
  /** No look-up is worth its while for a longer part of a path. */
  #longestPrefix = 0
  readonly #regexes: Candidate<R>[] = []

  constructor(entries: readonly { route: R; match: Match }[]) {
    // The sort is stable, so equal entries keep the order of the route's own list of matches.
    this.all = [...entries].sort(byPrecedence).map((entry, rank) => ({ ...entry, rank }))
    for (const candidate of this.all) {
      const { path } = candidate.match
      if ('exact' in path) append(this.#exact, path.exact, candidate)
      else if ('prefix' in path) {
        append(this.#prefixes, path.prefix, candidate)
        this.#longestPrefix = Math.max(this.#longestPrefix, path.prefix.length)
      } else this.#regexes.push(candidate)
    }
  }

  find(request: RouteRequest): Candidate<R> | undefined {
    if (this.#exact.size > 0) {
      // Exact paths rank before all others.
      const exact = better(this.#exact.get(request.path), request, undefined)
      if (exact !== undefined) return exact
    }
    let best: Candidate<R> | undefined
    if (this.#prefixes.size > 0) {
      if (this.#longestPrefix > 0) best = this.#underPrefixes(trimPath(request.path), request)
      best = better(this.#prefixes.get(''), request, best)
    }
    return this.#regexes.length > 0 ? better(this.#regexes, request, best) : best
  }

  /** Looks up the path, and then each part of it that ends before a slash. */
  #underPrefixes(path: string, request: RouteRequest): Candidate<R> | undefined {
    let best: Candidate<R> | undefined
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      if (end <= this.#longestPrefix) best = better(this.#prefixes.get(path.slice(0, end)), request, best)
    }
    return best
  }
}

function append<R>(index: Map<string, Candidate<R>[]>, path: string, candidate: Candidate<R>): void {
  const list = index.get(path)
  if (list === undefined) index.set(path, [candidate])
  else list.push(candidate)
}

/** The first of the candidates (in their order) that fits and ranks before `best`, else `best`. */
function better<R>(
  candidates: readonly Candidate<R>[] | undefined,
  request: RouteRequest,
  best: Candidate<R> | undefined,
): Candidate<R> | undefined {
  if (candidates === undefined) return best
  for (const candidate of candidates) {
    if (best !== undefined && candidate.rank > best.rank) return best
    if (mismatch(candidate.match, request) === undefined) return candidate
  }
  return best
}

/** All routes of one listener: host buckets, the most specific first, and the order of precedence in each. */
export class RouteTable<R extends Routable> {
  readonly #buckets = new HostTable<Bucket<R>>()

  /**
   * Of routes with one key the last one remains, as in agentgateway, to which a star alone is a name that no request has:
   * a route for all hosts names none.
   */
  constructor(routes: readonly R[]) {
    const entries = new Map<string, { route: R; match: Match }[]>()
    for (const route of new Map(routes.map(route => [route.key, route])).values()) {
      const hostnames = route.hostnames.filter(hostname => hostname !== '' && hostname !== '*')
      for (const hostname of route.hostnames.length > 0 ? hostnames : ['*']) {
        const name = comparable(hostname)
        const bucket = entries.get(name) ?? []
        entries.set(name, bucket)
        for (const match of route.matches) bucket.push({ route, match })
      }
    }
    for (const [hostname, list] of entries) this.#buckets.set(hostname, new Bucket(list))
  }

  /** A bucket without a fitting route passes the request on to the next, less specific one. */
  find(request: RouteRequest): Candidate<R> | undefined {
    for (const bucket of this.#buckets.candidates(request.host)) {
      const found = bucket.find(request)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** Every bucket that the host reaches, in order, with all its candidates in order of precedence. */
  inOrder(
    host: string,
  ): { readonly hostname: string | undefined; readonly candidates: readonly Candidate<R>[] }[] {
    const reached = new Set(this.#buckets.candidates(host))
    return this.#buckets
      .entries()
      .filter(([, bucket]) => reached.has(bucket))
      .map(([hostname, bucket]) => ({ hostname, candidates: bucket.all }))
  }

  /** Every route with the hostname it hangs under; undefined stands for all hosts. */
  entries(): readonly (readonly [string | undefined, readonly Candidate<R>[]])[] {
    return this.#buckets.entries().map(([hostname, bucket]) => [hostname, bucket.all] as const)
  }
}
