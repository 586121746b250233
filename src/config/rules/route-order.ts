import type { Path } from '../diagnostic.ts'
import type { FileContext, FileRule } from './rule.ts'
import type { ListenerScene, Served } from './scene-listeners.ts'
import { isNode, type Node, nodeAt, nodesAt, textAt } from './tree.ts'
import { lineOf, shown } from './words.ts'

/** One match of a route, for one of its hosts. */
interface Entry {
  readonly served: Served
  readonly index: number
  readonly order: Order
  /** Requests it takes, as text: entries with the same one take the same requests. */
  readonly same: string
  /** Path, method and numbers of conditions: what ranks alike, and may take the same request. */
  readonly like: string
  readonly match: Node
}

/** What decides between two entries that both fit, before their keys do. */
interface Order {
  readonly rank: number
  readonly length: number
  readonly method: boolean
  readonly headers: number
  readonly query: number
}

/** Comparisons of entries that rank alike are given up after so many. */
const MOST_COMPARISONS = 2000

/** Routes that never get a request because another one always wins, and ties that the names decide. */
export const routeOrder: FileRule = context => {
  // A route at several listeners has one path and one list of matches, which tell it apart.
  const places = new Map<Node | Path, { entry: Entry; winner?: Entry; open: boolean }>()
  for (const listener of [...context.scene.listeners, ...context.scene.groups]) {
    if (listener.kind !== 'http') continue
    for (const entries of bucketsOf(listener).values()) {
      for (const [entry, winner] of shadows(entries)) {
        const key = entry.served.written ? entry.match : entry.served.path
        const known = places.get(key)
        // One host of one listener where it wins is enough.
        const open = winner === undefined || known?.open === true
        places.set(key, { entry, open, ...(winner !== undefined && { winner }) })
      }
      ties(entries, context)
    }
  }
  const hidden = [...places.values()].flatMap(({ entry, winner, open }) =>
    open || winner === undefined ? [] : [{ entry, winner }],
  )
  reportHidden(hidden, context)
}

/** The matches of a listener by the host they are for. Of routes with the same key the last one counts. */
function bucketsOf(listener: ListenerScene): Map<string, Entry[]> {
  const byKey = new Map(listener.served.map(served => [served.key, served]))
  const buckets = new Map<string, Entry[]>()
  for (const served of byKey.values()) {
    const entries = served.matches.map((match, index) => entryOf(served, match, index))
    for (const host of served.hostnames.length === 0 ? [''] : served.hostnames) {
      const bucket = buckets.get(host) ?? []
      for (const entry of entries) bucket.push(entry)
      buckets.set(host, bucket)
    }
  }
  return buckets
}

function entryOf(served: Served, match: Node, index: number): Entry {
  const path = nodeAt(match, 'path') ?? { pathPrefix: '/' }
  const exact = typeof path['exact'] === 'string'
  const text = String(path['exact'] ?? path['pathPrefix'] ?? path['regex'] ?? '')
  const headers = conditions(match, 'headers')
  const query = conditions(match, 'query')
  const method = textAt(match, 'method') ?? ''
  const kind = exact ? 'exact' : typeof path['regex'] === 'string' ? 'regex' : 'prefix'
  const taken = kind === 'prefix' ? text.replace(/\/+$/, '') : text
  const invalid = match['path'] === 'invalid'
  return {
    served,
    match,
    index,
    order: {
      rank: invalid ? 0 : exact ? 3 : 2,
      length: Buffer.byteLength(text),
      method: method !== '',
      headers: headers.length,
      query: query.length,
    },
    same: [kind, taken, method, headers.sort().join('\n'), query.sort().join('\n')].join('\0'),
    like: [kind, taken, method, headers.length, query.length].join('\0'),
  }
}

function pathOf({ served, index }: Entry): Path {
  return served.written ? [...served.path, 'matches', index] : served.path
}

function conditions(match: Node, list: 'headers' | 'query'): string[] {
  return nodesAt(match, list).map(([one]) => {
    const name = textAt(one, 'name') ?? ''
    return `${list === 'headers' ? name.toLowerCase() : name} ${JSON.stringify(one['value'])}`
  })
}

/** Earlier means: asked first. */
function isEarlier(a: Entry, b: Entry): boolean {
  const { rank, length, method, headers, query } = b.order
  if (a.order.rank !== rank) return a.order.rank > rank
  if (a.order.length !== length) return a.order.length > length
  if (a.order.method !== method) return a.order.method
  if (a.order.headers !== headers) return a.order.headers > headers
  if (a.order.query !== query) return a.order.query > query
  return a.served.key < b.served.key
}

