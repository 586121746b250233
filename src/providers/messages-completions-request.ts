import { isObject, type JsonObject } from '../json.ts'
import { isAbsent, listAt, numberAt, objectAt, put, stringAt, TranslationError } from './fields.ts'

/*
 * What becomes of each field of a Messages request:
 *
 * | field                                  | in the Chat Completions body                                     |
 * | -------------------------------------- | ---------------------------------------------------------------- |
 * | model, temperature, top_p              | the same                                                         |
 * | system                                 | a first message of the system                                    |
 * | messages                               | messages; what tools answered becomes messages of its own, and   |
 * |                                        | words of the system stay where they are                          |
 * | max_tokens                             | max_tokens, or max_completion_tokens where that is wanted        |
 * | stop_sequences                         | stop                                                             |
 * | stream                                 | stream, with the token counts at its end                         |
 * | tools, tool_choice                     | tools, tool_choice, parallel_tool_calls; only tools of one's own |
 * | metadata.user_id                       | user                                                             |
 * | output_config.format                   | response_format                                                  |
 * | thinking, top_k, cache_control, others | dropped: hints that the other side has no word for               |
 */

/** Anthropic Messages request body → OpenAI Chat Completions body. Throws TranslationError; changes nothing given. */
export function toCompletions(
  body: JsonObject,
  limitField: 'max_tokens' | 'max_completion_tokens',
): JsonObject {
  const system = systemOf(body['system'], 'system')
  const messages = listAt(body['messages'], 'messages').flatMap((message, index) =>
    messagesOf(objectAt(message, `messages[${index}]`), `messages[${index}]`),
  )
  const request: JsonObject = { messages: [...system, ...messages] }
  put(request, 'model', isAbsent(body['model']) ? undefined : stringAt(body['model'], 'model'))
  put(request, limitField, numberAt(body['max_tokens'], 'max_tokens'))
  put(request, 'temperature', numberAt(body['temperature'], 'temperature'))
  put(request, 'top_p', numberAt(body['top_p'], 'top_p'))
  const stops = listAt(body['stop_sequences'], 'stop_sequences')
  put(request, 'stop', stops.length > 0 ? stops : undefined)
  if (body['stream'] === true) {
    request['stream'] = true
    request['stream_options'] = { include_usage: true }
  }
  putTools(request, body)
  const user = isObject(body['metadata']) ? body['metadata']['user_id'] : undefined
  put(request, 'user', typeof user === 'string' ? user : undefined)
  put(request, 'response_format', formatOf(body['output_config']))
  return request
}

function systemOf(system: unknown, path: string): JsonObject[] {
  if (isAbsent(system)) return []
  const text = typeof system === 'string' ? system : textOf(listAt(system, path), path)
  return text === '' ? [] : [{ role: 'system', content: text }]
}

function textOf(blocks: readonly unknown[], path: string): string {
  return blocks
    .map((block, index) => stringAt(objectAt(block, `${path}[${index}]`)['text'], `${path}[${index}].text`))
    .join('\n')
}

function messagesOf(message: JsonObject, path: string): JsonObject[] {
  const { role, content } = message
  if (role === 'system') return systemOf(content, `${path}.content`)
  if (role !== 'user' && role !== 'assistant') {
    throw new TranslationError(`${path}.role`, 'must be user, assistant or system.')
  }
  if (typeof content === 'string') return [{ role, content }]
  const blocks = listAt(content, `${path}.content`).map((block, index) =>
    objectAt(block, `${path}.content[${index}]`),
  )
  return role === 'user' ? ofUser(blocks, `${path}.content`) : [ofAssistant(blocks, `${path}.content`)]
}

/**
 * What tools answered has to come right behind the message that called them, so before the user's own words. It is text there:
 * images and documents among it follow as the user's.
 */
function ofUser(blocks: readonly JsonObject[], path: string): JsonObject[] {
  const results: JsonObject[] = []
  const parts: JsonObject[] = []
  for (const [index, block] of blocks.entries()) {
    const here = `${path}[${index}]`
    if (block['type'] === 'tool_result') results.push(toolResult(block, here, parts))
    else parts.push(partOf(block, here))
  }
  if (parts.length === 0) return results
  const isText = parts.every(part => part['type'] === 'text')
  const content = isText ? parts.map(part => part['text']).join('\n') : parts
  return [...results, { role: 'user', content }]
}

