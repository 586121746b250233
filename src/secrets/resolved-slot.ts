import type { KeySlot } from '../config/slots.ts'
import type { FileFacts } from './read.ts'
import type { Secret } from './secret.ts'

/** A slot with its key. */
export interface ResolvedSlot {
  readonly slot: KeySlot
  /** Absent for a slot without a key (`passthrough`, `none`). */
  readonly secret: Secret | undefined
  /** The file the key was read from, absolute. */
  readonly file: string | undefined
  readonly facts: FileFacts | undefined
  /** There where the key is a stand-in; `problem` is what is wrong with its place, none for an unset variable. */
  readonly standIn?: { readonly problem: SlotProblem | undefined }
}

/** Why a slot has no usable key. Holds no value. */
export interface SlotProblem {
  readonly name: string
  readonly path: string
  readonly code: string
  readonly message: string
  readonly hint: string
}
