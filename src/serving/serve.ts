import type { StaticConfig } from '../config/schema.ts'
import type { AgwError } from '../errors.ts'
import { metricsText, parseConnectTo } from '../gateway/index.ts'
import type { LoadOptions, ServedConfig } from '../load.ts'
import { mockNote } from '../mock-note.ts'
import { Redactor } from '../secrets/redactor.ts'
import type { Secret } from '../secrets/secret.ts'
import { checkAdminFlag, type OpenedPages, openAdmin, usesOf } from './admin.ts'
import { type AskedLog, asWritten } from './asked-log.ts'
import { exposure, silence } from './exposure.ts'
import { Forgetting } from './forgetting.ts'
import { type HereOptions, type Serving, serveHere } from './here.ts'
import { KeyUse } from './key-use.ts'
import { type LiveEvent, type LiveGateway, startLive } from './live.ts'
import { type News, newsEvent } from './news.ts'
import { type Announcement, announce, type RunningGateway } from './running-gateways.ts'
import { shownConfig } from './shown-config.ts'
import { workerCount } from './workers/count.ts'
import { serveInWorkers } from './workers/serve.ts'

/** The pages for those who run the gateway. */
export interface AdminOptions {
  /** `host:port` or `off`; the config's place, else a default one, when absent. */
  readonly address: string | undefined
  /** Of this process. */
  readonly pid: number
  /** Of agw. */
  readonly version: string
  /** The last thing that leaves passes here. */
  readonly redact: (text: string) => string
}

/** Several processes that serve as one. */
export interface WorkersOptions {
  /** A number or `auto`; the config's `workerThreads` when absent, else one. */
  readonly count: string | undefined
  /** The program of a worker. */
  readonly script: string
  /** None is left, and none can be started. */
  readonly onGone: (error: AgwError) => void
}

export interface ServeOptions {
  readonly load: LoadOptions
  readonly host?: string
  /** The built-in mock answers for every provider: `true` starts one, a number is the port of one that runs. */
  readonly mock?: boolean | number
  /** As curl's: `HOST:PORT:HOST:PORT`. */
  readonly connectTo?: readonly string[]
  /** The program of the thread that reads a large config. */
  readonly reader?: string
  /** Nobody wants the start any more. */
  readonly signal?: AbortSignal
  /** Follow the files. */
  readonly reload: boolean
  readonly log?: AskedLog
  readonly admin?: AdminOptions
  readonly workers?: WorkersOptions
  readonly onEvent: (event: LiveEvent) => void
  readonly onSecret: (secret: Secret) => void
}

/** What is closed at the end, the last opened first. */
type Closing = (() => Promise<void>)[]

/** `agw serve` without its terminal: a gateway that follows its files, with mock, log and admin pages where asked for. */
export async function serve(options: ServeOptions): Promise<LiveGateway> {
  const closing: Closing = []
  const endAll = async (): Promise<void> => {
    for (const close of closing.splice(0).reverse()) await close()
  }
  try {
    const live = await start(options, closing)
    return {
      addresses: live.addresses,
      get current() {
        return live.current
      },
      get isSynchronized() {
        return live.isSynchronized
      },
      get isClosed() {
        return live.isClosed
      },
      reload: () => live.reload(),
      close: endAll,
    }
  } catch (error) {
    await endAll()
    throw error
  }
}

