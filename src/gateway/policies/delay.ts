import { isDuration } from '../../config/duration.ts'
import { milliseconds } from '../compile/duration.ts'
import { invalid } from '../compile/invalid.ts'
import type { Exchange } from '../exchange.ts'
import { ANSWER_ORDER, type Watcher } from '../watcher.ts'
import type { PolicyKind, Verdict } from './policy.ts'

/** Holds requests back. The time counts against the request's deadline, and a client that leaves ends it. */
export const delay: PolicyKind<'delay'> = {
  name: 'delay',
  compile([{ value, path }]) {
    if (!isDuration(value.duration)) {
      throw invalid([...path, 'duration'], 'only fixed delays are run here', 'write a duration, as in 500ms')
    }
    const ms = milliseconds(value.duration)
    if (ms === 0) return undefined
    return { name: 'delay', path, passesTime: true, run: exchange => wait(exchange, ms) }
  },
}

function wait(exchange: Exchange, ms: number): Promise<Verdict> {
  return new Promise(resolve => {
    exchange.watch(new Timer(setTimeout(resolve, ms, undefined)))
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
