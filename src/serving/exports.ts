import type { AccessEvent, Runtime } from '../gateway/index.ts'
import { LOG_LINES } from './log-lines.ts'
import { Export, type ExportOptions } from './otlp/export.ts'
import { TRACES } from './traces.ts'

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

  /** Sends what is left, then ends. */
  async close(): Promise<void> {
    await Promise.all(this.#all.map(one => one.close()))
  }
}
