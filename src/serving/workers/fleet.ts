import cluster, { type Worker } from 'node:cluster'
import { AgwError } from '../../errors.ts'
import {
  bucketFor,
  KeptStates,
  type ListeningAddress,
  LocalLimits,
  type LogLevel,
  type MetricsSnapshot,
  type Runtime,
} from '../../gateway/index.ts'
import type { ResolvedConfig } from '../../secrets/index.ts'
import { suggested } from '../../suggested.ts'
import type { RefusedKey } from '../key-use.ts'
import { encodeConfig } from '../plain-config.ts'
import { FleetMetrics } from './fleet-metrics.ts'
import type { FromWorker, SentConfig, SentWant, ToWorker, WorkerSetup } from './wire.ts'

export interface FleetOptions {
  readonly workers: number
  /** `bin/worker.cjs` */
  readonly script: string
  readonly setup: WorkerSetup
  /** Values that no log line may show, beside the config's own. */
  readonly hidden: () => readonly string[]
  readonly onRefused: (refused: RefusedKey) => void
  readonly onNote: (message: string) => void
  /** No worker is left, and none can be started. */
  readonly onGone: (error: AgwError) => void
  /** What a worker may take from its start until it serves, in milliseconds. */
  readonly startMs?: number
}

/** What a worker may take to serve a new config; one that has not said a word by then hangs. */
const RELOAD_MS = 10_000
/** Starting takes longer than reloading: the program is read first, and several start at once. */
const START_MS = 60_000
/** A worker that lives shorter is one that cannot live: the next one waits longer each time. */
const SHORT_LIFE_MS = 1000
const LONGEST_WAIT_MS = 10_000
/** So many in a row that could not live, and none beside them that serves: there is no gateway any more. */
const MOST_FAILURES = 5
/** After the end of the drain. */
const KILL_AFTER_MS = 5000

/** One worker, as the process above sees it. */
interface Member {
  readonly worker: Worker
  readonly since: number
  /** The newest config that it serves. */
  version: number
}

type Outcome = Extract<FromWorker, { kind: 'serving' | 'failed' }>

/**
 * Several worker processes that serve one config as one gateway: they share the ports, the buckets of rate limits, what is
 * known of the health of backends, and the metrics. One that dies is replaced.
 */
export class Fleet {
  readonly #options: FleetOptions
  readonly #members = new Map<number, Member>()
  /** Who waits for the word of a worker: `worker/version`. */
  readonly #waiting = new Map<string, (outcome: Outcome | undefined) => void>()
  readonly #metrics = new FleetMetrics()
  readonly #states = new KeptStates()
  readonly #limits = new LocalLimits(this.#states)
  #sent: SentConfig
  #runtime: Runtime
  #level: LogLevel
  #failuresInARow = 0
  #isClosing = false
  addresses: readonly ListeningAddress[] = []

  private constructor(runtime: Runtime, config: ResolvedConfig, level: LogLevel, options: FleetOptions) {
    this.#options = options
    this.#runtime = runtime
    this.#level = level
    this.#sent = this.#encoded(config, 1)
  }

