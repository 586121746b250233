import type { LogLevel, Runtime } from '../../gateway/index.ts'
import type { ResolvedConfig } from '../../secrets/index.ts'
import { type LogOptions, openAccessLog } from '../access-log.ts'
import type { Serving } from '../here.ts'
import type { FleetOptions } from './fleet-options.ts'

export interface WorkersOptions extends FleetOptions {
  readonly level: LogLevel
  readonly log: LogOptions | undefined
}

/** Serves in several processes. Throws PORT_TAKEN. */
export async function serveInWorkers(
  runtime: Runtime,
  config: ResolvedConfig,
  { level, log, ...options }: WorkersOptions,
): Promise<Serving> {
  // Most gateways are one process, and load nothing of this.
  const { Fleet } = await import('./fleet.ts')
  // Workers write of requests; what is told beside them is told here.
  const opened = log && (await openAccessLog({ ...log, onNews: options.onNews, isShared: true }))
  const fleet = await Fleet.start(runtime, config, level, options).catch(async (error: unknown) => {
    await opened?.close()
    throw error
  })
  return {
    engine: {
      workers: options.workers,
      get addresses() {
        return fleet.addresses
      },
      reload: (next, resolved, signal) => fleet.reload(next, resolved, signal),
      close: async how => {
        await fleet.close(how)
        await opened?.close()
      },
    },
    debug: (scope, fields) => opened?.debug(scope, fields),
    metrics: () => fleet.metrics(),
    pending: () => (fleet.isServing ? [] : ['workers']),
    get logLevel() {
      return fleet.level
    },
    set logLevel(next) {
      fleet.level = next
      if (opened !== undefined) opened.level = next
    },
  }
}
