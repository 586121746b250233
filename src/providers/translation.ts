import { isObject, type JsonObject } from '../json.ts'
import {
  CompletionsFromMessagesStream,
  errorFromMessages,
  fromMessages,
  TranslationError,
  toMessages,
} from './anthropic-completions.ts'
import { refuseRemoteImages } from './anthropic-completions-content.ts'
import { fromInvoke, TOKENS_HEADER, toInvoke } from './bedrock-embeddings.ts'
import { fromConverse } from './converse-answer.ts'
import { markForCache, type PromptCaching } from './converse-caching.ts'
import { toConverse } from './converse-request.ts'
import { MessagesFromConverseStream } from './converse-stream.ts'
import { fromTokenCount, toTokenCount } from './converse-token-count.ts'
import { fromCompletions } from './messages-completions-answer.ts'
import { toCompletions } from './messages-completions-request.ts'
import { MessagesFromCompletionsStream } from './messages-completions-stream.ts'
import { errorAsMessages } from './messages-error.ts'
import type { Format, Provider } from './provider.ts'
import { ToolNames } from './tool-names.ts'
import { fromPredict, toPredict } from './vertex-embeddings.ts'

/** One streamed answer on its way back; each call returns the bytes to send on, perhaps none. */
export interface AnswerStream {
  push(chunk: Buffer): Buffer
  end(): Buffer
  /** False after `end()`: the upstream broke off, and so must the client's connection. */
  readonly complete: boolean
  /** The upstream no longer speaks its format: nothing more has to be read of it. */
  readonly broken: boolean
}

/** What the way there needs to know besides the body. */
export interface RequestFacts {
  /** The model that goes upstream. */
  readonly model: string
  /** Of the client, by names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** What the config has marked for the cache of the provider. */
  readonly caching: PromptCaching | undefined
}

/** What the way back needs to know of the request. */
export interface AnswerFacts {
  /** Seconds since 1970. */
  readonly created: number
  /** Whether a stream ends with a usage event. */
  readonly includeUsage: boolean
  /** The model that went upstream, for answers that name none. */
  readonly model: string
}

/** What the way back needs to know of a whole answer besides its body. */
export interface WholeAnswerFacts extends AnswerFacts {
  /** A header of the answer, by its name in lower case. */
  readonly header: (name: string) => string | undefined
}

/** Between the shape a client speaks and the one its provider takes, for one request. */
export interface Translation {
  /** The shape that goes upstream. */
  readonly as: Format
  /** The content-type of a stream, where it is not server-sent events. */
  readonly streamType?: string
  /** Throws `TranslationError` for what has no equivalent. */
  request(body: JsonObject, facts: RequestFacts): JsonObject
  /** A whole JSON answer; throws when the body is not what the provider's API answers. */
  answer(status: number, body: Buffer, facts: WholeAnswerFacts): Buffer
  /** Absent where nothing is streamed. */
  stream?(facts: AnswerFacts): AnswerStream
}

/** Of answers that may be streamed. */
interface Streamed extends Translation {
  stream(facts: AnswerFacts): AnswerStream
}

/** A whole answer, or the error in its place. */
function answered(
  status: number,
  body: Buffer,
  translate: (answer: JsonObject) => JsonObject,
  error: (status: number, text: string) => string,
): Buffer {
  const text = body.toString()
  if (status < 200 || status > 299) return Buffer.from(error(status, text))
  const parsed: unknown = JSON.parse(text)
  if (!isObject(parsed)) throw new SyntaxError('the answer is not a JSON object')
  return Buffer.from(JSON.stringify(translate(parsed)))
}

/** Anthropic wants a limit where OpenAI's clients need not name one; agentgateway fills in the same. */
const DEFAULT_MAX_TOKENS = 4096

const completionsToMessages: Streamed = {
  as: 'messages',
  request: body => toMessages(body, { defaultMaxTokens: DEFAULT_MAX_TOKENS }),
  answer: (status, body, facts) =>
    answered(status, body, answer => fromMessages(answer, facts), errorFromMessages),
  stream: facts => new CompletionsFromMessagesStream(facts),
}

/** On their way to Converse, which has models of others than Anthropic, too. */
const completionsForConverse: Streamed = {
  ...completionsToMessages,
  request: body => toMessages(body, { defaultMaxTokens: DEFAULT_MAX_TOKENS, stopsAtBlanks: true }),
}