  /** Starts the workers. Throws what a worker says it cannot do: PORT_TAKEN. */
  static async start(
    runtime: Runtime,
    config: ResolvedConfig,
    level: LogLevel,
    options: FleetOptions,
  ): Promise<Fleet> {
    const fleet = new Fleet(runtime, config, level, options)
    cluster.setupPrimary({ exec: options.script, args: [], serialization: 'advanced' })
    try {
      // The first one finds out whether the ports can be had.
      fleet.addresses = await fleet.#add()
      await Promise.all(Array.from({ length: options.workers - 1 }, () => fleet.#add()))
    } catch (error) {
      await fleet.close({ drainMs: 0 })
      throw error
    }
    return fleet
  }

  /** Some worker takes requests. */
  get isServing(): boolean {
    return [...this.#members.values()].some(isServing)
  }

  #encoded(config: ResolvedConfig, version: number): SentConfig {
    return { version, config: encodeConfig(config), hidden: this.#options.hidden() }
  }

  get level(): LogLevel {
    return this.#level
  }

  set level(level: LogLevel) {
    this.#level = level
    this.#tellAll({ kind: 'level', level })
  }

  async #add(): Promise<readonly ListeningAddress[]> {
    const worker = cluster.fork()
    const member: Member = { worker, since: performance.now(), version: 0 }
    this.#members.set(worker.id, member)
    worker.on('message', (message: FromWorker) => this.#hear(member, message))
    worker.on('error', () => {})
    worker.once('exit', (status, signal) => this.#left(member, signal ?? `status ${status}`))
    const { version } = this.#sent
    const start: ToWorker = {
      kind: 'start',
      setup: this.#options.setup,
      sent: this.#sent,
      level: this.#level,
    }
    worker.once('message', () => this.#tell(member, start))
    const outcome = await this.#wordInTime(member, version, this.#options.startMs ?? START_MS)
    if (outcome === undefined) throw notStarted(performance.now() - member.since)
    if (outcome.kind === 'failed') {
      // It serves nothing, and would stay for as long as this process does.
      this.#tell(member, { kind: 'close', drainMs: 0 })
      throw new AgwError(outcome.code, outcome.message, { hint: outcome.hint })
    }
    // There may have been a reload while it started.
    if (this.#sent.version !== version) this.#tell(member, { kind: 'reload', sent: this.#sent })
    return outcome.addresses
  }

  #word({ worker }: Member, version: number): Promise<Outcome | undefined> {
    return new Promise(resolve => this.#waiting.set(`${worker.id}/${version}`, resolve))
  }

  #tell({ worker }: Member, message: ToWorker): void {
    if (worker.isConnected()) worker.send(message, () => {})
  }

  #tellAll(message: ToWorker, except?: Member): void {
    for (const member of this.#members.values()) if (member !== except) this.#tell(member, message)
  }

  #hear(member: Member, message: FromWorker): void {
    switch (message.kind) {
      case 'ready':
        return
      case 'serving':
        member.version = message.version
        this.addresses = message.addresses
        return this.#answer(member, message)
      case 'failed':
        return this.#answer(member, message)
      case 'snapshot':
        // The word of one that has left was counted with it.
        if (this.#members.has(member.worker.id))
          this.#metrics.take(member.worker.id, message.id, message.metrics)
        return
      case 'note':
        return this.#options.onNote(message.message)
      case 'refused':
        return this.#options.onRefused(message)
      case 'outcome':
        return this.#tellAll({ kind: 'outcome', backend: message.backend, outcome: message.outcome }, member)
      case 'take':
        return this.#take(member, message)
    }
  }

  #answer({ worker }: Member, outcome: Outcome): void {
    const key = `${worker.id}/${outcome.version}`
    this.#waiting.get(key)?.(outcome)
    this.#waiting.delete(key)
  }

  #take(member: Member, { asks, settlements }: Extract<FromWorker, { kind: 'take' }>): void {
    for (const { want, taken, cost } of settlements) this.#limits.settle(wantOf(want), taken, cost)
    if (asks.length === 0) return
    const results = asks.map(({ id, wants }) => ({ id, taken: this.#limits.take(wants.map(wantOf)) }))
    this.#tell(member, { kind: 'taken', results })
  }

  #left(member: Member, how: string): void {
    const { worker, since } = member
    this.#members.delete(worker.id)
    this.#metrics.leave(worker.id)
    for (const [key, resolve] of this.#waiting) {
      if (!key.startsWith(`${worker.id}/`)) continue
      this.#waiting.delete(key)
      resolve(undefined)
    }
    // One that never served is the business of whoever started it.
    if (this.#isClosing || member.version === 0) return
    this.#replace(how, performance.now() - since)
  }

  #replace(how: string, lifeMs: number): void {
    this.#failuresInARow = lifeMs < SHORT_LIFE_MS ? this.#failuresInARow + 1 : 0
    const wait = this.#failuresInARow === 0 ? 0 : Math.min(LONGEST_WAIT_MS, 100 * 2 ** this.#failuresInARow)
    const isGone = this.#failuresInARow >= MOST_FAILURES && !this.isServing
    if (isGone) return this.#options.onGone(noneLeft(how))
    this.#options.onNote(`a worker has died (${how}), another one takes its place`)
    setTimeout(() => {
      if (this.#isClosing) return
      this.#add().catch(() => this.#isClosing || this.#replace('it did not start', 0))
    }, wait).unref()
  }

  /** Serves the new config in all workers, or in none. */
  async reload(runtime: Runtime, config: ResolvedConfig): Promise<void> {
    const before = this.#sent
    this.#sent = this.#encoded(config, before.version + 1)
    const failed = (await this.#reloadAll()).find(outcome => outcome?.kind === 'failed')
    if (failed?.kind === 'failed') {
      this.#sent = { ...before, version: this.#sent.version + 1 }
      await this.#reloadAll()
      throw new AgwError(failed.code, failed.message, { hint: failed.hint })
    }
    this.#runtime = runtime
    this.#states.keep(new Set(this.#runtime.kept.map(({ id }) => id)))
  }

  #reloadAll(): Promise<(Outcome | undefined)[]> {
    const served = [...this.#members.values()].filter(isServing)
    return Promise.all(
      served.map(member => {
        this.#tell(member, { kind: 'reload', sent: this.#sent })
        return this.#wordInTime(member, this.#sent.version, RELOAD_MS)
      }),
    )
  }

  /** One that hangs is ended, and replaced by one that starts with the newest config, as any other that dies. */
  #wordInTime(member: Member, version: number, limitMs: number): Promise<Outcome | undefined> {
    const kill = setTimeout(() => member.worker.process.kill('SIGKILL'), limitMs)
    return this.#word(member, version).finally(() => clearTimeout(kill))
  }

  /** What all workers have counted, those that are gone included as far as they have told. */
  metrics(): Promise<MetricsSnapshot[]> {
    return this.#metrics.all([...this.#members.keys()], (id, question) => {
      const member = this.#members.get(id)
      if (member !== undefined) this.#tell(member, { kind: 'snapshot', id: question })
    })
  }

  /** Lets requests under way finish in all workers, then ends them. */
  async close({ drainMs }: { readonly drainMs?: number } = {}): Promise<void> {
    this.#isClosing = true
    this.#tellAll({ kind: 'close', drainMs })
    const ended = [...this.#members.values()].map(
      ({ worker }) => new Promise<void>(resolve => worker.once('exit', () => resolve())),
    )
    const wait = (drainMs ?? this.#runtime.settings.drainMs) + KILL_AFTER_MS
    const kill = setTimeout(() => {
      for (const { worker } of this.#members.values()) worker.process.kill('SIGKILL')
    }, wait)
    await Promise.all(ended)
    clearTimeout(kill)
  }
}

function wantOf({ bucket, rule, amount }: SentWant) {
  return { bucket: { id: bucket, create: () => bucketFor(rule) }, rule, amount }
}

function isServing({ version }: Member): boolean {
  return version > 0
}

function notStarted(afterMs: number): AgwError {
  const seconds = Math.round(afterMs / 1000)
  return new AgwError('WORKER_FAILED', `a worker has ended after ${seconds} s, before it served`, {
    hint: `look at what it has said on standard error; ${suggested('serve', '--workers', '1')} serves without workers`,
  })
}

function noneLeft(how: string): AgwError {
  return new AgwError(
    'WORKER_FAILED',
    `${MOST_FAILURES} workers in a row have died (${how}), and none is left`,
    {
      hint: `look at what they have said on standard error; ${suggested('serve', '--workers', '1')} serves without workers`,
    },
  )
}
