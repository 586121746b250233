import { compiled } from '../checking/compiled.ts'
import { refuseUnsupported } from '../checking/unsupported.ts'
import type { Diagnostic } from '../config/diagnostic.ts'
import { AgwError } from '../errors.ts'
import {
  type CompileOptions,
  type GatewayOptions,
  type ListeningAddress,
  type PageSet,
  type ReloadOutcome,
  type Runtime,
  startGateway,
} from '../gateway/index.ts'
import { type LoadOptions, loadServed, type ServedConfig } from '../load.ts'
import {
  changedSince,
  type KeepEvent,
  LastGood,
  type ResolvedConfig,
  SecretKeeper,
  watchFiles,
} from '../secrets/index.ts'
import type { DebugLog } from './access-log.ts'
import { changedFiles, changedKeys, configChanges, sectionAfter } from './config-changes.ts'
import type { ForgetEvent } from './forgetting.ts'
import type { KeyRefusedEvent } from './key-use.ts'
import { type ListeningEvent, nowListening, urlOf } from './listening.ts'
import { reader } from './reading/reader.ts'
import { unlessAborted } from './unless-aborted.ts'
import { watchedFiles } from './watched-files.ts'

/** What a live gateway tells of itself. */
export type LiveEvent =
  | ListeningEvent
  /** `workers`: how many processes serve; undefined for this one alone. */
  | { readonly event: 'ready'; readonly workers?: number }
  | { readonly event: 'admin'; readonly pages: PageSet; readonly address: string; readonly token?: string }
  | { readonly event: 'note'; readonly message: string }
  | { readonly event: 'warning'; readonly message: string; readonly hint: string }
  | { readonly event: 'reloaded'; readonly changes: readonly string[] }
  | {
      readonly event: 'reload-rejected'
      readonly message: string
      readonly hint: string
      readonly diagnostics: readonly Diagnostic[]
    }
  | { readonly event: 'key-changed'; readonly name: string; readonly from: string; readonly to: string }
  | KeyRefusedEvent
  | KeepEvent
  | ForgetEvent
  /** `drainMs`: what requests under way may take at most. */
  | { readonly event: 'draining'; readonly drainMs: number }
  | { readonly event: 'stopped' }

/** What serves a config: a gateway in this process, or several workers. */
export interface Engine {
  readonly addresses: readonly ListeningAddress[]
  /** How many processes serve; undefined for this one alone. */
  readonly workers?: number
  /** Serves the next config, or throws and goes on with the one before. Waits for nobody once `signal` aborts: it closes then. */
  reload(runtime: Runtime, config: ResolvedConfig, signal: AbortSignal): Promise<void>
  close(options: { readonly drainMs: number }): Promise<void>
}

export interface LiveOptions {
  readonly load: LoadOptions
  readonly gateway: GatewayOptions
  /** Starts what serves; a gateway in this process unless given. */
  readonly start?: ((runtime: Runtime, config: ResolvedConfig) => Promise<Engine>) | undefined
  /** How configs are compiled; by the time of the start unless given. */
  readonly compile?: CompileOptions
  /** The program of the thread that reads a large config; without it all are read in this one. */
  readonly reader?: string | undefined
  /** Nobody wants the start any more: it is given up, and fails. */
  readonly signal?: AbortSignal | undefined
  /** Watch the config, `.env` and key files, and take changes in. */
  readonly reload: boolean
  readonly onEvent: (event: LiveEvent) => void
  /** Told what an operator may want to know who looks for a fault. */
  readonly onDebug?: DebugLog | undefined
  /** Called with every config that was loaded, before it is used: the place to make its secrets known. */
  readonly onLoaded?: ((loaded: ServedConfig) => void) | undefined
  /** Called with every config that has just begun to serve. */
  readonly onServing?: ((loaded: ServedConfig, runtime: Runtime) => void) | undefined
  /** Called once the ports are open; `ready` is told after it. When it fails, it has to close what it was given. */
  readonly onStarted?: ((live: LiveGateway) => Promise<void>) | undefined
}

