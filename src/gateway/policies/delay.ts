import { isDuration } from '../../config/duration.ts'
import { LONGEST_TIMER_MS } from '../../timers.ts'
import type { Expression } from '../cel/cel.ts'
import { celContext } from '../cel/context.ts'
import { millisecondsOf } from '../cel/values.ts'
import { milliseconds } from '../compile/duration.ts'
import type { Exchange } from '../exchange.ts'
import { ANSWER_ORDER, type Watcher } from '../watcher.ts'
import { afterBody } from './after-body.ts'
import type { PolicyKind, Verdict } from './policy.ts'

/** Holds requests back. The time counts against the request's deadline, and a client that leaves ends it. */
export const delay: PolicyKind<'delay'> = {
  name: 'delay',
  compile([{ value, path }], { cel, maxBodyBytes }) {
    const { duration } = value
    if (isDuration(duration)) {
      const ms = milliseconds(duration)
      if (ms === 0) return undefined
      return { name: 'delay', path, passesTime: true, run: exchange => wait(exchange, ms) }
    }
    const expression = cel.compile(duration, [...path, 'duration'])
    const hold = (exchange: Exchange) => waitFor(exchange, expression)
    const run = expression.usesBody ? afterBody(maxBodyBytes, hold) : hold
    return { name: 'delay', path, passesTime: true, run }
  },
}

/** A duration or a number of milliseconds; an expression that fails, or yields anything else, holds nothing back. */
function waitFor(exchange: Exchange, expression: Expression): Promise<Verdict> | undefined {
  let ms: number | undefined
  try {
    ms = millisecondsOf(expression.evaluate(celContext(exchange)))
  } catch {
    return undefined
  }
  return ms !== undefined && ms > 0 ? wait(exchange, ms) : undefined
}

function wait(exchange: Exchange, ms: number): Promise<Verdict> {
  return new Promise(resolve => {
    exchange.watch(new Timer(setTimeout(resolve, Math.min(ms, LONGEST_TIMER_MS), undefined)))
  })
}

/** Nothing is left behind by a request that ends before its time. */
class Timer implements Watcher {
  readonly answerOrder = ANSWER_ORDER.headers
  readonly #timer: NodeJS.Timeout

  constructor(timer: NodeJS.Timeout) {
    this.#timer = timer
  }

  onEnd(): void {
    clearTimeout(this.#timer)
  }
}
