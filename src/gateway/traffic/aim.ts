import type { Destination, Target } from '../destination.ts'
import type { Exchange } from '../exchange.ts'
import type { Destinations } from '../runtime.ts'
import { choose, type Health } from './health.ts'

/** Where a request goes now: a backend by weight, and of a group of providers the best one. */
export function aim(exchange: Exchange): Destination | undefined {
  const { target } = exchange
  if (target === undefined) return undefined
  if ('choices' in target) return aimAt(exchange, byWeight(exchange, target))
  return aimAt(exchange, target)
}

function aimAt(exchange: Exchange, target: Target | undefined): Destination | undefined {
  if (target === undefined || !('groups' in target)) return target
  return choose(target.groups, member => healthOf(exchange, member), performance.now())
}

function healthOf({ generation }: Exchange, { health }: Destination): Health | undefined {
  return health && generation.state(health.state)
}

/** By weight; those that are evicted are left out as long as there are others. */
function byWeight(exchange: Exchange, { choices, thresholds, hasHealth }: Destinations): Target | undefined {
  if (choices.length === 1) return choices[0]
  const draw = (): Target | undefined => {
    const ticket = Math.random() * (thresholds.at(-1) ?? 0)
    return choices[thresholds.findIndex(threshold => ticket < threshold)]
  }
  if (!hasHealth) return draw()
  const now = performance.now()
  const isOut = choices.map(
    choice => !('groups' in choice) && healthOf(exchange, choice)?.isEvicted(now) === true,
  )
  if (isOut.every(Boolean)) return draw()
  const weights = choices.map((_, i) => (isOut[i] ? 0 : (thresholds[i] ?? 0) - (thresholds[i - 1] ?? 0)))
  let ticket = Math.random() * weights.reduce((sum, weight) => sum + weight, 0)
  return choices.find((_, i) => {
    ticket -= weights[i] ?? 0
    return ticket < 0
  })
}
