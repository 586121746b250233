import { BOUNDS, emptyHistogram, type Histogram, observe } from './histogram.ts'

/** Times of one kind. */
export interface TimeSeries {
  /** As in the text form, without braces. */
  readonly labels: string
  readonly duration: Histogram
}

/** What a call is for: a backend, a backend that is a model, or a copy for a mirror. */
export type CallKind = 'http' | 'llm' | 'mirror'

export type Transport = 'plaintext' | 'tls'

/** Told what upstreams take, in milliseconds; must not throw. */
export interface UpstreamObserver {
  /** A call has come to the head of its answer, or to nothing. */
  call(kind: CallKind, milliseconds: number): void
  /** A connection has been opened, its TLS handshake included, but not the look-up of its name. */
  connect(transport: Transport, milliseconds: number): void
}

function series(labels: string, bounds: readonly number[]): TimeSeries {
  return { labels, duration: emptyHistogram(bounds) }
}

/** Counts what upstreams take. There are so few kinds that each is there from the start. */
export class UpstreamTimes implements UpstreamObserver {
  readonly #calls = {
    http: series('kind="Primary",subtype="Http"', BOUNDS.request),
    llm: series('kind="Primary",subtype="Llm"', BOUNDS.request),
    mirror: series('kind="Mirror",subtype="Http"', BOUNDS.request),
  }
  readonly #connects = {
    plaintext: series('transport="plaintext"', BOUNDS.connect),
    tls: series('transport="tls"', BOUNDS.connect),
  }

  call(kind: CallKind, milliseconds: number): void {
    observe(this.#calls[kind].duration, BOUNDS.request, milliseconds / 1000)
  }

  connect(transport: Transport, milliseconds: number): void {
    observe(this.#connects[transport].duration, BOUNDS.connect, milliseconds / 1000)
  }

  get calls(): readonly TimeSeries[] {
    return Object.values(this.#calls)
  }

  get connects(): readonly TimeSeries[] {
    return Object.values(this.#connects)
  }
}