/** A gateway that follows its files. */
export interface LiveGateway {
  /** `http://127.0.0.1:3000`, one for each open port. */
  readonly addresses: readonly string[]
  /** What serves now. */
  readonly current: ServedConfig
  /** The last change of the files was taken in. */
  readonly isSynchronized: boolean
  /** It takes no new requests any more. */
  readonly isClosed: boolean
  /** Reads everything again now, as if a file had changed. */
  reload(): Promise<ReloadOutcome>
  /** Takes no new requests, lets the ones under way finish, then ends. */
  close(drainMs?: number): Promise<void>
}

/** Quiet time after a change of a file, as agentgateway waits: editors and deployments write more than once. */
const DEBOUNCE_MS = 250

/** Loads, compiles and starts; then reloads as a whole whenever a file changes. A bad change keeps the last good state. */
export async function startLive(options: LiveOptions): Promise<LiveGateway> {
  if (!options.reload) return begin(options, undefined)
  let live: Live | undefined
  const keeper = new SecretKeeper({
    onEvent: options.onEvent,
    onChange: () => void live?.take(),
    onAsked: ({ kind, variable, result, ms }) =>
      options.onDebug?.('source', { kind, variable, result, duration: `${ms}ms` }),
  })
  try {
    const lastGood = new LastGood(options.onEvent)
    live = await begin({ ...options, load: { ...options.load, gather: keeper.gather, lastGood } }, keeper)
    return live
  } catch (error) {
    keeper.close()
    throw error
  }
}

async function begin(options: LiveOptions, keeper: SecretKeeper | undefined): Promise<Live> {
  const readAt = Date.now()
  const first = await usable(options, options.signal)
  // The rules that found the config hold at the start only: a file that is gone for a moment is not another config.
  const pinned = {
    compile: { now: () => readAt },
    ...options,
    load: { ...options.load, ...(first.path !== '-' && { file: first.path }) },
  }
  const runtime = compiled(first.resolved, pinned.compile, first)
  const gateway: Engine = await (options.start?.(runtime, first.resolved) ??
    startGateway(runtime, options.gateway))
  for (const event of nowListening(gateway.addresses)) options.onEvent(event)
  options.onServing?.(first, runtime)
  options.load.lastGood?.remember(first)
  const live = new Live(gateway, first, runtime, pinned, keeper, readAt)
  await options.onStarted?.(live)
  const { workers } = gateway
  options.onEvent({ event: 'ready', ...(workers !== undefined && { workers }) })
  return live
}

/** Waits for no file, source or thread any more once `signal` says so. */
async function usable(options: LiveOptions, signal = new AbortController().signal): Promise<ServedConfig> {
  const loaded = await unlessAborted(loadServed(options.load, reader(options.reader, signal)), signal)
  options.onLoaded?.(loaded)
  refuseUnsupported(loaded.name, loaded.unsupported)
  return loaded
}

/** What does not change from one reload to the next. */
type PinnedOptions = LiveOptions & { readonly compile: CompileOptions }

class Live implements LiveGateway {
  readonly #gateway: Engine
  readonly #options: PinnedOptions
  readonly #startConfig: ServedConfig['resolved']['config']
  readonly #keeper: SecretKeeper | undefined
  #current: ServedConfig
  /** Its files are certificates and the like, which a reload reads again. */
  #runtime: Pick<Runtime, 'files' | 'settings'>
  #watcher: Disposable | undefined
  #watched = ''
  /** Reloads run one after the other; changes during one are taken in by the next. */
  #queue: Promise<unknown> = Promise.resolve()
  #isSynchronized = true
  /** Aborted once it closes: no reload may open ports again. */
  readonly #closing = new AbortController()
  /** When the reading of the current config began, in milliseconds. */
  #readAt: number

  constructor(
    gateway: Engine,
    first: ServedConfig,
    runtime: Runtime,
    options: PinnedOptions,
    keeper: SecretKeeper | undefined,
    readAt: number,
  ) {
    this.#readAt = readAt
    this.#keeper = keeper
    this.#gateway = gateway
    this.#runtime = runtime
    this.#startConfig = first.resolved.config
    this.#options = options
    this.#current = first
    this.#watch()
  }

  get addresses(): readonly string[] {
    return this.#gateway.addresses.map(urlOf)
  }

