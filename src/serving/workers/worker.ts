import cluster, { type Worker } from 'node:cluster'
import { deserialize } from 'node:v8'
import { AgwError } from '../../errors.ts'
import {
  type AccessEvent,
  compileRuntime,
  type Gateway,
  type GatewayOptions,
  type LogLevel,
  Metrics,
  type Runtime,
  type Standing,
  startGateway,
} from '../../gateway/index.ts'
import { Redactor } from '../../secrets/redactor.ts'
import { type OpenedLog, openAccessLog } from '../access-log.ts'
import { Assembly, type ConfigPiece } from '../config-pieces.ts'
import { refusedKey } from '../key-use.ts'
import { Exports } from '../otlp/exports.ts'
import { CountTeller } from './count-teller.ts'
import { BEAT_MS } from './pulse.ts'
import { RemoteLimits } from './remote-limits.ts'
import type { FromWorker, SentConfig, ToWorker, WorkerSetup } from './wire.ts'

/** Where the access log of a worker goes when it has no file. */
export interface WorkerOptions {
  readonly stderr: NodeJS.WritableStream
}

/** A worker process: serves what it is sent, on ports that the process above it has. Ends when that one says so or is gone. */
export function runWorker(options: WorkerOptions): void {
  const channel = cluster.worker
  if (channel === undefined) throw new AgwError('BUG', 'a worker was started by nobody')
  const serving = new ServingWorker(channel, options)
  channel.on('message', (message: ToWorker) => void serving.take(message))
  channel.send({ kind: 'ready' } satisfies FromWorker)
}

