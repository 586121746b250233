import { serialize } from 'node:v8'
import { type ConfigPiece, configPieces } from '../config-pieces.ts'
import type { FromWorker, SentConfig, ToWorker } from './wire.ts'

/** A config for all workers. Each piece is made when the first of them asks for it, and kept for the others. */
export class OutgoingConfig {
  /** Counts reloads. */
  readonly version: number
  readonly #made: Uint8Array[]
  #rest: Iterator<ConfigPiece> | undefined

  constructor(version: number, config: SentConfig | OutgoingConfig) {
    this.version = version
    const isSame = config instanceof OutgoingConfig
    this.#made = isSame ? config.#made : []
    this.#rest = isSame ? config.#rest : configPieces(config)
  }

  /** Undefined behind the last one. Asked for one after the other. */
  piece(index: number): Uint8Array | undefined {
    if (index < this.#made.length) return this.#made[index]
    const next = this.#rest?.next()
    if (next === undefined || next.done === true) {
      this.#rest = undefined
      return undefined
    }
    const piece = serialize(next.value)
    this.#made.push(piece)
    return piece
  }
}

/** What a worker says of a config that it was sent. */
export type Word = Extract<FromWorker, { kind: 'more' | 'serving' | 'failed' }>
export type Outcome = Exclude<Word, { kind: 'more' }>

export interface DeliveryOptions {
  /** Asked again and again: there may be a newer one meanwhile. */
  readonly newest: () => OutgoingConfig
  readonly send: (message: ToWorker) => void
  /** How long the worker may take from one word to the next, in milliseconds. */
  readonly limitMs: () => number
  /** It takes longer than that. */
  readonly onHang: (limitMs: number) => void
}

/**
 * The newest config on its way to one worker, which gets the next piece when it has taken in the one before: neither
 * process stops for long, and a worker that hangs costs no memory.
 */
export class Delivery {
  /** The worker's word on the newest config; undefined when there is nobody any more to say it, or to hear it. */
  readonly outcome: Promise<Outcome | undefined>
  isOver = false
  readonly #options: DeliveryOptions
  #config: OutgoingConfig
  #sent = 0
  #limit: NodeJS.Timeout | undefined
  #settle: (outcome: Outcome | undefined) => void = () => {}

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.#config = options.newest()
    this.outcome = new Promise(resolve => {
      this.#settle = resolve
    })
    this.#wait()
  }

  /** The worker listens. */
  begin(): void {
    this.#config = this.#options.newest()
    this.#sent = 0
    this.#next()
  }

  hear(word: Word): void {
    // The word on what came before it may come late.
    if (this.isOver || word.version !== this.#config.version) return
    if (this.#config !== this.#options.newest()) return this.begin()
    if (word.kind === 'more') this.#next()
    else this.end(word)
  }

  end(outcome?: Outcome): void {
    this.isOver = true
    clearTimeout(this.#limit)
    this.#settle(outcome)
  }

  #next(): void {
    this.#wait()
    const { version } = this.#config
    const piece = this.#config.piece(this.#sent)
    this.#sent += 1
    if (piece !== undefined) this.#options.send({ kind: 'config', version, piece })
  }

  #wait(): void {
    clearTimeout(this.#limit)
    const limitMs = this.#options.limitMs()
    this.#limit = setTimeout(() => this.#options.onHang(limitMs), limitMs)
  }
}
