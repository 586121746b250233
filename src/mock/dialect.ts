import type { Answer, Call } from './provider.ts'

/** The fields of an OpenAI error; `type` is `invalid_request_error` when absent, the others null. */
export interface Fault {
  readonly message: string
  readonly type?: string
  readonly param?: string
  readonly code?: string
}

/** Where hosts with OpenAI's API differ: errors, headers, extras in answers. */
export interface Dialect {
  headers(call: Call): Readonly<Record<string, string>>
  /** Answers carry Azure's content filter results. */
  readonly contentFilter: boolean
  error(call: Call, status: number, fault: Fault): Answer
  /** For a missing or wrong key. */
  refuse(call: Call): Answer
  unknownModel(call: Call, model: string): Answer
}
