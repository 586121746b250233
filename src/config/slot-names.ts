import { addressOf, distanceOf } from './rules/hosts.ts'
import { isNode, type Node, text } from './slot-tree.ts'

/** What a slot may be called. */
export interface SlotName {
  readonly name: string
  /** What it is called instead where others have that name. */
  readonly apart?: string | undefined
  /** Who of them keeps it: the one with the lowest number, if it is alone. */
  readonly rank?: number
}

/** The host that a backend calls instead of its provider's own; undefined where it names none. */
export function namedHost({ hostOverride, params }: Node): string | undefined {
  const given = isNode(params) ? params : {}
  const url = text(given['baseUrl'])
  if (url !== undefined && URL.canParse(url)) return new URL(url).hostname
  const address = text(given['hostOverride']) ?? text(hostOverride)
  return address === undefined ? undefined : addressOf(address).host
}

/**
 * A star would be a poor thing to type: a wildcard model is called by its provider. Where somebody else is called than that,
 * or where several have the same provider, it is called by what is fixed in its name, or by the host.
 */
export function wildcardName(pattern: string, provider: string, host: string | undefined): SlotName {
  const fixed = pattern.replace('*', '').replace(/^\W+|\W+$/g, '') || undefined
  if (host !== undefined && distanceOf(host) !== 'loopback') return { name: fixed ?? host }
  const rank = host !== undefined ? 2 : fixed === undefined ? 0 : 1
  return { name: provider.toLowerCase(), apart: fixed ?? host, rank }
}

/** The names in which no order of the file plays a part; two may still be the same. */
export function namesApart(slots: readonly SlotName[]): string[] {
  const ranks = new Map<string, number[]>()
  for (const { name, rank = -1 } of slots) ranks.set(name, [...(ranks.get(name) ?? []), rank])
  return slots.map(({ name, apart, rank = -1 }) => {
    const all = ranks.get(name) ?? []
    const others = all.filter(one => one <= rank).length - 1
    return apart === undefined || others === 0 ? name : apart
  })
}
