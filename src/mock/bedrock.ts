import { isObject } from '../json.ts'
import { DEFAULT_DIMENSIONS, vectorOf } from './embeddings.ts'
import { frameOf } from './event-frames.ts'
import { type Answer, bearer, type Call, type Provider, UNKNOWN_MODEL } from './provider.ts'
import { allText, decoded, idOf, lastUserText, piecesOf, textOf, tokensIn, uuidOf } from './text.ts'
import { ofConverse } from './tool-use.ts'
import { inputPieces, type Reply, replyTo } from './tools.ts'
import { wantedForm } from './wanted-form.ts'

const MODELS = ['anthropic.claude-sonnet-4-5-20250929-v1:0', 'amazon.nova-pro-v1:0', 'amazon.nova-lite-v1:0']

/** Amazon Bedrock with an API key: the Converse API, its token counts, and the list of models. */
export const bedrock: Provider = {
  credential({ headers }) {
    const token = bearer(headers)
    return token === undefined ? undefined : { value: token, place: 'bearer' }
  },
  answer(call) {
    if (call.key.kind === 'missing') return error(call, 403, 'Missing Authentication Token')
    if (call.key.kind === 'wrong')
      return error(call, 403, 'Authentication failed: Please make sure your API Key is valid.')
    const { method } = call.seen
    if (call.pathname.endsWith('/foundation-models') && method === 'GET')
      return json(call, { modelSummaries: MODELS.map(modelCard) })
    const [, id = '', operation] =
      /\/model\/([^/]+)\/(converse|converse-stream|count-tokens|invoke)$/.exec(call.pathname) ?? []
    if (operation === undefined || method !== 'POST')
      return error(call, 404, 'Unable to determine service/operation name to be authorized')
    if (decoded(id) === UNKNOWN_MODEL) return error(call, 400, 'The provided model identifier is invalid.')
    if (operation === 'invoke') return embed(call)
    return operation === 'count-tokens' ? count(call) : converse(call, operation === 'converse-stream')
  },
  failure: (call, status, message) => error(call, status, message ?? messageOf(status)),
}

function converse(call: Call, isStream: boolean): Answer {
  const { messages, system, inferenceConfig } = call.body ?? {}
  if (!Array.isArray(messages) || messages.length === 0)
    return error(
      call,
      400,
      'A conversation must start with a user message. Try again with a conversation that does.',
    )
  const inputTokens = tokensIn(allText(messages, 'content') + textOf(system))
  const limit = isObject(inferenceConfig) ? inferenceConfig['maxTokens'] : undefined
  const tools = ofConverse(call.body ?? {})
  if (tools.mistake !== undefined) return error(call, 400, `toolConfig.toolChoice: ${tools.mistake}`)
  const answer = replyTo(tools, {
    prompt: lastUserText(messages, 'content'),
    limit,
    form: wantedForm(call.body ?? {}),
    chars: call.answerChars,
  })
  const toolUseId = idOf('tooluse_', call.serial, 22)
  const stopReason = answer.call ? 'tool_use' : answer.cut ? 'max_tokens' : 'end_turn'
  const usage = { inputTokens, outputTokens: answer.tokens, totalTokens: inputTokens + answer.tokens }
  const metrics = { latencyMs: call.latencyMs }
  if (isStream) {
    const headers = { ...headersOf(call), 'content-type': 'application/vnd.amazon.eventstream' }
    return { status: 200, headers, body: frames({ answer, toolUseId, stopReason }, { usage, metrics }) }
  }
  const said = answer.call ? { toolUse: { toolUseId, ...answer.call } } : { text: answer.text }
  const message = { role: 'assistant', content: [said] }
  return json(call, { output: { message }, stopReason, usage, metrics })
}

