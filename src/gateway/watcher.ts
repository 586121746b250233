import type { Exchange } from './exchange.ts'
import { headersWhere } from './headers/header-names.ts'

/** The head of an answer before it goes to the client: names and values in turn. */
export interface OutgoingHead {
  status: number
  headers: string[]
}

/** When a watcher sees an answer, counted from the upstream towards the client. */
export const ANSWER_ORDER = {
  buffer: 1,
  routeTransformation: 2,
  backendTransformation: 3,
  gatewayTransformation: 4,
  /** Headers that policies give to whatever answer goes: CORS, rate limits. */
  headers: 5,
} as const

/** A step that has to do with the answer too: it says so with `exchange.watch` while it runs. */
export interface Watcher {
  readonly answerOrder: number
  /** The answer is about to go, be it the upstream's or the gateway's own. */
  readonly onAnswer?: ((exchange: Exchange, head: OutgoingHead) => void) | undefined
  /** Sees the whole answer, whose head may still change. A watcher that has it makes the relay gather it first. */
  readonly onWhole?: ((exchange: Exchange, head: OutgoingHead, body: Buffer) => void) | undefined
  /** Makes the body of the answer anew. A watcher that has it makes the relay gather the whole answer first. */
  readonly onBody?: ((exchange: Exchange, head: OutgoingHead, body: Buffer) => Buffer) | undefined
  /** Everything is over: the answer has gone, or the client has. Called once. */
  onEnd?(exchange: Exchange): void
}

/** A watcher that gives headers to the answer, in place of those of the same name. */
export class AddedHeaders implements Watcher {
  readonly answerOrder = ANSWER_ORDER.headers
  readonly #headers: readonly string[]

  /** Names, in lower case, and values in turn. */
  constructor(headers: readonly string[]) {
    this.#headers = headers
  }

  onAnswer(_exchange: Exchange, head: OutgoingHead): void {
    const names = new Set(this.#headers.filter((_, i) => i % 2 === 0))
    head.headers = headersWhere(head.headers, name => !names.has(name))
    head.headers.push(...this.#headers)
  }
}