async function start(options: ServeOptions, closing: Closing): Promise<LiveGateway> {
  // A flag that is wrong is told of before anything is read or opened.
  checkAdminFlag(options.admin?.address)
  workerCount(options.workers?.count, undefined)
  const mockPort = await mockFor(options.mock, closing)
  const standIn = mockPort === undefined ? undefined : { host: '127.0.0.1', port: mockPort }
  const connectTo = (options.connectTo ?? []).map(parseConnectTo)
  const startedAt = Date.now()
  const keys = new KeyUse(refused => {
    if (refused !== undefined) options.onEvent(refused)
    void announced?.update(shortList(keys))
  })
  /** By digest: each reload has secrets of its own, most of the same value. */
  const hidden = new Map<string, Secret>()
  let redactor: Redactor | undefined
  const known = (): Redactor => {
    redactor ??= redactorOf(hidden.values())
    return redactor
  }
  const redact = (text: string): string => known().redact(text)
  const onNews = (news: News): void => options.onEvent(newsEvent(news))
  let serving: Serving | undefined
  let announced: Announcement | undefined
  let noted: string | undefined
  let warned: string | undefined
  const forgetting = new Forgetting({
    ...options.load,
    onEvent: options.onEvent,
    onForgotten: () => {
      if (options.reload) void live?.reload()
    },
  })
  let live: LiveGateway | undefined
  return startLive({
    load: { ...options.load, standIns: mockPort !== undefined },
    gateway: {},
    start: async (runtime, config) => {
      const pages = usesOfPages(options, config.config)
      const log = options.log && asWritten(options.log, config)
      const count = options.workers && workerCount(options.workers.count, config.config?.workerThreads)
      serving =
        options.workers === undefined || count === undefined || count === 1
          ? await serveHere(runtime, {
              options: { ...(options.host !== undefined && { host: options.host }), ...(log && { log }) },
              pages,
              keys,
              connectTo,
              standIn,
              redact,
              onNews,
            })
          : await serveInWorkers(runtime, config, {
              workers: count,
              script: options.workers.script,
              setup: {
                startedAt,
                host: options.host,
                connectTo,
                standIn,
                log: log && { format: log.format, file: log.file },
                counts: pages.tellMetrics,
              },
              level: log?.level ?? 'off',
              log,
              hidden: () => [...hidden.values()],
              onRefused: refused => keys.refused(refused),
              onNews,
              onGone: options.workers.onGone,
            })
      return serving.engine
    },
    compile: { now: () => startedAt, secretsIn: text => known().valuesIn(text) },
    reader: options.reader,
    signal: options.signal,
    reload: options.reload,
    onEvent: options.onEvent,
    onDebug: (scope, fields) => serving?.debug(scope, fields),
    onLoaded: loaded => {
      makeSecretsKnown(loaded, secret => {
        hidden.set(secret.digest(), secret)
        redactor?.add(secret)
        options.onSecret(secret)
      })
      // Whether it starts or not: what keeps it from that is told in the same form.
      if (live === undefined && options.log !== undefined)
        options.log.onFormat?.(asWritten(options.log, loaded.resolved).format)
    },
    onServing: (loaded, runtime) => {
      const { slots, missing } = loaded
      const { addresses = [] } = serving?.engine ?? {}
      // Behind a mock no key is spent.
      const exposed = mockPort === undefined ? exposure(runtime, addresses) : undefined
      const warning = silence(runtime) ?? exposed
      if (warning !== undefined && warning.message !== warned) options.onEvent(warning)
      warned = warning?.message
      keys.adopt(slots, Date.now())
      void announced?.update(shortList(keys))
      forgetting.follow(loaded, slots)
      if (mockPort === undefined || noted === mockNote(missing)) return
      noted = mockNote(missing)
      options.onEvent({ event: 'note', message: noted })
    },
    onStarted: async started => {
      live = started
      closing.push(() => started.close())
      closing.push(() => forgetting.close())
      if (options.admin === undefined || serving === undefined) return
      const parts = { live: started, serving, keys }
      const admin = await startAdminPages(options, options.admin, parts, closing)
      announced = await announce(options.load.env, {
        config: started.current.path,
        admin: admin?.url ?? null,
        mock: mockPort !== undefined,
        needsToken: admin?.token !== undefined,
        startedAt: new Date(startedAt).toISOString(),
        keys: shortList(keys),
      })
      closing.push(announced.end)
    },
  })
}

function shortList(keys: KeyUse): RunningGateway['keys'] {
  return keys.list().map(({ since: _, ...key }) => key)
}

function redactorOf(secrets: Iterable<Secret>): Redactor {
  const redactor = new Redactor()
  for (const secret of secrets) redactor.add(secret)
  return redactor
}

function makeSecretsKnown(
  { slots, used, variables }: ServedConfig,
  onSecret: (secret: Secret) => void,
): void {
  for (const secret of slots.flatMap(({ secret }) => [secret, secret?.former?.secret])) {
    if (secret !== undefined) onSecret(secret)
  }
  for (const name of used) {
    const found = variables.lookup(name)
    if (found === undefined) continue
    // What agw.yaml names is a secret, whatever it is called.
    if (found.isNamed || /key|token|secret|passw/i.test(name)) onSecret(found.value)
  }
}

/** Where nobody can ask for something, no request does anything for it. */
function usesOfPages({ admin }: ServeOptions, config: StaticConfig | null | undefined): HereOptions['pages'] {
  return admin === undefined
    ? { tellMetrics: false, setLevel: false }
    : usesOf({ flag: admin.address, config })
}

/** What the admin pages tell of and act on. */
interface Parts {
  readonly live: LiveGateway
  readonly serving: Serving
  readonly keys: KeyUse
}

async function startAdminPages(
  { load, onEvent, onSecret }: ServeOptions,
  { address, pid, version, redact }: AdminOptions,
  { live, serving, keys }: Parts,
  closing: Closing,
): Promise<OpenedPages | undefined> {
  // Settings of the start, as everything in this section but the model catalog.
  const { config } = live.current.config
  const removed = new Set(config?.metrics?.remove)
  const view = {
    pid,
    redact,
    pending: () => (live.isClosed ? ['shutdown'] : serving.pending()),
    metrics: async () =>
      metricsText(await serving.metrics(), { version, isSynchronized: live.isSynchronized, removed }),
    configDump: () => ({ file: live.current.path, config: shownConfig(live.current.resolved) }),
    keys: () => keys.list(),
    reload: () => live.reload(),
    firstLogLevel: serving.logLevel,
    get logLevel() {
      return serving.logLevel
    },
    set logLevel(level) {
      serving.logLevel = level
    },
  }
  const admin = await openAdmin(view, { flag: address, config, env: load.env, onSecret })
  // Closed after the gateway: until then it says that it is not ready, and what is still under way.
  closing.unshift(() => admin.close())
  for (const { pages, url, token } of admin.opened) {
    onEvent({ event: 'admin', pages, address: url, ...(token !== undefined && { token }) })
  }
  for (const message of admin.notes) onEvent({ event: 'note', message })
  return admin.opened.find(({ pages }) => pages === 'admin')
}

async function mockFor(mock: boolean | number | undefined, closing: Closing): Promise<number | undefined> {
  if (typeof mock === 'number') return mock
  if (mock !== true) return undefined
  const { startMock } = await import('../mock/index.ts')
  const started = await startMock()
  closing.push(() => started.close())
  return started.port
}
