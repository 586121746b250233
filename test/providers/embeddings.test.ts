import { describe, expect, it } from 'vitest'
import { TranslationError } from '../../src/providers/anthropic-completions.ts'
import { bedrock, translationFor, vertex } from '../../src/providers/index.ts'

type Json = Record<string, unknown>

const VERTEX = vertex({ projectId: 'p' })
const BEDROCK = bedrock({ region: 'r' })

function open(provider: typeof VERTEX, model: string) {
  const translation = translationFor(provider, 'embeddings', model)
  if (translation === undefined) throw new Error('embeddings are not translated')
  const ask = (body: Json) =>
    JSON.parse(
      JSON.stringify(translation.request({ model, ...body }, { model, headers: {}, caching: undefined })),
    )
  const answer = (body: unknown, status = 200, headers: Record<string, string> = {}) => {
    const facts = { created: 1, includeUsage: true, model, header: (name: string) => headers[name] }
    return JSON.parse(translation.answer(status, Buffer.from(JSON.stringify(body)), facts).toString())
  }
  return { ask, answer }
}

const listed = (model: string, tokens: number, ...vectors: unknown[]) => ({
  object: 'list',
  data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
  model,
  usage: { prompt_tokens: tokens, total_tokens: tokens },
})

describe('embeddings of Vertex AI', () => {
  const model = 'text-embedding-005'
  it.each<[string, Json, Json]>([
    ['a text', { input: 'a' }, { instances: [{ content: 'a', task_type: 'RETRIEVAL_QUERY' }] }],
    [
      'texts, and what Google has besides',
      { input: ['a', 'b'], dimensions: 3, task_type: 'CLUSTERING', title: 't', auto_truncate: false },
      {
        instances: [
          { content: 'a', task_type: 'CLUSTERING', title: 't' },
          { content: 'b', task_type: 'CLUSTERING', title: 't' },
        ],
        parameters: { autoTruncate: false, outputDimensionality: 3 },
      },
    ],
  ])('are asked for: %s', (_title, body, wanted) => {
    expect(open(VERTEX, model).ask(body)).toEqual(wanted)
  })

  it('come back in order with the tokens of all', () => {
    const { answer, ask } = open(VERTEX, model)
    ask({ input: ['a', 'b'] })
    const of = (values: number[]) => ({
      embeddings: { values, statistics: { token_count: 2, truncated: false } },
    })
    expect(answer({ predictions: [of([0.5, 1]), of([2, 3])] })).toEqual(listed(model, 4, [0.5, 1], [2, 3]))
  })

  it('an error arrives in the form of OpenAI', () => {
    const google = { error: { code: 400, message: 'bad', status: 'INVALID_ARGUMENT' } }
    expect(open(VERTEX, model).answer(google, 400)).toEqual({
      error: { message: 'bad', type: 'invalid_request_error', param: null, code: null },
    })
  })

  it.each([[{}], [{ predictions: [{}] }], [{ predictions: [{ embeddings: { values: ['x'] } }] }]])(
    'an answer that is none: %o',
    body => {
      expect(() => open(VERTEX, model).answer(body)).toThrow(SyntaxError)
    },
  )
})

