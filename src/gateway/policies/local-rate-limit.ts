import type { Expression } from '../cel/cel.ts'
import { celContext } from '../cel/context.ts'
import { milliseconds } from '../compile/duration.ts'
import type { Exchange } from '../exchange.ts'
import { headersWhere } from '../headers/header-names.ts'
import { type Estimate, estimateTokens, promptTokens } from '../traffic/estimate.ts'
import { bucketFor, type Taken, type Want } from '../traffic/limits.ts'
import { tokenCost } from '../traffic/token-cost.ts'
import { ANSWER_ORDER, type OutgoingHead, type Watcher } from '../watcher.ts'
import { afterBody } from './after-body.ts'
import type { Placed, PolicyContext, PolicyKind, Step, Verdict } from './policy.ts'

type Limit = Extract<Placed<'localRateLimit'>['value'], readonly unknown[]>[number]

/** Limits for the requests that meet a condition. */
interface Entry {
  readonly condition: Expression | undefined
  readonly limit: RateLimit
}

/** Limits counted here: requests as they come, tokens when the request is read and again when it has been answered. */
export const localRateLimit: PolicyKind<'localRateLimit'> = {
  name: 'localRateLimit',
  compile([{ value, path }], context) {
    if (Array.isArray(value)) return value.length === 0 ? undefined : compileLimits(value, 0, path, context)
    const entries = value.conditional.map((one, index) => ({
      limit: compileLimits([one], index, path, context),
      condition: one.condition
        ? context.cel.compile(one.condition, [...path, 'conditional', index, 'condition'])
        : undefined,
    }))
    return firstThatHolds(entries, path, context)
  },
}

function compileLimits(
  limits: readonly Limit[],
  from: number,
  path: Step['path'],
  context: PolicyContext,
): RateLimit {
  const wants = limits.map((limit, at) => ({ limit, want: wantOf(limit, from + at, context) }))
  const ofType = (type: string) =>
    wants.filter(({ limit }) => (limit.type ?? 'requests') === type).map(({ want }) => want)
  return new RateLimit(path, ofType('requests'), ofType('tokens'))
}

/** A condition that fails does not hold. */
function firstThatHolds(
  entries: readonly Entry[],
  path: Step['path'],
  { maxBodyBytes }: PolicyContext,
): Step {
  const limited = (exchange: Exchange): Verdict | Promise<Verdict> => {
    const context = celContext(exchange)
    const entry = entries.find(({ condition }) => condition === undefined || condition.test(context) === true)
    return entry?.limit.run(exchange)
  }
  if (!entries.some(({ condition }) => condition?.usesBody))
    return { name: 'localRateLimit', path, run: limited }
  return {
    name: 'localRateLimit',
    path,
    run: afterBody(maxBodyBytes, limited),
  }
}

function wantOf(limit: Limit, index: number, context: PolicyContext): Want {
  const { maxTokens = 0, tokensPerFill = 0, fillInterval } = limit
  const rule = { maxTokens, tokensPerFill, fillIntervalMs: milliseconds(fillInterval) }
  // Two limits that are alike are still two.
  const bucket = context.keep('localRateLimit', { index, ...rule }, () => bucketFor(rule))
  return { bucket, rule, amount: 1 }
}

/** Weight of the newest answer in the running mean of their lengths. */
const ALPHA = 0.3

class RateLimit implements Step {
  readonly name = 'localRateLimit'
  readonly path: Step['path']
  readonly #requests: readonly Want[]
  readonly #tokens: readonly Want[]
  /** How long answers have been lately: the guess for a request that does not say how long its own may be. */
  #usualOutput = 0

  constructor(path: Step['path'], requests: readonly Want[], tokens: readonly Want[]) {
    this.path = path
    this.#requests = requests
    this.#tokens = tokens
  }

