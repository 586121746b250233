import type { MessagePort } from 'node:worker_threads'
import type { Path, VariableProblem } from '../../config/index.ts'
import type { Examined } from '../../load.ts'

/** What a thread is given to read. Its variables may be secrets: the memory is that of this process alone. */
export interface ReadingTask {
  readonly bytes: Uint8Array
  readonly file: string
  readonly values: ReadonlyMap<string, string>
  readonly problems: ReadonlyMap<string, VariableProblem>
  readonly port: MessagePort
}

/** What comes back, in pieces. */
export interface SentExamined extends Omit<Examined, 'slots' | 'unset'> {
  /** The values of slots are those of the config. */
  readonly slots: readonly (Omit<Examined['slots'][number], 'value'> & {
    readonly path: Path
    readonly hasValue: boolean
    readonly isUnset: boolean
  })[]
}
