import { isObject, type JsonObject } from '../json.ts'
import { embeddingsAnswer, embeddingsAsked, own } from './embeddings.ts'

/**
 * OpenAI's embeddings → `predict` of Vertex AI. `task_type`, `title` and `auto_truncate` are Google's own words.
 * https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api
 */
export function toPredict(body: JsonObject): JsonObject {
  const { texts, dimensions } = embeddingsAsked(body)
  const task_type = own(body, 'task_type', 'RETRIEVAL_QUERY')
  const title = own(body, 'title')
  const parameters = { autoTruncate: own(body, 'auto_truncate'), outputDimensionality: dimensions }
  const hasParameters = Object.values(parameters).some(value => value !== undefined)
  return {
    instances: texts.map(content => ({ content, task_type, ...(title !== undefined && { title }) })),
    ...(hasParameters && { parameters }),
  }
}

/** And back. Throws SyntaxError for what is no prediction. */
export function fromPredict(answer: JsonObject, model: string, isBase64: boolean): JsonObject {
  if (!Array.isArray(answer['predictions'])) throw new SyntaxError('the answer has no predictions')
  let tokens = 0
  const vectors = answer['predictions'].map(prediction => {
    const embeddings: unknown = isObject(prediction) ? prediction['embeddings'] : undefined
    const { values, statistics } = isObject(embeddings) ? embeddings : {}
    const count = isObject(statistics) ? statistics['token_count'] : undefined
    if (typeof count === 'number') tokens += count
    return values
  })
  return embeddingsAnswer(vectors, { model, tokens, isBase64 })
}
