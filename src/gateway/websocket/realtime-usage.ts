import { isObject } from '../../json.ts'
import { bothCosts, type Cost } from '../costs/costs.ts'
import { type Usage, UsageReader } from '../telemetry/usage.ts'

/** The one event of a session that tells what an answer has cost. */
const DONE = '"response.done"'

/** What tokens cost; undefined where nobody knows prices. */
export type Price = (usage: Usage) => Cost | undefined

/**
 * Adds up what the answers of one realtime session have cost, by its `response.done` events. Each is priced by itself: all
 * their prompts together would be in a higher tier than any of them.
 */
export class RealtimeUsage {
  readonly #price: Price
  #sum: Usage | undefined
  #cost: Cost | undefined

  constructor(price: Price) {
    this.#price = price
  }

  get usage(): Usage | undefined {
    return this.#sum
  }

  /** Undefined before the first answer, too. */
  get cost(): Cost | undefined {
    return this.#cost
  }

  /** A text message of the server. */
  push(message: Buffer): void {
    if (!message.includes(DONE)) return
    const reader = new UsageReader()
    reader.push(usageIn(message))
    const { usage } = reader
    if (usage === undefined) return
    this.#sum = this.#sum === undefined ? usage : added(this.#sum, usage)
    const cost = this.#price(usage)
    if (cost !== undefined) this.#cost = bothCosts(this.#cost, cost)
  }
}

/** Only what stands in its place counts: a model may write such an event into what it says. */
function usageIn(message: Buffer): string {
  try {
    const event: unknown = JSON.parse(message.toString())
    if (!isObject(event) || event['type'] !== 'response.done' || !isObject(event['response'])) return ''
    return JSON.stringify({ usage: event['response']['usage'] })
  } catch {
    return ''
  }
}

function added(a: Usage, b: Usage): Usage {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof Usage>
  const sums = [...names].map(name => [name, (a[name] ?? 0) + (b[name] ?? 0)] as const)
  return Object.fromEntries(sums) as unknown as Usage
}