  get current(): ServedConfig {
    return this.#current
  }

  get isSynchronized(): boolean {
    return this.#isSynchronized
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  async reload(): Promise<ReloadOutcome> {
    await this.#keeper?.refresh()
    return this.take()
  }

  /** Takes in what has changed; sources of agw.yaml are not asked again. */
  take(): Promise<ReloadOutcome> {
    const outcome = this.#queue.then(() => this.#reload())
    this.#queue = outcome.catch(() => {})
    return outcome
  }

  async close(givenMs?: number): Promise<void> {
    this.#closing.abort()
    this.#keeper?.close()
    await this.#queue
    this.#watcher?.[Symbol.dispose]()
    const drainMs = givenMs ?? this.#runtime.settings.drainMs
    const closed = this.#gateway.close({ drainMs })
    this.#options.onEvent({ event: 'draining', drainMs })
    await closed
    this.#options.onEvent({ event: 'stopped' })
  }

  async #reload(): Promise<ReloadOutcome> {
    const { signal } = this.#closing
    const { onEvent, onServing, onDebug } = this.#options
    try {
      signal.throwIfAborted()
      const readAt = Date.now()
      const next = await usable(this.#options, signal)
      const before = this.#current
      const config = { ...next.resolved, config: sectionAfter(this.#startConfig, next.resolved.config) }
      const runtime = compiled(config, this.#options.compile, next)
      const addresses = this.addresses
      await this.#gateway.reload(runtime, config, signal)
      this.#current = next
      this.#readAt = readAt
      const files = changedFiles(this.#runtime.files, runtime.files)
      this.#runtime = runtime
      const wasRejected = !this.#isSynchronized
      this.#isSynchronized = true
      onServing?.(next, runtime)
      this.#options.load.lastGood?.remember(next)
      this.#watch()
      const keys = changedKeys(before.slots, next.slots)
      for (const { name, was, is } of keys)
        onEvent({ event: 'key-changed', name, from: was.fingerprint(), to: is.fingerprint() })
      // The same text stands for something else where the value of a variable is another one.
      const told = new Set(keys.map(({ is }) => is))
      const changes = [...(await configChanges(before.resolved, next.resolved, told)), ...files]
      const isChanged = before.digest !== next.digest || changes.length > 0
      const result = isChanged || keys.length > 0 ? 'reloaded' : 'unchanged'
      onDebug?.('reload', { result, binds: runtime.binds.length, duration: `${Date.now() - readAt}ms` })
      if (isChanged || wasRejected) onEvent({ event: 'reloaded', changes })
      for (const event of nowListening(this.#gateway.addresses, addresses)) onEvent(event)
      return { result }
    } catch (error) {
      if (signal.aborted) return { result: 'rejected', message: 'the gateway is shutting down' }
      this.#isSynchronized = false
      const { message, hint = '', diagnostics } = error instanceof AgwError ? error : asBug(error)
      onDebug?.('reload', { result: 'rejected', error: message })
      onEvent({ event: 'reload-rejected', message, hint, diagnostics: diagnostics as readonly Diagnostic[] })
      return { result: 'rejected', message, ...(hint !== '' && { hint }) }
    }
  }

  #watch(): void {
    if (!this.#options.reload || this.#current.path === '-') return
    const files = watchedFiles(this.#current, this.#runtime.files)
    const paths = [...files.keys()]
    const wanted = paths.toSorted().join('\n')
    if (wanted === this.#watched) return
    this.#watched = wanted
    this.#watcher?.[Symbol.dispose]()
    this.#watcher = watchFiles(paths, () => void this.take(), { debounceMs: DEBOUNCE_MS })
    // What changed between the reading and the watching would never be reported. Large configs are not read twice for it.
    void changedSince(files, this.#readAt).then(isChanged => (isChanged ? this.take() : undefined))
  }
}

/** A fault of ours costs the change, not the gateway. The message of an error that nobody expected may hold anything. */
function asBug(error: unknown): AgwError {
  const kind = error instanceof Error ? error.name : typeof error
  return new AgwError('BUG', `the change cannot be taken in (${kind})`, {
    hint: 'the config before it goes on serving',
  })
}
