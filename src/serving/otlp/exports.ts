import type { AccessEvent, Runtime } from '../../gateway/index.ts'
import { Export, type ExportOptions } from './export.ts'
import { LOG_LINES } from './log-lines.ts'
import { TRACES } from './traces.ts'

/** What an end gives to the last batch, however long the requests under way took. Milliseconds. */
const LEAST_MS = 1000

/** Everything that goes to collectors. */
export class Exports {
  readonly #all: readonly Pick<Export<never>, 'prepare' | 'adopt' | 'add' | 'close'>[]

  constructor(options: ExportOptions) {
    this.#all = [new Export(TRACES, options), new Export(LOG_LINES, options)]
  }

  /** Makes ready for a runtime. Throws CONFIG_INVALID when the packages for what it sends are not installed. */
  async prepare(runtime: Runtime): Promise<void> {
    for (const one of this.#all) await one.prepare(runtime)
  }

  /** This runtime serves now. */
  adopt(runtime: Runtime): void {
    for (const one of this.#all) one.adopt(runtime)
  }

  readonly add = (event: AccessEvent): void => {
    for (const one of this.#all) one.add(event)
  }

  /** Sends what is left until `deadline`, a time of `performance.now()`, or for a second where that is nearer; then ends. */
  async close(deadline = 0): Promise<void> {
    const limitMs = Math.max(LEAST_MS, deadline - performance.now())
    await Promise.all(this.#all.map(one => one.close(limitMs)))
  }
}
