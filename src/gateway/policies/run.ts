import type { Exchange } from '../exchange.ts'
import type { Step, Verdict } from './policy.ts'

/**
 * Lets each step have its say, then goes on with `next`; the first answer ends the request. As long as no step has to
 * wait there is no promise: the request goes through in one piece.
 */
export function runSteps(
  exchange: Exchange,
  steps: readonly Step[],
  next: (exchange: Exchange) => void,
): void {
  for (let i = 0; i < steps.length; i++) {
    const verdict = steps[i]?.run(exchange)
    if (verdict === undefined) continue
    if (verdict instanceof Promise) return void goOn(exchange, steps, i + 1, verdict, next)
    exchange.endedBy = steps[i]
    return exchange.end(verdict)
  }
  next(exchange)
}

async function goOn(
  exchange: Exchange,
  steps: readonly Step[],
  from: number,
  waitedFor: Promise<Verdict>,
  next: (exchange: Exchange) => void,
): Promise<void> {
  let verdict: Verdict
  try {
    verdict = await waitedFor
  } catch (error) {
    return exchange.attempt(() => {
      throw error
    })
  }
  // Meanwhile the client may have gone, or the time may be up.
  if (exchange.isAnswered) return
  exchange.attempt(() => {
    if (verdict === undefined) return runSteps(exchange, steps.slice(from), next)
    exchange.endedBy = steps[from - 1]
    exchange.end(verdict)
  })
}
