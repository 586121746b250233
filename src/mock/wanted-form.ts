import { isObject, type JsonObject } from '../json.ts'

const ANY_OBJECT = { type: 'object' }

/** The JSON Schema of the answer that a request wants in place of a text, in the words of any API; else `undefined`. */
export function wantedForm(body: JsonObject): unknown {
  return (
    openAiForm(body['response_format']) ??
    openAiForm(at(body, 'text', 'format')) ??
    openAiForm(at(body, 'output_config', 'format')) ??
    geminiForm(at(body, 'generationConfig') ?? at(body, 'generation_config')) ??
    converseForm(at(body, 'outputConfig', 'textFormat'))
  )
}

/** That of OpenAI's two APIs, and of Messages. */
function openAiForm(format: unknown): unknown {
  if (!isObject(format)) return undefined
  if (format['type'] === 'json_object') return ANY_OBJECT
  return format['type'] === 'json_schema'
    ? (format['schema'] ?? at(format, 'json_schema', 'schema'))
    : undefined
}

function geminiForm(config: unknown): unknown {
  const first = (...names: readonly string[]): unknown =>
    names.map(name => at(config, name)).find(value => value !== undefined)
  if (first('responseMimeType', 'response_mime_type') !== 'application/json') return undefined
  const schema = first('responseJsonSchema', 'response_json_schema', 'responseSchema', 'response_schema')
  return schema ?? ANY_OBJECT
}

/** Bedrock takes the schema as a text. */
function converseForm(format: unknown): unknown {
  const schema = at(format, 'structure', 'jsonSchema', 'schema')
  if (typeof schema !== 'string') return undefined
  try {
    return JSON.parse(schema)
  } catch {
    return ANY_OBJECT
  }
}

function at(value: unknown, ...names: readonly string[]): unknown {
  let found = value
  for (const name of names) found = isObject(found) ? found[name] : undefined
  return found
}
