export type ProblemCode =
  | 'missing'
  | 'empty'
  | 'locked'
  | 'denied'
  | 'unreachable'
  | 'timeout'
  | 'malformed'
  | 'too-large'
  | 'not-installed'
  | 'not-configured'
  | 'untrusted'
  | 'unreadable'

/** Why a reference gives no value. Message and hint hold no value. */
export interface SourceProblem {
  readonly code: ProblemCode
  readonly message: string
  readonly hint: string
  /** Another try may help at once: a connection that broke, a server that is busy. */
  readonly passing?: boolean
}
