/** What a note is about that tells when things begin to be lost, and when they arrive again. */
export interface Arrival {
  /** What is sent and where to. */
  readonly way: string
  readonly isLost: boolean
}
