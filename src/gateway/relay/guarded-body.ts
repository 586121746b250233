import type { Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import { own } from '../../config/own.ts'
import type { ByteRedactionStream } from '../../secrets/redactor.ts'
import type { GatewayResponse } from '../http1/gateway-response.ts'

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: () => zlib.createGunzip(),
  'x-gzip': () => zlib.createGunzip(),
  deflate: () => zlib.createInflate(),
  br: () => zlib.createBrotliDecompress(),
}

/** Whether what lies on the bytes of a body can be taken off. */
export function isReadable(codings: readonly string[]): boolean {
  return codings.length === 0 || (codings.length === 1 && own(DECODERS, codings[0] ?? '') !== undefined)
}

const WITHHELD = 'the answer is withheld: in its content-encoding it cannot be searched for the key'
/** Stands for the rest of a body that is not in the encoding it says it is in, or breaks off. */
const UNREADABLE = 'the answer is withheld: it cannot be read in its content-encoding'

/** What takes a body once it is clean, and how its upstream is told to go on. */
export interface Outlet {
  /** False: no more until `goOn` of the body is called. */
  pass(chunk: Buffer): boolean
  end(): void
  /** Whatever still comes from upstream is not part of the body. */
  drop(): void
  /** The answer cannot be read: the client is told that it is not whole. */
  breakOff(): void
  resume(): void
}

/** A body decoded where it must be, and searched for keys; never more of it is held than the longest form of a key. */
export class GuardedBody {
  readonly #stream: ByteRedactionStream
  readonly #response: GatewayResponse
  readonly #outlet: Outlet
  readonly #decoder: Transform | undefined
  readonly #isError: boolean
  readonly #isWithheld: boolean
  #hasBytes = false
  #isStopped = false

  constructor(
    stream: ByteRedactionStream,
    codings: readonly string[],
    response: GatewayResponse,
    outlet: Outlet,
    isError: boolean,
  ) {
    this.#stream = stream
    this.#response = response
    this.#outlet = outlet
    this.#isError = isError
    this.#isWithheld = !isReadable(codings)
    this.#decoder = this.#isWithheld ? undefined : own(DECODERS, codings[0] ?? '')?.()
    if (this.#decoder !== undefined) this.#follow(this.#decoder)
  }

  /** False: no more until the outlet is told to resume. */
  push(chunk: Buffer): boolean {
    this.#hasBytes = true
    if (this.#isWithheld) return this.#withhold()
    if (this.#decoder !== undefined) return this.#decoder.destroyed || this.#decoder.write(chunk)
    return this.#pass(this.#stream.push(chunk))
  }

  end(): void {
    if (this.#decoder === undefined || !this.#hasBytes) this.#finish(this.#stream.end())
    else if (!this.#decoder.destroyed) this.#decoder.end()
  }

  /** The outlet takes more. */
  goOn(): void {
    if (this.#decoder === undefined) this.#outlet.resume()
    else this.#decoder.resume()
  }

  /** The outlet takes nothing any more. */
  stop(): void {
    this.#isStopped = true
    this.#decoder?.destroy()
  }

  #pass(shown: Buffer): boolean {
    return shown.length === 0 || this.#outlet.pass(shown)
  }

  #finish(last: Buffer): void {
    this.#pass(last)
    if (!this.#isStopped) this.#outlet.end()
  }

  /** There is nothing to wait for: the upstream may go on for ever. */
  #withhold(): boolean {
    this.#outlet.drop()
    this.#finish(Buffer.from(WITHHELD))
    return true
  }

  /** The status of an error says more than a broken connection would: the client gets it, and what could be read. */
  #giveUp(): void {
    if (!this.#isError) return this.#outlet.breakOff()
    const { exchange, destroyed } = this.#response
    if (exchange !== undefined) {
      exchange.reason = 'UpstreamFailure'
      exchange.error = UNREADABLE
    }
    this.#outlet.drop()
    // What the stream still holds is the start of a key, as far as anybody can tell.
    if (!destroyed) this.#finish(Buffer.from(UNREADABLE))
  }

  #follow(decoder: Transform): void {
    decoder.on('data', (chunk: Buffer) => {
      if (!this.#pass(this.#stream.push(chunk))) decoder.pause()
    })
    decoder.on('drain', () => this.#outlet.resume())
    decoder.once('end', () => {
      // The decoder takes nothing of what stands behind its end, and asks for nothing either.
      this.#outlet.drop()
      this.#finish(this.#stream.end())
    })
    decoder.once('error', () => this.#giveUp())
    const { onOver } = this.#response
    this.#response.onOver = response => {
      decoder.destroy()
      onOver?.(response)
    }
  }
}