describe('embeddings of Bedrock', () => {
  const NOVA = 'amazon.nova-2-multimodal-embeddings-v1:0'
  it.each<[string, string, Json, Json]>([
    [
      'Titan',
      'amazon.titan-embed-text-v2:0',
      { input: 'a', dimensions: 256, normalize: false },
      { inputText: 'a', dimensions: 256, normalize: false },
    ],
    ['Titan, a list of one', 'amazon.titan-embed-text-v1', { input: ['a'] }, { inputText: 'a' }],
    [
      'Cohere',
      'cohere.embed-english-v3',
      { input: ['a', 'b'], dimensions: 256, truncate: 'END' },
      { texts: ['a', 'b'], input_type: 'search_query', truncate: 'END' },
    ],
    [
      'Cohere of four',
      'us.cohere.embed-v4:0',
      { input: 'a', dimensions: 256, input_type: 'search_document' },
      { texts: ['a'], input_type: 'search_document', output_dimension: 256 },
    ],
    [
      'Nova',
      NOVA,
      { input: 'a', dimensions: 256 },
      {
        taskType: 'SINGLE_EMBEDDING',
        singleEmbeddingParams: {
          embeddingPurpose: 'GENERIC_INDEX',
          embeddingDimension: 256,
          text: { truncationMode: 'END', value: 'a' },
        },
      },
    ],
  ])('are asked for: %s', (_title, model, body, wanted) => {
    expect(open(BEDROCK, model).ask(body)).toEqual(wanted)
  })

  it.each<[string, Json, Record<string, string>, Json]>([
    [
      'amazon.titan-embed-text-v2:0',
      { embedding: [1, 2], inputTextTokenCount: 3 },
      {},
      listed('amazon.titan-embed-text-v2:0', 3, [1, 2]),
    ],
    [
      'cohere.embed-english-v3',
      { embeddings: [[1], [2]], texts: ['a', 'b'] },
      { 'x-amzn-bedrock-input-token-count': '4' },
      listed('cohere.embed-english-v3', 4, [1], [2]),
    ],
    ['cohere.embed-v4:0', { embeddings: { float: [[1]] } }, {}, listed('cohere.embed-v4:0', 0, [1])],
    [
      'amazon.titan-embed-text-v1',
      { embedding: [1], inputTextTokenCount: { toString: 1, valueOf: 1 } },
      {},
      listed('amazon.titan-embed-text-v1', 0, [1]),
    ],
    [
      NOVA,
      { embeddings: [{ embedding: [1] }] },
      { 'x-amzn-bedrock-input-token-count': 'x' },
      listed(NOVA, 0, [1]),
    ],
  ])('come back: %s', (model, body, headers, wanted) => {
    expect(open(BEDROCK, model).answer(body, 200, headers)).toEqual(wanted)
  })

  it('come back as bytes where the client wants them so', () => {
    const { ask, answer } = open(BEDROCK, 'amazon.titan-embed-text-v2:0')
    expect(ask({ input: 'a', encoding_format: 'base64' })).toEqual({ inputText: 'a' })
    const [{ embedding }] = answer({ embedding: [0.5, -2], inputTextTokenCount: 1 }).data
    const bytes = Buffer.from(embedding, 'base64')
    expect([bytes.readFloatLE(0), bytes.readFloatLE(4), bytes.length]).toEqual([0.5, -2, 8])
  })

  it('an error arrives in the form of OpenAI', () => {
    expect(open(BEDROCK, 'amazon.titan-embed-text-v2:0').answer({ message: 'slow down' }, 429)).toEqual({
      error: { message: 'slow down', type: 'rate_limit_error', param: null, code: null },
    })
  })

  it.each([
    ['amazon.titan-embed-text-v2:0', {}],
    ['cohere.embed-v4:0', { embeddings: { int8: [[1]] } }],
    [NOVA, { embeddings: 'x' }],
  ])('an answer that is none: %s', (model, body) => {
    expect(() => open(BEDROCK, model).answer(body)).toThrow(SyntaxError)
  })
})

describe('inputs that are refused', () => {
  it.each<[string, Json, string]>([
    ['tokens', { input: [1, 2] }, 'input[0]: must be a string'],
    ['lists of tokens', { input: [[1], [2]] }, 'input[0]: must be a string'],
    ['nothing', {}, 'input: must be a text or a list of texts'],
    ['an empty list', { input: [] }, 'input: must be a text or a list of texts'],
    ['several for a model that takes one', { input: ['a', 'b'] }, 'input: must be one text'],
    ['a size that is no number', { input: 'a', dimensions: '3' }, 'dimensions: must be a number'],
  ])('%s', (_title, body, why) => {
    const { ask } = open(BEDROCK, 'amazon.titan-embed-text-v2:0')
    expect(() => ask(body)).toThrow(TranslationError)
    expect(() => ask(body)).toThrow(why)
  })
})