/** The message of a tool; what is no text of it is added to `parts`. */
function toolResult(block: JsonObject, path: string, parts: JsonObject[]): JsonObject {
  const { content } = block
  const texts: string[] = []
  const said = typeof content === 'string' ? [{ text: content }] : listAt(content, `${path}.content`)
  for (const [index, one] of said.entries()) {
    const part = isObject(one) && isMedium(one) ? partOf(one, `${path}.content[${index}]`) : undefined
    const { text } = part ?? (isObject(one) ? one : {})
    if (typeof text === 'string') texts.push(text)
    else if (part === undefined) texts.push(JSON.stringify(one))
    else parts.push(part)
  }
  const id = stringAt(block['tool_use_id'], `${path}.tool_use_id`)
  return { role: 'tool', tool_call_id: id, content: texts.join('\n') }
}

function isMedium({ type, source }: JsonObject): boolean {
  return type === 'image' || (type === 'document' && isObject(source) && source['type'] !== 'content')
}

function partOf(block: JsonObject, path: string): JsonObject {
  const { type, source } = block
  if (type === 'text') return { type, text: stringAt(block['text'], `${path}.text`) }
  if (type === 'image') {
    return { type: 'image_url', image_url: { url: urlOf(objectAt(source, `${path}.source`), path) } }
  }
  if (type === 'document') {
    const { title } = block
    if (isObject(source) && source['type'] === 'text')
      return { type: 'text', text: stringAt(source['data'], `${path}.source.data`) }
    const file_data = urlOf(objectAt(source, `${path}.source`), path)
    return { type: 'file', file: { filename: typeof title === 'string' ? title : 'document.pdf', file_data } }
  }
  throw new TranslationError(`${path}.type`, 'has no form in Chat Completions.')
}

function urlOf(source: JsonObject, path: string): string {
  if (source['type'] === 'url') return stringAt(source['url'], `${path}.source.url`)
  if (source['type'] !== 'base64') {
    throw new TranslationError(`${path}.source.type`, 'must be base64 or url: files are out of reach.')
  }
  const type = stringAt(source['media_type'], `${path}.source.media_type`)
  return `data:${type};base64,${stringAt(source['data'], `${path}.source.data`)}`
}

/** Thoughts are left out: they are only for the provider that had them. */
function ofAssistant(blocks: readonly JsonObject[], path: string): JsonObject {
  const text = blocks.flatMap(({ type, text: said }, index) =>
    type === 'text' ? [stringAt(said, `${path}[${index}].text`)] : [],
  )
  const calls = blocks
    .filter(block => block['type'] === 'tool_use')
    .map(block => ({
      id: block['id'],
      type: 'function',
      function: { name: block['name'], arguments: JSON.stringify(block['input'] ?? {}) },
    }))
  const content = text.length === 0 && calls.length > 0 ? null : text.join('')
  return { role: 'assistant', content, ...(calls.length > 0 && { tool_calls: calls }) }
}

function putTools(request: JsonObject, body: JsonObject): void {
  const tools = listAt(body['tools'], 'tools').map((tool, index) =>
    toolOf(objectAt(tool, `tools[${index}]`), `tools[${index}]`),
  )
  if (tools.length === 0) return
  request['tools'] = tools
  const choice = body['tool_choice']
  if (!isObject(choice)) return
  put(request, 'tool_choice', choiceOf(choice))
  if (choice['disable_parallel_tool_use'] === true) request['parallel_tool_calls'] = false
}

function toolOf(tool: JsonObject, path: string): JsonObject {
  const { type, name, description, input_schema } = tool
  if (!isAbsent(type) && type !== 'custom') {
    throw new TranslationError(`${path}.type`, "is one of Anthropic's own tools, which other providers lack.")
  }
  const definition: JsonObject = { name: stringAt(name, `${path}.name`) }
  put(definition, 'description', isAbsent(description) ? undefined : description)
  put(definition, 'parameters', isAbsent(input_schema) ? undefined : input_schema)
  return { type: 'function', function: definition }
}

function choiceOf({ type, name }: JsonObject): unknown {
  if (type === 'any') return 'required'
  if (type === 'auto' || type === 'none') return type
  if (type === 'tool') return { type: 'function', function: { name: stringAt(name, 'tool_choice.name') } }
  throw new TranslationError('tool_choice.type', 'must be auto, any, tool or none.')
}

function formatOf(config: unknown): JsonObject | undefined {
  const format = isObject(config) ? config['format'] : undefined
  if (!isObject(format) || format['type'] !== 'json_schema') return undefined
  return {
    type: 'json_schema',
    json_schema: { name: 'answer', schema: objectAt(format['schema'], 'output_config.format.schema') },
  }
}
