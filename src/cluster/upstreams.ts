import type { Path } from '../config/index.ts'
import { distanceOf } from '../config/rules/hosts.ts'
import { isSet } from '../config/rules/tree.ts'
import { isNewerType } from '../kubernetes/index.ts'
import { healthWords } from './health.ts'
import type { Taken } from './taken.ts'
import { unwritten } from './unwritten.ts'
import type { Words } from './words.ts'

/** Where a value stands that one of several places sets, the strongest first; undefined where none does. */
export function placeOf(taken: Taken, places: readonly Path[], key: string): Path | undefined {
  return places.map(place => [...place, key]).find(path => isSet(taken.look(...path)))
}

/** TLS towards a backend as its `tls`; undefined where it is called in clear text. */
export function tlsOf(taken: Taken, places: readonly Path[], key = 'backendTLS'): Words | undefined {
  const path = placeOf(taken, places, key)
  if (path === undefined) return undefined
  return tlsWords(taken.take(...path))
}

/** The same of the value itself. */
export function tlsWords(value: unknown): Words {
  const { hostname, insecure, insecureHost, ...more } = Object(value) as Words
  if (Object.values(more).some(isSet))
    unwritten('of its TLS this version writes hostname, insecure and insecureHost alone')
  const skipped = insecure === true ? 'All' : insecureHost === true ? 'Hostname' : undefined
  return {
    ...(typeof hostname === 'string' && { sni: hostname }),
    ...(skipped !== undefined && { insecureSkipVerify: skipped }),
  }
}

/** `health` of a backend, for its policies. */
export function healthOf(taken: Taken, places: readonly Path[]): Words {
  const path = placeOf(taken, places, 'health')
  if (path === undefined) return {}
  const health = healthWords(taken.takeFree(...path))
  return Object.keys(health).length === 0 ? {} : { health }
}

/** Throws {@link Unwritten} for an address that is another machine's in a cluster. */
export function requireReachable(url: string): void {
  const host = URL.canParse(url) ? new URL(url).hostname : ''
  if (distanceOf(host) === 'loopback') unwritten('it is on this machine, where a cluster does not reach it')
}

/**
 * Kinds of requests by path, of the strongest place that says any: those of weaker ones count nowhere. A kind that the
 * controller has no word for is left over: it would be taken for another, and passed on around guards and limits.
 */
export function routeTypes(
  taken: Taken,
  places: readonly Path[],
): Readonly<Record<string, string>> | undefined {
  const all = places.map((place): Path => [...place, 'ai', 'routes'])
  const [strongest, ...weaker] = all.filter(path => Object.keys(Object(taken.look(...path))).length > 0)
  if (strongest === undefined) return undefined
  for (const path of weaker) taken.takeKey(...path)
  const kept: Record<string, string> = {}
  for (const suffix of Object.keys(Object(taken.look(...strongest))))
    taken.attempt([...strongest, suffix], () => {
      const kind = String(taken.take(...strongest, suffix))
      if (isNewerType(kind))
        unwritten('the controller has no word for it: the guards of its backend would not look at it')
      kept[suffix] = kind
    })
  return kept
}