/** The entries of a bucket, each with that of another route that always takes its requests, if there is one. */
function shadows(entries: readonly Entry[]): [Entry, Entry | undefined][] {
  const first = new Map<string, Entry>()
  for (const entry of entries) {
    const known = first.get(entry.same)
    if (known === undefined || isEarlier(entry, known)) first.set(entry.same, entry)
  }
  const takesAll = entries
    .filter(isTotal)
    .reduce<Entry | undefined>(
      (best, entry) => (best === undefined || isEarlier(entry, best) ? entry : best),
      undefined,
    )
  return entries.map(entry => {
    const twin = first.get(entry.same)
    const all = takesAll !== undefined && isEarlier(takesAll, entry) ? takesAll : undefined
    return [entry, [twin, all].find(one => one !== undefined && one.served !== entry.served)]
  })
}

/** A regular expression for any path, without conditions. */
function isTotal({ match, order }: Entry): boolean {
  const regex = textAt(match, 'path', 'regex')
  return (
    regex !== undefined && /^\^?\/?\.\*\$?$/.test(regex) && order.headers + order.query === 0 && !order.method
  )
}

/** A route with all its matches hidden is one finding; else there is one for each hidden match. */
function reportHidden(
  hidden: readonly { readonly entry: Entry; readonly winner: Entry }[],
  { document, report }: FileContext,
): void {
  const matches = new Map<Path, Set<number>>()
  for (const { entry } of hidden) {
    const { path } = entry.served
    matches.set(path, (matches.get(path) ?? new Set()).add(entry.index))
  }
  for (const { entry, winner } of hidden) {
    const { served } = entry
    const whole = !served.written || matches.get(served.path)?.size === served.matches.length
    const who =
      winner.served.what === 'route' ? routeWord(winner.served) : `the ${winner.served.what} section`
    report({
      code: 'ROUTE_SHADOWED',
      path: whole ? served.path : pathOf(entry),
      at: served.what === 'route' ? 'value' : 'key',
      message: `${whole ? (served.what === 'route' ? 'this route' : `the ${served.what} section`) : 'this match'} never gets a request: ${who} in ${lineOf(document, pathOf(winner))} takes them all`,
      hint: reason(winner, entry),
    })
  }
}

function routeWord({ name }: Served): string {
  return name === undefined ? 'the route' : `the route ${shown(name, 'there')}`
}

function reason(winner: Entry, { served, order }: Entry): string {
  const tied = winner.order.rank === order.rank && winner.order.length === order.length
  const later = tied && served.path.length === winner.served.path.length && comesLater(winner.served, served)
  if (later) {
    return 'between equal matches the name decides, letter by letter (route10 comes before route2), not the order in the file: give them names or other matches'
  }
  return 'give it a more special match (a longer path, a method, a header, a host), or remove it'
}

function comesLater(a: Served, b: Served): boolean {
  return Number(a.path.at(-1)) > Number(b.path.at(-1))
}

/** Entries that rank alike and can fit the same request, where the names turn the order of the file around. */
function ties(entries: readonly Entry[], { document, report }: FileContext): void {
  const alike = new Map<string, Entry[]>()
  for (const entry of entries) {
    if (entry.served.what !== 'route' || entry.order.headers + entry.order.query === 0) continue
    alike.set(entry.like, [...(alike.get(entry.like) ?? []), entry])
  }
  for (const group of alike.values()) {
    let left = MOST_COMPARISONS
    for (const [index, later] of group.entries()) {
      if (left <= 0) break
      const rival = group.slice(0, Math.min(index, left)).find(earlier => {
        return (
          earlier.served !== later.served &&
          earlier.same !== later.same &&
          later.served.key < earlier.served.key &&
          canBothFit(earlier.match, later.match)
        )
      })
      left -= index
      if (rival === undefined) continue
      report({
        code: 'ROUTE_TIE',
        path: pathOf(later),
        message: `a request that also fits ${routeWord(rival.served)} in ${lineOf(document, pathOf(rival))} comes here, though that one stands first: names decide, letter by letter`,
        hint: 'give the route that shall win the smaller name, or one more condition',
      })
    }
  }
}

/** False where the same header or parameter would need two values at once. */
function canBothFit(a: Node, b: Node): boolean {
  for (const list of ['headers', 'query'] as const) {
    const values = new Map(
      nodesAt(a, list).map(([one]) => [textAt(one, 'name')?.toLowerCase(), one['value']]),
    )
    for (const [one] of nodesAt(b, list)) {
      const other = values.get(textAt(one, 'name')?.toLowerCase())
      const { value } = one
      if (!isNode(other) || !isNode(value)) continue
      if (
        typeof other['exact'] === 'string' &&
        typeof value['exact'] === 'string' &&
        other['exact'] !== value['exact']
      )
        return false
    }
  }
  return true
}
