import {
  type AccessEvent,
  type ConnectTo,
  type LogLevel,
  Metrics,
  type MetricsSnapshot,
  type Runtime,
  startGateway,
} from '../gateway/index.ts'
import { type DebugLog, type LogOptions, type OpenedLog, openAccessLog } from './access-log.ts'
import type { KeyUse } from './key-use.ts'
import type { Engine } from './live.ts'
import type { News } from './news.ts'
import { Exports } from './otlp/exports.ts'

/** What serves, with what can be told of it and changed in it. */
export interface Serving {
  readonly engine: Engine
  metrics(): Promise<readonly MetricsSnapshot[]>
  /** What is missing for requests to be taken; empty when nothing is. */
  pending(): readonly string[]
  readonly debug: DebugLog
  logLevel: LogLevel
}

export interface HereOptions {
  readonly options: { readonly host?: string; readonly log?: LogOptions }
  /** The pages by which somebody can ask what is counted, or change the level of the log. */
  readonly pages: { readonly tellMetrics: boolean; readonly setLevel: boolean }
  readonly keys: KeyUse
  readonly connectTo: readonly ConnectTo[]
  readonly standIn: { readonly host: string; readonly port: number } | undefined
  /** Takes known secrets out of a text. */
  readonly redact: (text: string) => string
  readonly onNews: (news: News) => void
}

/**
 * Serves in this process. Throws PORT_TAKEN, WRITE_FAILED for an access log that cannot be written, and CONFIG_INVALID for
 * traces that nothing is installed for.
 */
export async function serveHere(runtime: Runtime, here: HereOptions): Promise<Serving> {
  const { options, pages, keys, connectTo, standIn, redact, onNews } = here
  // With a mock, nothing leaves: not to a collector either.
  const exports = standIn === undefined ? new Exports({ redact, onNews }) : undefined
  await exports?.prepare(runtime)
  exports?.adopt(runtime)
  const log = options.log && (await openAccessLog({ ...options.log, onNews }))
  const metrics = new Metrics(redact)
  const counts = pages.tellMetrics ? metrics.record : undefined
  const observers = [log?.add, exports?.add, keys.record, counts].filter(one => one !== undefined)
  const gateway = await startGateway(runtime, {
    ...(options.host !== undefined && { host: options.host }),
    connectTo,
    ...(standIn !== undefined && { standIn }),
    onAccess: tellAll(observers),
    wantsDebug: debugSwitch(log, pages.setLevel),
    wantsLine: isWrong => log?.wants(isWrong) ?? false,
    wantsLabels: pages.tellMetrics,
    onNote: message => onNews({ message: redact(message), hint: '', isTrouble: true }),
    ...(pages.tellMetrics && { onConnection: metrics.connection, onUpstream: metrics.upstream }),
  }).catch(async (error: unknown) => {
    await Promise.all([log?.close(), exports?.close()])
    throw error
  })
  return {
    engine: {
      get addresses() {
        return gateway.addresses
      },
      reload: async next => {
        await exports?.prepare(next)
        await gateway.reload(next)
        exports?.adopt(next)
      },
      close: async how => {
        const deadline = performance.now() + how.drainMs
        await gateway.close(how)
        await Promise.all([log?.close(), exports?.close(deadline)])
      },
    },
    metrics: async () => [metrics.snapshot()],
    pending: () => [],
    debug: (scope, fields) => log?.debug(scope, fields),
    get logLevel() {
      return log?.level ?? 'off'
    },
    set logLevel(level) {
      if (log !== undefined) log.level = level
    },
  }
}

/** Where neither the flag nor the admin pages can ask for debug, requests do not either. */
function debugSwitch(log: OpenedLog | undefined, canChange: boolean): (() => boolean) | undefined {
  if (log === undefined || (!canChange && log.level !== 'debug')) return undefined
  return () => log.level === 'debug'
}

function tellAll(observers: readonly ((event: AccessEvent) => void)[]): (event: AccessEvent) => void {
  const [only] = observers
  if (only !== undefined && observers.length === 1) return only
  return event => {
    for (const tell of observers) tell(event)
  }
}
