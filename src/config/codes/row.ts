import type { Severity } from '../diagnostic.ts'

/** What a diagnostic code means: how bad it is, what it is called, why it matters. */
export interface CodeRow {
  readonly severity: Severity
  /** A few words, no full stop. */
  readonly title: string
  /** One sentence: what happens, or would happen, because of it. */
  readonly why: string
}

/** A part of the table. */
export type CodeRows = Readonly<Record<string, CodeRow>>

export const error = (title: string, why: string): CodeRow => ({ severity: 'error', title, why })
export const warning = (title: string, why: string): CodeRow => ({ severity: 'warning', title, why })
export const note = (title: string, why: string): CodeRow => ({ severity: 'note', title, why })
