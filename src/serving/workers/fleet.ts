import cluster, { type Worker } from 'node:cluster'
import { AgwError } from '../../errors.ts'
import type { ListeningAddress, LogLevel, MetricsSnapshot, Runtime } from '../../gateway/index.ts'
import type { ResolvedConfig } from '../../secrets/index.ts'
import { LONGEST_TIMER_MS } from '../../timers.ts'
import type { News } from '../news.ts'
import { unlessAborted } from '../unless-aborted.ts'
import {
  cannotStart,
  Deaths,
  hasDied,
  hasHung,
  hasNotEnded,
  hasNotStarted,
  hungAtStart,
  type Loss,
  noneLeft,
  notStarted,
} from './deaths.ts'
import { Delivery, type Outcome, OutgoingConfig } from './delivery.ts'
import { FleetMetrics } from './fleet-metrics.ts'
import type { FleetOptions } from './fleet-options.ts'
import { Handovers } from './handovers.ts'
import { Losses } from './losses.ts'
import { Pulse } from './pulse.ts'
import { SharedState } from './shared-state.ts'
import type { FromWorker, ToWorker } from './wire.ts'

/** What a worker may take for a piece of a new config, or to serve it; one that has not said a word by then hangs. */
const RELOAD_MS = 10_000
/** Starting takes longer than reloading: the program is read first, and several start at once. */
const START_MS = 60_000
/** How long it goes on to hand clients over once it is to close, in milliseconds: a queue of them may take a while. */
const MEETING_MS = 1000
/** After the end of the drain. */
const KILL_AFTER_MS = 5000

/** One worker, as the process above sees it. */
interface Member {
  readonly worker: Worker
  readonly startedAt: number
  /** When it first served; undefined until then. */
  servedAt?: number
  readonly pulse: Pulse
  /** The newest config on its way. */
  delivery?: Delivery
  /** How long it had not said a word when it was ended for that, in milliseconds. */
  silentMs?: number
}

/**
 * Several worker processes that serve one config as one gateway: they share the ports, the buckets of rate limits, what is
 * known of the health of backends, and the metrics. One that dies is replaced.
 */
export class Fleet {
  readonly #options: FleetOptions
  readonly #members = new Map<number, Member>()
  readonly #metrics = new FleetMetrics()
  readonly #losses = new Losses()
  readonly #handovers = new Handovers()
  readonly #deaths = new Deaths()
  readonly #shared: SharedState
  #newest: OutgoingConfig
  #level: LogLevel
  #isClosing = false
  addresses: readonly ListeningAddress[] = []

