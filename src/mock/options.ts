import { AgwError } from '../errors.ts'
import { LONGEST_TIMER_MS } from '../timers.ts'

/** Whose API a request speaks. */
export type ProviderShape = 'openai' | 'anthropic' | 'gemini' | 'azure' | 'bedrock'

/** How the mock listens, whom it lets in, and how it misbehaves. Times are milliseconds. */
export interface MockOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string
  /** Default 0: a free port. */
  readonly port?: number
  /** Keys taken as good, read anew for every request. Any key is good when absent; a missing one never is. */
  readonly keys?: readonly string[] | (() => readonly string[])
  /** Waited before the head of an answer. */
  readonly latencyMs?: number
  /** Waited between two events of a stream. */
  readonly chunkDelayMs?: number
  /** Answer with this status (400 to 599) and the provider's own error body, before the key is looked at. */
  readonly failStatus?: number
  /** Share of requests (0 to 1) that fail with `failStatus` (500 when absent), spread evenly and repeatably. */
  readonly failRate?: number
  /** Destroy the socket after so many bytes of the body. */
  readonly cutAfterBytes?: number
  /** Take requests, never answer. */
  readonly hang?: boolean
  /** PEM texts: listen with TLS. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Obey the request header `x-mock`, as in `x-mock: status=429; latency=200`. */
  readonly control?: boolean
  /** Called once per request that arrived whole, before it is answered. */
  readonly onRequest?: (seen: SeenRequest) => void
  /** Milliseconds since 1970, for the dates in answers. Default: the system's clock. */
  readonly now?: () => number
}

/** A request as the provider saw it. Keys are replaced by their fingerprints everywhere in it. */
export interface SeenRequest {
  readonly method: string
  /** With query. */
  readonly path: string
  readonly shape: ProviderShape
  /** In order and case as sent. */
  readonly rawHeaders: readonly (readonly [name: string, value: string])[]
  /** By lower-case name; a repeated header is joined with `, `. */
  readonly headers: Readonly<Record<string, string>>
  /** Of the key in the place this provider reads it from. */
  readonly keyFingerprint: string | undefined
  readonly model?: string
  readonly stream: boolean
  /** As sent, before any decompression. */
  readonly bodyBytes: number
  /** Parsed JSON, else the text, else `undefined` for no body. */
  readonly body: unknown
}

/** A running mock. */
export interface Mock {
  /** Origin without a trailing slash, at an address a client on this machine can reach. */
  readonly url: string
  readonly port: number
  /** Requests whose head arrived so far. */
  readonly requests: number
  /** Ends idle and active connections at once. May be called twice. */
  close(): Promise<void>
}

/** Throws `USAGE` for an option outside its range. */
export function checkOptions(options: MockOptions): void {
  inRange('failStatus', options.failStatus, 400, 599)
  inRange('failRate', options.failRate, 0, 1, false)
  inRange('latencyMs', options.latencyMs, 0, LONGEST_TIMER_MS)
  inRange('chunkDelayMs', options.chunkDelayMs, 0, LONGEST_TIMER_MS)
  inRange('cutAfterBytes', options.cutAfterBytes, 0, Number.MAX_SAFE_INTEGER)
  inRange('port', options.port, 0, 65_535)
}

function inRange(name: string, value: number | undefined, low: number, high: number, whole = true): void {
  if (value === undefined) return
  if (value >= low && value <= high && (!whole || Number.isInteger(value))) return
  throw new AgwError('USAGE', `the mock's ${name} is ${value}, which is out of range`, {
    hint: `give ${whole ? 'a whole number' : 'a number'} from ${low} to ${high}`,
  })
}
