import { bucketFor, KeptStates, LocalLimits, type Runtime, SharedHealth } from '../../gateway/index.ts'
import type { FromWorker, SentWant, ToWorker } from './wire.ts'

type Take = Extract<FromWorker, { kind: 'take' }>
type Learnt = Extract<FromWorker, { kind: 'outcome' }>
type Start = Extract<ToWorker, { kind: 'start' }>
type Result = Extract<ToWorker, { kind: 'taken' }>['results'][number]

/** What all workers go by alike: the buckets of rate limits, and what is known of the health of backends. */
export class SharedState {
  #runtime: Runtime
  readonly #states = new KeptStates()
  readonly #limits = new LocalLimits(this.#states)
  readonly #health = new SharedHealth(this.#states)

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** This config serves now. Of what was kept for the one before, it keeps what it still asks for. */
  adopt(runtime: Runtime): void {
    this.#runtime = runtime
    this.#states.keep(new Set(runtime.kept.map(({ id }) => id)))
  }

  /** Settles what is over, and answers what is asked for. */
  take({ asks, settlements }: Take): Result[] {
    for (const { want, taken, cost } of settlements) this.#limits.settle(wantOf(want), taken, cost)
    return asks.map(({ id, wants }) => ({ id, taken: this.#limits.take(wants.map(wantOf)) }))
  }

  /** How a call went that a worker has made. */
  learn({ backend, outcome }: Learnt): void {
    this.#health.learn(this.#runtime.kept, backend, outcome)
  }

  /** For a worker that begins. */
  get standings(): Start['health'] {
    return this.#health.standings(this.#runtime.kept)
  }
}

function wantOf({ bucket, rule, amount }: SentWant) {
  return { bucket: { id: bucket, create: () => bucketFor(rule) }, rule, amount }
}