function* frames(
  { answer: { text, call }, toolUseId, stopReason }: Ended,
  metadata: object,
): Generator<Buffer> {
  const delta = (delta: object): Buffer => frameOf('contentBlockDelta', { contentBlockIndex: 0, delta })
  yield frameOf('messageStart', { role: 'assistant' })
  if (call) {
    const start = { toolUse: { toolUseId, name: call.name } }
    yield frameOf('contentBlockStart', { contentBlockIndex: 0, start })
    for (const input of inputPieces(call)) yield delta({ toolUse: { input } })
  }
  for (const piece of piecesOf(text)) yield delta({ text: piece })
  yield frameOf('contentBlockStop', { contentBlockIndex: 0 })
  yield frameOf('messageStop', { stopReason })
  yield frameOf('metadata', metadata)
}

interface Ended {
  readonly answer: Reply
  readonly toolUseId: string
  readonly stopReason: string
}

/** The request that is counted for comes as base64, or in the form of Converse. */
function count(call: Call): Answer {
  const input = call.body?.['input']
  const { invokeModel, converse: asked } = isObject(input) ? input : {}
  const wrapped = isObject(invokeModel) ? parse(invokeModel['body']) : asked
  if (!isObject(wrapped)) return error(call, 400, 'The request body is not valid.')
  const { messages, system } = wrapped
  return json(call, { inputTokens: tokensIn(allText(messages, 'content') + textOf(system)) })
}

function parse(body: unknown): unknown {
  try {
    return JSON.parse(Buffer.from(String(body), 'base64').toString())
  } catch {
    return undefined
  }
}

/** Of the models that InvokeModel is for, those that make vectors: Titan takes one text, Cohere a list, Nova a section. */
function embed(call: Call): Answer {
  const { inputText, texts, singleEmbeddingParams: nova } = call.body ?? {}
  const one = isObject(nova) && isObject(nova['text']) ? nova['text']['value'] : inputText
  const list: readonly unknown[] = Array.isArray(texts) ? texts : [one]
  if (list.length === 0 || !list.every(text => typeof text === 'string'))
    return error(call, 400, 'Malformed input request, please reformat your input and try again.')
  const vectors = list.map(text => vectorOf(text, DEFAULT_DIMENSIONS))
  const tokens = tokensIn(list.join(''))
  const [embedding] = vectors
  if (inputText !== undefined) return json(call, { embedding, inputTextTokenCount: tokens })
  const embeddings = Array.isArray(texts) ? vectors : [{ embeddingType: 'TEXT', embedding }]
  const answer = json(call, { embeddings, ...(Array.isArray(texts) && { texts }) })
  return { ...answer, headers: { ...answer.headers, 'x-amzn-bedrock-input-token-count': String(tokens) } }
}

function modelCard(modelId: string): object {
  const modelArn = `arn:aws:bedrock:us-east-1::foundation-model/${modelId}`
  return { modelArn, modelId, modelName: modelId, responseStreamingSupported: true }
}

function headersOf(call: Call): Record<string, string> {
  return { 'content-type': 'application/json', 'x-amzn-requestid': uuidOf('bedrock', call.serial) }
}

function json(call: Call, value: object): Answer {
  return { status: 200, headers: headersOf(call), body: JSON.stringify(value) }
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'ValidationException',
  403: 'AccessDeniedException',
  404: 'ResourceNotFoundException',
  408: 'ModelTimeoutException',
  424: 'ModelErrorException',
  429: 'ThrottlingException',
  503: 'ServiceUnavailableException',
}

function error(call: Call, status: number, message: string): Answer {
  const type = ERROR_TYPES[status] ?? (status < 500 ? 'ValidationException' : 'InternalServerException')
  return {
    status,
    headers: { ...headersOf(call), 'x-amzn-errortype': type },
    body: JSON.stringify({ message }),
  }
}

function messageOf(status: number): string {
  if (status === 429) return 'Too many requests, please wait before trying again.'
  if (status === 503) return 'Bedrock is unable to process your request.'
  return status >= 500
    ? 'The system encountered an unexpected error during processing. Try your request again.'
    : `The request was refused with status ${status}.`
}
