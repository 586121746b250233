import { Readable } from 'node:stream'
import { withinLimit } from '../http.ts'
import type { SourceContext } from '../source.ts'

/** What is said to the SDK with every command. */
export function abort({ signal }: SourceContext): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal }
}

/** Where `limitAnswers` stands among what the SDK does to an answer: next to the connection, before anything is read. */
export const NEXT_TO_THE_CONNECTION = { step: 'deserialize', priority: 'low', name: 'agwLimit' } as const

/** The SDK reads answers whole and has no limit of its own: it is given what it may read. */
export function limitAnswers<A, O extends { response: unknown }>(
  ask: (request: A) => Promise<O>,
): (request: A) => Promise<O> {
  return async request => {
    const answer = await ask(request)
    const response = answer.response as { body?: unknown }
    if (response.body instanceof Readable) response.body = Readable.from(withinLimit(response.body))
    return answer
  }
}
