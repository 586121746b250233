import { isObject, type JsonObject } from '../json.ts'
import { type EmbeddingsAsked, embeddingsAnswer, embeddingsAsked, onlyText, own } from './embeddings.ts'

/** Bodies of one family of embedding models. */
interface Family {
  request(asked: EmbeddingsAsked, body: JsonObject, model: string): JsonObject
  vectors(answer: JsonObject): unknown
}

/** https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html */
const NOVA: Family = {
  request: (asked, body) => ({
    taskType: 'SINGLE_EMBEDDING',
    singleEmbeddingParams: {
      embeddingPurpose: own(body, 'embedding_purpose', 'GENERIC_INDEX'),
      embeddingDimension: asked.dimensions,
      text: { truncationMode: own(body, 'truncation_mode', 'END'), value: onlyText(asked) },
    },
  }),
  vectors: ({ embeddings }) =>
    Array.isArray(embeddings) ? embeddings.map(one => (isObject(one) ? one['embedding'] : one)) : embeddings,
}

/** https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html */
const COHERE: Family = {
  request: ({ texts, dimensions }, body, model) => ({
    texts,
    input_type: own(body, 'input_type', 'search_query'),
    truncate: own(body, 'truncate'),
    // The older ones have one size only.
    output_dimension: model.includes('embed-v4') ? dimensions : undefined,
  }),
  // By type where several were asked for, or where the model always does so.
  vectors: ({ embeddings }) => (isObject(embeddings) ? embeddings['float'] : embeddings),
}

/** https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html */
const TITAN: Family = {
  request: (asked, body) => ({
    inputText: onlyText(asked),
    dimensions: asked.dimensions,
    normalize: own(body, 'normalize'),
  }),
  vectors: ({ embedding }) => [embedding],
}

function familyOf(model: string): Family {
  if (model.includes('nova')) return NOVA
  return model.includes('cohere') ? COHERE : TITAN
}

/** OpenAI's embeddings → InvokeModel of Bedrock; which words the model wants is known by its name, as in agentgateway. */
export function toInvoke(body: JsonObject, model: string): JsonObject {
  return familyOf(model).request(embeddingsAsked(body), body, model)
}

/** Where Bedrock tells how many tokens it has read, for models that do not tell it themselves. */
export const TOKENS_HEADER = 'x-amzn-bedrock-input-token-count'

/** And back. Throws SyntaxError for what has no vectors. */
export function fromInvoke(
  answer: JsonObject,
  {
    model,
    counted,
    isBase64,
  }: { readonly model: string; readonly counted: string | undefined; readonly isBase64: boolean },
): JsonObject {
  const vectors = familyOf(model).vectors(answer)
  if (!Array.isArray(vectors)) throw new SyntaxError('the answer has no vectors')
  const told = answer['inputTextTokenCount']
  const tokens = typeof told === 'number' ? told : Number(counted ?? 0)
  return embeddingsAnswer(vectors, { model, tokens: Number.isSafeInteger(tokens) ? tokens : 0, isBase64 })
}
