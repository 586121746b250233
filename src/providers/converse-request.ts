import { isObject, type JsonObject } from '../json.ts'
import { CachePoints, ConverseContent } from './converse-content.ts'
import { addAll, isAbsent, listAt, numberAt, objectAt, put, stringAt, TranslationError } from './fields.ts'
import type { ToolNames } from './tool-names.ts'

/*
 * What becomes of each field of a Messages request:
 *
 * | field                                | in the Converse body                                                |
 * | ------------------------------------ | ------------------------------------------------------------------- |
 * | model, stream                        | nothing: both are in the path                                       |
 * | system, messages of role system      | system                                                              |
 * | messages                             | messages                                                            |
 * | cache_control                        | a cachePoint behind, for the first four                             |
 * | max_tokens, temperature, top_p,      | inferenceConfig; no temperature, top_p and top_k beside thinking    |
 * | stop_sequences                       |                                                                     |
 * | tools, tool_choice                   | toolConfig; only tools of one's own. Where none may be called they  |
 * |                                      | are left out                                                        |
 * | output_config.format                 | outputConfig.textFormat                                             |
 * | thinking, top_k, output_config, the  | additionalModelRequestFields, which go to the model as they are;    |
 * | header anthropic-beta                | metadata too, to Claude alone: other models refuse what they do not |
 * |                                      | know                                                                |
 * | the header x-bedrock-metadata        | requestMetadata                                                     |
 * | any other                            | dropped: a client newer than this table must work                   |
 */

/** What a request is put into its new shape by, besides its body. */
export interface ConverseOptions {
  readonly model: string
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly tools: ToolNames
}

/** Anthropic Messages request body → Bedrock Converse body. Throws TranslationError; changes nothing given. */
export function toConverse(body: JsonObject, { model, headers, tools }: ConverseOptions): JsonObject {
  const cache = new CachePoints()
  const content = new ConverseContent(cache, tools)
  const toolConfig = toolConfigOf(body, tools, cache)
  const system = content.system(body['system'], 'system')
  const messages: JsonObject[] = []
  for (const [index, message] of listAt(body['messages'], 'messages').entries()) {
    const path = `messages[${index}]`
    const { role, content: said } = objectAt(message, path)
    if (role === 'system') addAll(system, content.system(said, `${path}.content`))
    else if (role === 'user' || role === 'assistant')
      addTurn(messages, role, content.blocks(said, `${path}.content`))
    else throw new TranslationError(`${path}.role`, 'must be user, assistant or system.')
  }
  const request: JsonObject = { messages, inferenceConfig: inferenceOf(body) }
  put(request, 'system', system.length > 0 ? system : undefined)
  put(request, 'toolConfig', toolConfig ?? (content.hasTools ? NO_TOOL : undefined))
  put(request, 'outputConfig', outputConfigOf(body['output_config']))
  const fields = modelFieldsOf(body, model, headers['anthropic-beta'])
  put(request, 'additionalModelRequestFields', Object.keys(fields).length > 0 ? fields : undefined)
  put(request, 'requestMetadata', metadataOf(headers['x-bedrock-metadata']))
  return request
}

/** Anthropic joins neighbours of one role, Bedrock refuses them. */
function addTurn(messages: JsonObject[], role: string, blocks: readonly JsonObject[]): void {
  const last = messages.at(-1)
  if (last?.['role'] === role) addAll(last['content'] as JsonObject[], blocks)
  else messages.push({ role, content: [...blocks] })
}

function isThinking(body: JsonObject): boolean {
  return isObject(body['thinking']) && body['thinking']['type'] === 'enabled'
}

function inferenceOf(body: JsonObject): JsonObject {
  const config: JsonObject = {}
  put(config, 'maxTokens', numberAt(body['max_tokens'], 'max_tokens'))
  if (!isThinking(body)) {
    put(config, 'temperature', numberAt(body['temperature'], 'temperature'))
    put(config, 'topP', numberAt(body['top_p'], 'top_p'))
  }
  const stops = listAt(body['stop_sequences'], 'stop_sequences')
  put(config, 'stopSequences', stops.length > 0 ? stops : undefined)
  return config
}

