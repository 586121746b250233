import type { Duplex, Readable } from 'node:stream'

/** What is asked of an upstream. */
export interface Call {
  /** With its query. */
  readonly path: string
  readonly method: string
  /** Names and values in turn, one byte a character. */
  readonly headers: readonly string[]
  readonly body: Buffer | Readable | null
  /** The protocol that the connection is to go on in. */
  readonly upgrade?: string | null
  /** The name to ask for by TLS. */
  readonly servername: string
}

/**
 * Who makes a call, and is told of its answer: `onConnect`, `onHeaders`, `onData` and `onComplete` in this order, or `onError`
 * in place of what is left of them. Nothing is told any more once the call was given up but `onError`, within that call.
 */
export interface Caller {
  /** What the call is made over. */
  connection?: { readonly isCut: boolean } | undefined
  /** The request is about to be written; `abort` gives it up. */
  onConnect(abort: (error?: Error) => void): void
  /** False, as of `onData`: read no more for now, until `resume` is called. What is here already is told still. */
  /** Names and values in turn, one byte a character. */
  onHeaders(status: number, headers: readonly string[], resume: () => void, statusText: string): boolean
  onData(piece: Buffer): boolean
  onComplete(): void
  onError(error: Error): void
  /** The upstream has agreed to the other protocol, and the connection is the caller's. */
  onUpgrade?(status: number, headers: readonly string[], socket: Duplex): void
}
