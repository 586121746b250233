import type { JsonObject } from '../json.ts'
import type { SeenRequest } from './options.ts'

/** What a provider looks at to find the key. Holds the key itself, so it never leaves the exchange. */
export interface Presented {
  readonly pathname: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
}

type KeyPlace = 'bearer' | 'header' | 'query'

/** A key and where it was found. */
export interface Credential {
  readonly value: string
  readonly place: KeyPlace
  /** The provider would not take even a good key in this place. */
  readonly misplaced?: boolean
}

/** The verdict over a request's key, without the key. */
export interface KeyState {
  readonly kind: 'good' | 'missing' | 'wrong'
  readonly place?: KeyPlace
  /** As providers echo a key in an error: first five and last four characters at most. */
  readonly masked: string
}

/** One request as the provider's code sees it: redacted, parsed, judged. */
export interface Call {
  readonly seen: SeenRequest
  readonly pathname: string
  readonly query: URLSearchParams
  readonly key: KeyState
  /** The body, when it was a JSON object. */
  readonly body: JsonObject | undefined
  /** Number of the request in the life of the mock: ids are made of it. */
  readonly serial: number
  /** Seconds since 1970. */
  readonly created: number
  readonly latencyMs: number
  /** Pad the answer to so many characters. */
  readonly answerChars: number | undefined
}

/** What goes back: a string is sent with a Content-Length, anything else piece by piece. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Iterable<string | Uint8Array>
}

/** What differs between the APIs. */
export interface Provider {
  /** The key of a request, from the places where this API reads it. */
  credential(presented: Presented): Credential | undefined
  answer(call: Call): Answer
  /** The API's own error for a status, with its usual message unless one is given. */
  failure(call: Call, status: number, message?: string): Answer
}

/** A 405 that tells what is allowed in its place. */
export function allowing(method: string, refusal: Answer): Answer {
  return { ...refusal, headers: { ...refusal.headers, allow: method } }
}

export const SSE_TYPE = 'text/event-stream; charset=utf-8'

/** The token of `Authorization: Bearer`, `undefined` when there is none. */
export function bearer(headers: Readonly<Record<string, string>>): string | undefined {
  return /^bearer +(\S.*)$/i.exec(headers['authorization'] ?? '')?.[1]
}

/** The model name that every API answers with its own "not found". */
export const UNKNOWN_MODEL = 'does-not-exist'