/** Converse wants tools wherever the conversation has called some; this one stands where none may be called. */
const NO_TOOL = { tools: [{ toolSpec: { name: 'do_not_call', inputSchema: { json: { type: 'object' } } } }] }

function toolConfigOf(body: JsonObject, names: ToolNames, cache: CachePoints): JsonObject | undefined {
  const tools = listAt(body['tools'], 'tools')
  for (const tool of tools) if (isObject(tool) && typeof tool['name'] === 'string') names.keep(tool['name'])
  const choice = choiceOf(body['tool_choice'], names)
  if (tools.length === 0 || choice === 'none') return undefined
  const listed = tools.flatMap((tool, index) => {
    const path = `tools[${index}]`
    const { type, name, description, input_schema, cache_control } = objectAt(tool, path)
    if (!isAbsent(type) && type !== 'custom') {
      throw new TranslationError(
        `${path}.type`,
        "is one of Anthropic's own tools, which Bedrock does not run.",
      )
    }
    const spec: JsonObject = { name: names.send(stringAt(name, `${path}.name`)) }
    put(spec, 'description', isAbsent(description) ? undefined : description)
    spec['inputSchema'] = { json: isAbsent(input_schema) ? { type: 'object' } : input_schema }
    return [{ toolSpec: spec }, ...cache.after(cache_control)]
  })
  return { tools: listed, ...(choice !== undefined && { toolChoice: choice }) }
}

function choiceOf(choice: unknown, names: ToolNames): JsonObject | 'none' | undefined {
  if (isAbsent(choice)) return undefined
  const { type, name } = objectAt(choice, 'tool_choice')
  if (type === 'auto' || type === 'any') return { [type]: {} }
  if (type === 'none') return type
  if (type === 'tool') return { tool: { name: names.send(stringAt(name, 'tool_choice.name')) } }
  throw new TranslationError('tool_choice.type', 'must be auto, any, tool or none.')
}

function outputConfigOf(config: unknown): JsonObject | undefined {
  const format = isObject(config) ? config['format'] : undefined
  if (!isObject(format) || format['type'] !== 'json_schema') return undefined
  const schema = JSON.stringify(objectAt(format['schema'], 'output_config.format.schema'))
  // https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_OutputFormat.html
  return { textFormat: { type: 'json_schema', structure: { jsonSchema: { schema } } } }
}

function modelFieldsOf(body: JsonObject, model: string, beta: string | readonly string[] = ''): JsonObject {
  const fields: JsonObject = {}
  put(fields, 'thinking', body['thinking'] ?? undefined)
  if (!isThinking(body)) put(fields, 'top_k', numberAt(body['top_k'], 'top_k'))
  if (isObject(body['output_config'])) {
    const { format: _, ...others } = body['output_config']
    put(fields, 'output_config', Object.keys(others).length > 0 ? others : undefined)
  }
  const betas = (typeof beta === 'string' ? beta : beta.join(','))
    .split(',')
    .map(one => one.trim())
    .filter(one => BETAS.has(one))
  put(fields, 'anthropic_beta', betas.length > 0 ? betas : undefined)
  if (model.includes('anthropic.claude')) put(fields, 'metadata', body['metadata'] ?? undefined)
  return fields
}

/**
 * The beta features of Claude that Bedrock knows; others it would refuse the request for.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
 */
const BETAS: ReadonlySet<string> = new Set([
  'computer-use-2025-01-24',
  'token-efficient-tools-2025-02-19',
  'interleaved-thinking-2025-05-14',
  'output-128k-2025-02-19',
  'dev-full-thinking-2025-05-14',
  'context-1m-2025-08-07',
  'context-management-2025-06-27',
  'effort-2025-11-24',
  'tool-search-tool-2025-10-19',
  'tool-examples-2025-10-29',
])

/** A JSON object of plain values; what is none is left out, as in agentgateway. */
function metadataOf(header: unknown): JsonObject | undefined {
  if (typeof header !== 'string') return undefined
  let written: unknown
  try {
    written = JSON.parse(header)
  } catch {
    return undefined
  }
  const plain = Object.entries(isObject(written) ? written : {}).filter(([, value]) =>
    ['string', 'number', 'boolean'].includes(typeof value),
  )
  return plain.length > 0
    ? Object.fromEntries(plain.map(([name, value]) => [name, String(value)]))
    : undefined
}