  run(exchange: Exchange): Verdict | Promise<Verdict> {
    const limited = new LimitedRequest(this)
    exchange.watch(limited)
    if (this.#tokens.length > 0)
      exchange.tokenLimit = { name: this.name, path: this.path, run: later => limited.reserve(later) }
    if (this.#requests.length === 0) return undefined
    return limited.judge(exchange, exchange.generation.limits.take(this.#requests))
  }

  /** The token buckets, with what a request will take as far as one can tell. */
  tokensFor({ prompt, most }: Estimate): Want[] {
    const amount = Math.max(1, prompt + Math.ceil(most ?? this.#usualOutput))
    return this.#tokens.map(want => ({ ...want, amount }))
  }

  learn(output: number): void {
    this.#usualOutput = this.#usualOutput === 0 ? output : ALPHA * output + (1 - ALPHA) * this.#usualOutput
  }
}

const NAMES = new Set(['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'])

/** One request on its way past the buckets. */
class LimitedRequest implements Watcher {
  readonly answerOrder = ANSWER_ORDER.headers
  readonly #limit: RateLimit
  /** How the bucket stands that is closest to its end. */
  #standing: Taken | undefined
  #reserved: readonly Want[] = []
  #estimate: Estimate = { prompt: 0, most: undefined }
  #amounts: readonly number[] = []
  #isOver = false

  constructor(limit: RateLimit) {
    this.#limit = limit
  }

  /** The request is ready for its provider: reserves its tokens. */
  reserve(exchange: Exchange): Verdict | Promise<Verdict> {
    this.#estimate = estimateTokens(exchange)
    const wants = this.#limit.tokensFor(this.#estimate)
    return this.judge(exchange, exchange.generation.limits.take(wants), wants)
  }

  judge(
    exchange: Exchange,
    taken: Taken | Promise<Taken>,
    reserved: readonly Want[] = [],
  ): Verdict | Promise<Verdict> {
    if (taken instanceof Promise) return taken.then(known => this.#judge(exchange, known, reserved))
    return this.#judge(exchange, taken, reserved)
  }

  #judge(exchange: Exchange, taken: Taken, reserved: readonly Want[]): Verdict {
    const isCloser = this.#standing === undefined || taken.remaining < this.#standing.remaining
    if (isCloser || !taken.isAllowed) this.#standing = taken
    if (!taken.isAllowed) return { status: 429, body: 'rate limit exceeded', reason: 'RateLimit' }
    this.#reserved = reserved
    this.#amounts = taken.amounts
    // The client did not wait to hear of it.
    if (this.#isOver) this.#settle(exchange)
    return undefined
  }

  onAnswer(_exchange: Exchange, head: OutgoingHead): void {
    if (this.#standing === undefined) return
    const { limit, remaining, resetSeconds } = this.#standing
    // A gateway or provider behind this one may have limits of its own; the client is told of one.
    if (head.headers.some((name, i) => i % 2 === 0 && NAMES.has(name.toLowerCase())))
      head.headers = headersWhere(head.headers, name => !NAMES.has(name))
    head.headers.push('x-ratelimit-limit', String(limit), 'x-ratelimit-remaining', String(remaining))
    head.headers.push('x-ratelimit-reset', String(resetSeconds))
  }

  onEnd(exchange: Exchange): void {
    this.#isOver = true
    const { outputTokens } = exchange.relay?.usage ?? {}
    if (this.#reserved.length > 0 && outputTokens !== undefined) this.#limit.learn(outputTokens)
    this.#settle(exchange)
  }

  #settle(exchange: Exchange): void {
    // The rest of a large body has come since.
    const { prompt, most } = this.#estimate
    const estimate = { prompt: Math.max(prompt, promptTokens(exchange)), most }
    for (const [at, want] of this.#reserved.entries()) {
      const taken = this.#amounts[at] ?? 0
      exchange.generation.limits.settle(want, taken, tokenCost(exchange, taken, estimate))
    }
  }
}