  private constructor(runtime: Runtime, config: ResolvedConfig, level: LogLevel, options: FleetOptions) {
    this.#options = options
    this.#shared = new SharedState(runtime)
    this.#level = level
    this.#newest = this.#outgoing(runtime, config, 1)
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
      await fleet.#add()
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

  #outgoing({ files }: Runtime, config: ResolvedConfig, version: number): OutgoingConfig {
    const texts = [...files].map(([path, { text }]) => [path, text] as const)
    return new OutgoingConfig(version, { config, hidden: this.#options.hidden(), files: texts })
  }

  get level(): LogLevel {
    return this.#level
  }

  set level(level: LogLevel) {
    this.#level = level
    this.#tellAll({ kind: 'level', level })
  }

  async #add(): Promise<void> {
    const worker = cluster.fork()
    this.#handovers.follow(worker.process)
    const pulse = new Pulse(silentMs => this.#endHung(member, silentMs), this.#options.beatMs)
    const member: Member = { worker, startedAt: performance.now(), pulse }
    this.#members.set(worker.id, member)
    worker.on('message', (message: FromWorker) => this.#hear(member, message))
    let trouble: Error | undefined
    worker.on('error', error => {
      if (worker.process.pid !== undefined) return
      // What never began does not end: Node tells of this error alone.
      trouble = error
      this.#left(member, '')
    })
    worker.once('exit', (status, signal) => {
      // What it has said last may still be on its way.
      const leave = (): void => this.#left(member, signal ?? `status ${status}`)
      if (worker.isConnected()) worker.once('disconnect', leave)
      else leave()
    })
    const outcome = await this.#deliver(member)
    // It would stay for as long as this process does, and serve nothing, or what is old.
    if (outcome?.kind === 'failed') this.#tell(member, { kind: 'close', drainMs: 0 })
    // One that has served an older config on its way is replaced when it leaves.
    if (outcome?.kind === 'serving' || isServing(member)) return
    if (trouble !== undefined) throw cannotStart(trouble)
    if (member.silentMs !== undefined) throw hungAtStart(member.silentMs)
    if (outcome === undefined) throw notStarted(performance.now() - member.startedAt)
    throw new AgwError(outcome.code, outcome.message, { hint: outcome.hint })
  }

  /** The word of the worker once it serves the newest config. One that hangs is ended, and replaced as any that dies. */
  #deliver(member: Member): Promise<Outcome | undefined> {
    if (member.delivery === undefined || member.delivery.isOver) {
      const delivery = new Delivery({
        newest: () => this.#newest,
        send: message => this.#tell(member, message),
        limitMs: () => (isServing(member) ? RELOAD_MS : (this.#options.startMs ?? START_MS)),
        onHang: limitMs => this.#endHung(member, limitMs),
      })
      member.delivery = delivery
      if (isServing(member)) delivery.begin()
    }
    return member.delivery.outcome
  }

  #endHung(member: Member, silentMs: number): void {
    member.silentMs = silentMs
    member.worker.process.kill('SIGKILL')
  }

  #tell({ worker }: Member, message: ToWorker): void {
    if (worker.isConnected()) worker.send(message, () => {})
  }

  #tellAll(message: ToWorker, except?: Member): void {
    for (const member of this.#members.values()) if (member !== except) this.#tell(member, message)
  }

  #hear(member: Member, message: FromWorker): void {
    member.pulse.heard()
    switch (message.kind) {
      case 'alive':
        return
      case 'ready':
        // What it was told before is lost.
        if (this.#isClosing) return this.#tell(member, { kind: 'close', drainMs: 0 })
        this.#tell(member, {
          kind: 'start',
          setup: this.#options.setup,
          level: this.#level,
          health: this.#shared.standings,
        })
        return member.delivery?.begin()
      case 'serving':
        member.servedAt ??= performance.now()
        member.pulse.begin()
        this.addresses = message.addresses
        return member.delivery?.hear(message)
      case 'more':
      case 'failed':
        return member.delivery?.hear(message)
      case 'snapshot':
        // The word of one that has left was counted with it.
        if (this.#members.has(member.worker.id))
          this.#metrics.take(member.worker.id, message.id, message.metrics)
        return
      case 'news':
        return this.#takeNews(member, message.news)
      case 'refused':
        return this.#options.onRefused(message)
      case 'outcome':
        this.#shared.learn(message)
        return this.#tellAll({ kind: 'outcome', backend: message.backend, outcome: message.outcome }, member)
      case 'take': {
        const results = this.#shared.take(message)
        if (results.length > 0) this.#tell(member, { kind: 'taken', results })
        return
      }
    }
  }

  /** What one loses that has left is no news: it was forgotten with it. */
  #takeNews({ worker }: Member, news: News): void {
    if (news.way !== undefined && !this.#members.has(worker.id)) return
    if (this.#losses.isNews(worker.id, news)) this.#options.onNews(news)
  }

  #left(member: Member, how: string): void {
    const { worker, servedAt, silentMs } = member
    this.#members.delete(worker.id)
    member.pulse.end()
    this.#metrics.leave(worker.id)
    member.delivery?.end()
    // One that never served is the business of whoever started it.
    if (this.#isClosing || servedAt === undefined) return
    this.#losses.leave(worker.id)
    this.#replace(silentMs === undefined ? hasDied(how) : hasHung(silentMs), performance.now() - servedAt)
  }

  #replace(loss: Loss, lifeMs: number): void {
    const wait = this.#deaths.count(lifeMs)
    if (this.#deaths.areTooMany && !this.isServing) return this.#options.onGone(noneLeft(loss))
    this.#options.onNews({ message: loss.what + loss.next, hint: loss.hint, isTrouble: true })
    setTimeout(() => {
      if (this.#isClosing) return
      this.#add().catch((error: unknown) => this.#isClosing || this.#replace(hasNotStarted(error), 0))
    }, wait).unref()
  }

  /** Serves the new config in all workers, or in none. Waits no more once `signal` aborts, which is before it closes. */
  async reload(runtime: Runtime, config: ResolvedConfig, signal: AbortSignal): Promise<void> {
    const before = this.#newest
    this.#newest = this.#outgoing(runtime, config, before.version + 1)
    const failed = (await unlessAborted(this.#reloadAll(), signal)).find(
      outcome => outcome?.kind === 'failed',
    )
    if (failed?.kind === 'failed') {
      this.#newest = new OutgoingConfig(this.#newest.version + 1, before)
      await unlessAborted(this.#reloadAll(), signal)
      throw new AgwError(failed.code, failed.message, { hint: failed.hint })
    }
    this.#shared.adopt(runtime)
  }

  #reloadAll(): Promise<(Outcome | undefined)[]> {
    return Promise.all([...this.#members.values()].filter(isServing).map(member => this.#deliver(member)))
  }

  /** What all workers have counted, those that are gone included as far as they have told. */
  metrics(): Promise<MetricsSnapshot[]> {
    return this.#metrics.all([...this.#members.keys()], (id, question) => {
      const member = this.#members.get(id)
      if (member !== undefined) this.#tell(member, { kind: 'snapshot', id: question })
    })
  }

  /** Lets requests under way finish in all workers, then ends them. */
  async close({ drainMs }: { readonly drainMs: number }): Promise<void> {
    this.#isClosing = true
    for (const { delivery, pulse } of this.#members.values()) {
      delivery?.end()
      pulse.end()
    }
    const deadline = performance.now() + drainMs
    await this.#handovers.allMet(Math.min(MEETING_MS, drainMs / 2))
    this.#tellAll({ kind: 'close', drainMs: Math.max(0, deadline - performance.now()) })
    const ended = [...this.#members.values()].map(
      ({ worker }) => new Promise<void>(resolve => worker.once('exit', () => resolve())),
    )
    const limitMs = Math.min(drainMs + KILL_AFTER_MS, LONGEST_TIMER_MS)
    const kill = setTimeout(() => this.#kill(limitMs), limitMs)
    await Promise.all(ended)
    clearTimeout(kill)
  }

  #kill(afterMs: number): void {
    for (const { worker } of this.#members.values()) {
      this.#options.onNews(hasNotEnded(afterMs))
      worker.process.kill('SIGKILL')
    }
  }
}

function isServing({ servedAt }: Member): boolean {
  return servedAt !== undefined
}
