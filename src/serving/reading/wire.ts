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

/** Entries of a list that is too long for one message, before what has the list in it; at last everything else. */
export type Piece =
  | { readonly list: number; readonly items: readonly unknown[] }
  | { readonly whole: unknown }

/** The last piece, once its lists and secrets are back in it. */
export interface SentExamined extends Omit<Examined, 'slots' | 'unset'> {
  /** The values of slots are those of the config. */
  readonly slots: readonly (Omit<Examined['slots'][number], 'value'> & {
    readonly path: Path
    readonly hasValue: boolean
    readonly isUnset: boolean
  })[]
}
