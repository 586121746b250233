import type { JsonObject } from '../json.ts'
import { isAbsent, listAt, numberAt, stringAt, TranslationError } from './fields.ts'

/** What a client of OpenAI's embeddings asks for, as far as other providers have words for it. */
export interface EmbeddingsAsked {
  readonly texts: readonly string[]
  readonly dimensions: number | undefined
}

/** Throws TranslationError for inputs that are no texts: the numbers of tokens are those of OpenAI's models. */
export function embeddingsAsked(body: JsonObject): EmbeddingsAsked {
  const { input, dimensions } = body
  const texts = typeof input === 'string' ? [input] : listAt(input, 'input')
  if (texts.length === 0) throw new TranslationError('input', 'must be a text or a list of texts.')
  return {
    texts: texts.map((text, index) =>
      stringAt(text, typeof input === 'string' ? 'input' : `input[${index}]`),
    ),
    dimensions: numberAt(dimensions, 'dimensions'),
  }
}

/** The one text of a request to a model that takes no list. */
export function onlyText({ texts }: EmbeddingsAsked): string {
  const [text] = texts
  if (text === undefined || texts.length > 1)
    throw new TranslationError('input', 'must be one text: this model takes no list.')
  return text
}

/** A field that belongs to the provider rather than to OpenAI, where the client gives it. */
export function own(body: JsonObject, field: string, otherwise?: unknown): unknown {
  return isAbsent(body[field]) ? otherwise : body[field]
}

/**
 * OpenAI's answer; as base64 the vectors are the bytes of their numbers, which is what OpenAI's own clients ask for. Throws SyntaxError where
 * a vector is none.
 */
export function embeddingsAnswer(
  vectors: readonly unknown[],
  {
    model,
    tokens,
    isBase64,
  }: { readonly model: string; readonly tokens: number; readonly isBase64: boolean },
): JsonObject {
  const data = vectors.map((vector, index) => {
    if (!Array.isArray(vector) || !vector.every(value => typeof value === 'number'))
      throw new SyntaxError('the answer has no vector')
    return { object: 'embedding', index, embedding: isBase64 ? base64Of(vector) : vector }
  })
  return { object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } }
}

/** 32-bit floats, the lowest byte first. */
function base64Of(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4)
  return bytes.toString('base64')
}
