/** A file as it shall be. Nothing is written until all files of a change are planned and shown. */
export interface PlannedFile {
  /** Absolute path. */
  readonly path: string
  readonly content: string
  /**
   * The text that it was made of, without a byte order mark; empty where there was no file. Over any other nothing is written:
   * an edit would be lost.
   */
  readonly madeOf?: string
  /** 0600 for what holds a secret; absent keeps the mode of an existing file. */
  readonly mode?: number
  /** What it is, in a word or two, for the list of what was done. */
  readonly what: string
  /** Holds a secret: git must not take it up. */
  readonly secret: boolean
  /** A secret stood in it, and none does now: git may have it, and a mode of {@link SECRET_MODE} is loosened again. */
  readonly freed?: boolean
  /** Nothing is left in it: the file goes. Its content is empty then. */
  readonly goes?: boolean
  /** No value in it can be a key: a diff shows all of it. */
  readonly keyless?: boolean
}

/** Owner only. */
export const SECRET_MODE = 0o600
