import { isObject, type JsonObject } from '../json.ts'
import { textOf } from './text.ts'

/** A function that a request offers. */
export interface Tool {
  readonly name: string
  /** JSON Schema of its arguments. */
  readonly schema: unknown
}

/** What a request says of tools, whatever its API. */
export interface ToolUse {
  readonly tools: readonly Tool[]
  /** One of these must be called; empty where the answer may be a text. */
  readonly wanted: readonly string[]
  /** The API refuses the request, and says so. */
  readonly mistake?: string
  /** What a tool said, where that is what the request ends with: then none is called again. */
  readonly result: string | undefined
}

/** What each API has in another place. */
interface Found {
  /** Undefined for tools that run at the provider, or have another form: none is called. */
  readonly tools: readonly (Tool | undefined)[]
  /** `any` for one of them, else one of these; `undefined` for none. */
  readonly demand: 'any' | readonly unknown[] | undefined
  readonly result: string | undefined
}

function use({ tools: found, demand, result }: Found): ToolUse {
  const tools = found.filter(tool => tool !== undefined)
  if (result !== undefined || demand === undefined) return { tools, wanted: [], result }
  if (found.length === 0)
    return { tools, wanted: [], result, mistake: 'a tool is demanded, and none is given' }
  if (demand === 'any') return { tools, wanted: tools.map(({ name }) => name), result }
  const wanted = demand.filter(name => typeof name === 'string')
  const isThere = found.length > tools.length || tools.some(({ name }) => wanted.includes(name))
  return {
    tools,
    wanted,
    result,
    ...(!isThere && { mistake: 'the tool that is demanded is not among those given' }),
  }
}

/** Chat Completions; the tool of a function stands in `function`. */
export function ofChat(body: JsonObject): ToolUse {
  const { tool_choice: choice, messages } = body
  const last = lastOf(messages)
  return use({
    tools: objects(body['tools']).map(tool => functionIn(tool['function'])),
    demand: openAiDemand(choice, named => inside(named, 'function')['name']),
    result: last['role'] === 'tool' ? textOf(last['content']) : undefined,
  })
}

/** Responses; a function stands in the list itself. */
export function ofResponses(body: JsonObject): ToolUse {
  const last = lastOf(body['input'])
  const tools = objects(body['tools'])
  return use({
    tools: tools.map(tool => (tool['type'] === 'function' ? functionIn(tool) : undefined)),
    demand: openAiDemand(body['tool_choice'], named => named['name']),
    result: last['type'] === 'function_call_output' ? textOf(last['output']) : undefined,
  })
}

/** A word, a tool, or several of which one is demanded. A tool that is no function is not known by `nameOf`. */
function openAiDemand(choice: unknown, nameOf: (choice: JsonObject) => unknown): Found['demand'] {
  if (choice === 'required') return 'any'
  if (!isObject(choice)) return undefined
  if (choice['type'] === 'function') return [nameOf(choice)]
  if (choice['type'] !== 'allowed_tools') return undefined
  const allowed = isObject(choice['allowed_tools']) ? choice['allowed_tools'] : choice
  return allowed['mode'] === 'required' ? objects(allowed['tools']).map(nameOf) : undefined
}

/** Anthropic's Messages. */
export function ofMessages(body: JsonObject): ToolUse {
  const { type, name } = inside(body, 'tool_choice')
  return use({
    tools: objects(body['tools']).map(tool => toolOf(tool['name'], tool['input_schema'])),
    demand: type === 'any' ? 'any' : type === 'tool' ? [name] : undefined,
    result: resultIn(lastOf(body['messages'])['content'], part =>
      part['type'] === 'tool_result' ? textOf(part['content']) : undefined,
    ),
  })
}

/** Gemini's own API; both spellings of its fields are taken there. */
export function ofGemini(body: JsonObject): ToolUse {
  const declared = objects(body['tools']).flatMap(tool =>
    objects(tool['functionDeclarations'] ?? tool['function_declarations']),
  )
  const config = inside(body, 'toolConfig', 'tool_config')
  const calling = inside(config, 'functionCallingConfig', 'function_calling_config')
  const names = calling['allowedFunctionNames'] ?? calling['allowed_function_names']
  const isDemanded = calling['mode'] === 'ANY'
  return use({
    tools: declared.map(({ name, parameters, parametersJsonSchema, parameters_json_schema }) =>
      toolOf(name, parametersJsonSchema ?? parameters_json_schema ?? parameters ?? NO_ARGUMENTS),
    ),
    demand: isDemanded ? (Array.isArray(names) && names.length > 0 ? names : 'any') : undefined,
    result: resultIn(lastOf(body['contents'])['parts'], part => {
      const said = part['functionResponse'] ?? part['function_response']
      return isObject(said) ? JSON.stringify(said['response']) : undefined
    }),
  })
}

/** Bedrock's Converse. */
export function ofConverse(body: JsonObject): ToolUse {
  const config = inside(body, 'toolConfig')
  const choice = inside(config, 'toolChoice')
  return use({
    tools: objects(config['tools']).map(tool => {
      const spec = inside(tool, 'toolSpec')
      return toolOf(spec['name'], inside(spec, 'inputSchema')['json'])
    }),
    demand: isObject(choice['tool']) ? [choice['tool']['name']] : isObject(choice['any']) ? 'any' : undefined,
    result: resultIn(lastOf(body['messages'])['content'], part => {
      const said = part['toolResult']
      if (!isObject(said)) return undefined
      return objects(said['content'])
        .map(block => (block['json'] === undefined ? textOf(block) : JSON.stringify(block['json'])))
        .join(' ')
    }),
  })
}

const NO_ARGUMENTS = { type: 'object' }

function functionIn(declared: unknown): Tool | undefined {
  return isObject(declared) ? toolOf(declared['name'], declared['parameters'] ?? NO_ARGUMENTS) : undefined
}

function toolOf(name: unknown, schema: unknown): Tool | undefined {
  return typeof name === 'string' && isObject(schema) ? { name, schema } : undefined
}

/** What tools have said in the parts of a message, one after the other. */
function resultIn(parts: unknown, said: (part: JsonObject) => string | undefined): string | undefined {
  const results = objects(parts)
    .map(said)
    .filter(text => text !== undefined)
  return results.length === 0 ? undefined : results.join(' ')
}

function lastOf(messages: unknown): JsonObject {
  return objects(messages).at(-1) ?? {}
}

/** The object under the first of these names that is there. */
function inside(value: JsonObject, ...names: readonly string[]): JsonObject {
  for (const name of names) {
    const found = value[name]
    if (isObject(found)) return found
  }
  return {}
}

function objects(list: unknown): JsonObject[] {
  return Array.isArray(list) ? list.filter(isObject) : []
}
