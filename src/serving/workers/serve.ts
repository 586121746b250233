import type { LogLevel, Runtime } from '../../gateway/index.ts'
import type { ResolvedConfig } from '../../secrets/index.ts'
import type { Serving } from '../here.ts'
import type { FleetOptions } from './fleet.ts'

/** Serves in several processes. Throws PORT_TAKEN. */
export async function serveInWorkers(
  runtime: Runtime,
  config: ResolvedConfig,
  { level, ...options }: FleetOptions & { readonly level: LogLevel },
): Promise<Serving> {
  // Most gateways are one process, and load nothing of this.
  const { Fleet } = await import('./fleet.ts')
  const fleet = await Fleet.start(runtime, config, level, options)
  return {
    engine: fleet,
    metrics: () => fleet.metrics(),
    get logLevel() {
      return fleet.level
    },
    set logLevel(next) {
      fleet.level = next
    },
  }
}
