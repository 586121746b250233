import {
  CompletionsFromMessagesStream,
  errorFromMessages,
  fromMessages,
  TranslationError,
  toMessages,
} from './anthropic-completions.ts'
import { errorFromCompletions, fromCompletions } from './messages-completions-answer.ts'
import { toCompletions } from './messages-completions-request.ts'
import { MessagesFromCompletionsStream } from './messages-completions-stream.ts'
import type { Format, Provider } from './provider.ts'

type JsonObject = Record<string, unknown>

/** One streamed answer on its way back; each call returns the bytes to send on, perhaps none. */
export interface AnswerStream {
  push(chunk: Buffer): Buffer
  end(): Buffer
  /** False after `end()`: the upstream broke off, and so must the client's connection. */
  readonly complete: boolean
}

/** What the way back needs to know of the request. */
export interface AnswerFacts {
  /** Seconds since 1970. */
  readonly created: number
  /** Whether a stream ends with a usage event. */
  readonly includeUsage: boolean
}

/** Between the shape a client speaks and the one its provider takes. */
export interface Translation {
  /** The shape that goes upstream. */
  readonly as: Format
  /** Throws `TranslationError` for what has no equivalent. */
  request(body: JsonObject): JsonObject
  /** A whole JSON answer; throws when the body is not what the provider's API answers. */
  answer(status: number, body: Buffer, facts: AnswerFacts): Buffer
  stream(facts: AnswerFacts): AnswerStream
}

/** Anthropic wants a limit where OpenAI's clients need not name one; agentgateway fills in the same. */
const DEFAULT_MAX_TOKENS = 4096

const completionsToMessages: Translation = {
  as: 'messages',
  request: body => toMessages(body, { defaultMaxTokens: DEFAULT_MAX_TOKENS }),
  answer(status, body, facts) {
    const text = body.toString()
    if (status < 200 || status > 299) return Buffer.from(errorFromMessages(status, text))
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed !== 'object' || parsed === null)
      throw new SyntaxError('the answer is not a JSON object')
    return Buffer.from(JSON.stringify(fromMessages(parsed as JsonObject, facts)))
  },
  stream: facts => new CompletionsFromMessagesStream(facts),
}

function messagesToCompletions({ renamesTokenLimit }: Provider): Translation {
  return {
    as: 'completions',
    request: body => toCompletions(body, renamesTokenLimit ? 'max_completion_tokens' : 'max_tokens'),
    answer(status, body) {
      const text = body.toString()
      if (status < 200 || status > 299) return Buffer.from(errorFromCompletions(status, text))
      const parsed: unknown = JSON.parse(text)
      if (typeof parsed !== 'object' || parsed === null)
        throw new SyntaxError('the answer is not a JSON object')
      return Buffer.from(JSON.stringify(fromCompletions(parsed as JsonObject)))
    },
    stream: () => new MessagesFromCompletionsStream(),
  }
}

/** How a request of a shape that the provider does not take is put into one that it takes; undefined: not at all. */
export function translationFor(provider: Provider, from: Format, model: string): Translation | undefined {
  if (from === 'completions' && provider.accepts('messages', model)) return completionsToMessages
  if (from === 'messages' && provider.accepts('completions', model)) return messagesToCompletions(provider)
  return undefined
}

export { TranslationError }