function messagesToCompletions({ renamesTokenLimit }: Provider): Translation {
  return {
    as: 'completions',
    request: body => toCompletions(body, renamesTokenLimit ? 'max_completion_tokens' : 'max_tokens'),
    answer: (status, body) => answered(status, body, fromCompletions, errorAsMessages),
    stream: () => new MessagesFromCompletionsStream(),
  }
}

function messagesToConverse(): Streamed {
  const tools = new ToolNames()
  return {
    as: 'messages',
    streamType: 'application/vnd.amazon.eventstream',
    request: (body, facts) => toConverse(body, { ...facts, tools }),
    answer: (status, body, { model }) =>
      answered(status, body, answer => fromConverse(answer, model, tools), errorAsMessages),
    stream: ({ model }) => new MessagesFromConverseStream(model, tools),
  }
}

const messagesToTokenCount: Translation = {
  as: 'anthropicTokenCount',
  request: toTokenCount,
  answer: (status, body) => answered(status, body, fromTokenCount, errorAsMessages),
}

/** OpenAI's embeddings in another form: `to` and `from` are told in which form the client wants its vectors. */
function embeddingsTo(
  to: (body: JsonObject, model: string) => JsonObject,
  from: (answer: JsonObject, facts: WholeAnswerFacts, isBase64: boolean) => JsonObject,
  error: (status: number, text: string) => string,
): Translation {
  let isBase64 = false
  return {
    as: 'embeddings',
    request: (body, { model }) => {
      isBase64 = body['encoding_format'] === 'base64'
      return to(body, model)
    },
    answer: (status, body, facts) => answered(status, body, answer => from(answer, facts, isBase64), error),
  }
}

function embeddingsToPredict(): Translation {
  return embeddingsTo(
    toPredict,
    (answer, { model }, isBase64) => fromPredict(answer, model, isBase64),
    errorFromMessages,
  )
}

function embeddingsToInvoke(): Translation {
  return embeddingsTo(
    toInvoke,
    (answer, { model, header }, isBase64) =>
      fromInvoke(answer, { model, counted: header(TOKENS_HEADER), isBase64 }),
    (status, text) => errorFromMessages(status, errorAsMessages(status, text)),
  )
}

/** Clients of the Messages API mark for the cache what they want in it; those of Chat Completions have no word for it. */
function completionsToConverse(): Translation {
  const translation = chained(completionsForConverse, messagesToConverse())
  return {
    ...translation,
    request: (body, facts) => {
      // Said here, in the client's words: behind the first translation an image has another place.
      refuseRemoteImages(body['messages'])
      const request = translation.request(body, facts)
      if (facts.caching !== undefined) markForCache(request, facts.caching, facts.model)
      return request
    },
  }
}

/** One translation behind another: the client's side of `outer`, the provider's of `inner`. */
function chained(outer: Streamed, inner: Streamed): Streamed {
  return {
    ...inner,
    request: (body, facts) => inner.request(outer.request(body, facts), facts),
    answer: (status, body, facts) => outer.answer(status, inner.answer(status, body, facts), facts),
    stream: facts => new ChainedStream(outer.stream(facts), inner.stream(facts)),
  }
}

class ChainedStream implements AnswerStream {
  readonly #outer: AnswerStream
  readonly #inner: AnswerStream

  constructor(outer: AnswerStream, inner: AnswerStream) {
    this.#outer = outer
    this.#inner = inner
  }

  push(chunk: Buffer): Buffer {
    return this.#outer.push(this.#inner.push(chunk))
  }

  end(): Buffer {
    const last = this.#outer.push(this.#inner.end())
    return Buffer.concat([last, this.#outer.end()])
  }

  get complete(): boolean {
    return this.#outer.complete
  }

  get broken(): boolean {
    return this.#inner.broken || this.#outer.broken
  }
}

/** How a request of a shape that the provider does not take is put into one that it takes; undefined: not at all. */
export function translationFor(provider: Provider, from: Format, model: string): Translation | undefined {
  if (provider.kind === 'bedrock') return toBedrock(from)
  if (provider.kind === 'vertex' && from === 'embeddings') return embeddingsToPredict()
  if (from === 'completions' && provider.accepts('messages', model)) return completionsToMessages
  if (from === 'messages' && provider.accepts('completions', model)) return messagesToCompletions(provider)
  return undefined
}

function toBedrock(from: Format): Translation | undefined {
  if (from === 'messages') return messagesToConverse()
  if (from === 'completions') return completionsToConverse()
  if (from === 'embeddings') return embeddingsToInvoke()
  return from === 'anthropicTokenCount' ? messagesToTokenCount : undefined
}

export { TranslationError }
