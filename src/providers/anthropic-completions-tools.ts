import { isObject, type JsonObject } from '../json.ts'
import { isAbsent, listAt, objectAt, stringAt, TranslationError } from './fields.ts'

/** `tools` and its old form `functions` → Messages tools. */
export function toolsOf(body: JsonObject): JsonObject[] {
  const tools = listAt(body['tools'], 'tools').map((tool, index) => {
    const path = `tools[${index}]`
    const { type, function: definition } = objectAt(tool, path)
    if (type !== 'function') {
      throw new TranslationError(`${path}.type`, 'Anthropic takes tools of type function only.')
    }
    return toolOf(objectAt(definition, `${path}.function`), `${path}.function`)
  })
  const functions = listAt(body['functions'], 'functions').map((definition, index) =>
    toolOf(objectAt(definition, `functions[${index}]`), `functions[${index}]`),
  )
  return tools.concat(functions)
}

function toolOf(definition: JsonObject, path: string): JsonObject {
  const { name, description, parameters } = definition
  // OpenAI takes a function without parameters; Anthropic wants a schema of type object always.
  const schema = isAbsent(parameters) ? { properties: {} } : objectAt(parameters, `${path}.parameters`)
  return {
    name: stringAt(name, `${path}.name`),
    ...(isAbsent(description) ? {} : { description: stringAt(description, `${path}.description`) }),
    input_schema: { type: 'object', ...schema },
  }
}

/** `tool_choice`, its old form `function_call`, and `parallel_tool_calls` → Messages `tool_choice`. */
export function toolChoiceOf(body: JsonObject, hasTools: boolean): JsonObject | undefined {
  const field = isAbsent(body['tool_choice']) ? 'function_call' : 'tool_choice'
  const choice = namedChoice(body[field], field)
  if (!hasTools) {
    // Without tools nothing is called, which is all that `auto` and `none` ask; Anthropic refuses the field.
    if (choice === undefined || choice['type'] === 'auto' || choice['type'] === 'none') return undefined
    throw new TranslationError(field, 'asks for a tool call, and the request has no tools.')
  }
  if (body['parallel_tool_calls'] !== false || choice?.['type'] === 'none') return choice
  return { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: true }
}

function namedChoice(choice: unknown, field: string): JsonObject | undefined {
  if (isAbsent(choice)) return undefined
  if (choice === 'auto' || choice === 'none') return { type: choice }
  if (choice === 'required') return { type: 'any' }
  // `{type: 'function', function: {name}}`, and `{name}` in the old form.
  const named = isObject(choice) && isObject(choice['function']) ? choice['function'] : choice
  if (isObject(named) && typeof named['name'] === 'string') return { type: 'tool', name: named['name'] }
  throw new TranslationError(field, 'must be auto, none, required or one function by its name.')
}