class ServingWorker {
  readonly #channel: Worker
  readonly #stderr: NodeJS.WritableStream
  readonly #redactor = new Redactor()
  readonly #metrics = new Metrics(text => this.#redactor.redact(text))
  readonly #counts = new CountTeller(() => this.#tellMetrics())
  #startedAt = Date.now()
  readonly #limits: RemoteLimits
  #sends = true
  readonly #exports = new Exports({
    redact: text => this.#redactor.redact(text),
    onNews: news => this.#tell({ kind: 'news', news }),
  })
  #setup: WorkerSetup | undefined
  #level: LogLevel = 'off'
  #health: ReadonlyMap<string, Standing> = new Map()
  #incoming: { readonly version: number; readonly config: Assembly } | undefined
  #gateway: Gateway | undefined
  /** What others have told of backends before there was a gateway to hear it. */
  readonly #heard: Extract<ToWorker, { kind: 'outcome' }>[] = []
  #log: OpenedLog | undefined
  /** Messages that change what is served are taken one after the other. */
  #queue: Promise<void> = Promise.resolve()

  constructor(channel: Worker, { stderr }: WorkerOptions) {
    this.#channel = channel
    this.#stderr = stderr
    // A reader that has gone costs the lines of the log, of which the log itself tells, and not the worker.
    stderr.on('error', () => {})
    this.#limits = new RemoteLimits(message => this.#tell(message))
    setInterval(() => this.#tell({ kind: 'alive' }), BEAT_MS).unref()
  }

  #tell(message: FromWorker): void {
    if (this.#channel.isConnected()) this.#channel.send(message)
  }

  #tellMetrics(id = 0): void {
    this.#tell({ kind: 'snapshot', id, metrics: this.#metrics.snapshot() })
  }

  take(message: ToWorker): void {
    switch (message.kind) {
      case 'start':
        this.#setup = message.setup
        this.#level = message.level
        this.#health = message.health
        return
      case 'config':
        return this.#takePiece(message)
      case 'snapshot':
        return this.#tellMetrics(message.id)
      case 'level':
        this.#level = message.level
        if (this.#log !== undefined) this.#log.level = message.level
        return
      case 'taken':
        for (const { id, taken } of message.results) this.#limits.answer(id, taken)
        return
      case 'outcome':
        if (this.#gateway === undefined) this.#heard.push(message)
        else this.#gateway.learn(message.backend, message.outcome)
        return
      case 'close':
        this.#queue = this.#queue.then(() => this.#close(message.drainMs))
    }
  }

  /** A piece at a time: requests have their turn before the next one comes. */
  #takePiece({ version, piece }: Extract<ToWorker, { kind: 'config' }>): void {
    try {
      if (this.#incoming?.version !== version) {
        this.#incoming = { version, config: new Assembly(secret => this.#redactor.add(secret)) }
      }
      const { config } = this.#incoming
      config.take(deserialize(piece) as ConfigPiece)
      if (!config.isWhole) return this.#tell({ kind: 'more', version })
      this.#incoming = undefined
      this.#queue = this.#queue.then(() => this.#serve(version, config.whole as SentConfig))
    } catch (error) {
      this.#tellFailure(version, error)
    }
  }

  async #serve(version: number, config: SentConfig): Promise<void> {
    try {
      await (this.#gateway === undefined ? this.#start(config) : this.#reload(this.#gateway, config))
      this.#tell({ kind: 'serving', version, addresses: this.#gateway?.addresses ?? [] })
    } catch (error) {
      this.#tellFailure(version, error)
    }
  }

  #tellFailure(version: number, error: unknown): void {
    const { code, message, hint } = error instanceof AgwError ? error : asBug(error)
    this.#tell({ kind: 'failed', version, code, message, hint: hint ?? '' })
  }

  async #start(config: SentConfig): Promise<void> {
    if (this.#setup === undefined) throw new AgwError('BUG', 'a worker was given a config before its start')
    const { startedAt, host, connectTo, standIn, log, counts } = this.#setup
    this.#startedAt = startedAt
    // There is one already where the config before this one could not be served.
    if (log !== undefined && this.#log === undefined) {
      const redact = (text: string): string => this.#redactor.redact(text)
      const [level, stream] = [this.#level, this.#stderr]
      this.#log = await openAccessLog({
        ...log,
        level,
        stream,
        redact,
        onNews: news => this.#tell({ kind: 'news', news }),
        isShared: true,
        isOpened: true,
      })
    }
    const opened = this.#log
    const runtime = this.#compiled(config)
    // With a mock, nothing leaves: not to a collector either.
    this.#sends = standIn === undefined
    if (this.#sends) await this.#exports.prepare(runtime)
    this.#exports.adopt(runtime)
    this.#gateway = await startGateway(runtime, {
      ...(host !== undefined && { host }),
      connectTo,
      ...(standIn !== undefined && { standIn }),
      sharesPorts: true,
      limits: this.#limits,
      health: this.#health,
      onOutcome: (backend, outcome) => this.#tell({ kind: 'outcome', backend, outcome }),
      ...(counts && { onConnection: this.#countConnection, onUpstream: this.#metrics.upstream }),
      onNote: message =>
        this.#tell({
          kind: 'news',
          news: { message: this.#redactor.redact(message), hint: '', isTrouble: true },
        }),
      wantsDebug: () => opened?.level === 'debug',
      wantsLine: isWrong => opened?.wants(isWrong) ?? false,
      wantsLabels: counts,
      onAccess: event => {
        opened?.add(event)
        this.#exports.add(event)
        if (counts) this.#count(event)
        const refused = refusedKey(event)
        if (refused !== undefined) this.#tell({ kind: 'refused', ...refused })
      },
    })
    for (const { backend, outcome } of this.#heard.splice(0)) this.#gateway.learn(backend, outcome)
  }

  readonly #countConnection: NonNullable<GatewayOptions['onConnection']> = (...connection) => {
    this.#metrics.connection(...connection)
    this.#counts.counted()
  }

  #count(event: AccessEvent): void {
    this.#metrics.record(event)
    this.#counts.counted()
  }

  #compiled({ config, files }: SentConfig): Runtime {
    const secretsIn = (text: string): string[] => this.#redactor.valuesIn(text)
    const texts = new Map(files)
    const readFile = (path: string): string => {
      const text = texts.get(path)
      if (text === undefined) throw new AgwError('BUG', 'a worker was not given a file of its config')
      return text
    }
    return compileRuntime(config, { now: () => this.#startedAt, secretsIn, readFile })
  }

  async #reload(gateway: Gateway, config: SentConfig): Promise<void> {
    const runtime = this.#compiled(config)
    if (this.#sends) await this.#exports.prepare(runtime)
    await gateway.reload(runtime)
    this.#exports.adopt(runtime)
  }

  async #close(drainMs: number): Promise<void> {
    const deadline = performance.now() + drainMs
    await this.#gateway?.close({ drainMs })
    this.#limits.flush()
    await Promise.all([this.#log?.close(), this.#exports.close(deadline)])
    this.#counts.now()
    this.#channel.disconnect()
  }
}

/** The message of an error that nobody expected may hold anything. */
function asBug(error: unknown): AgwError {
  return new AgwError('BUG', `a worker has failed (${error instanceof Error ? error.name : typeof error})`)
}
