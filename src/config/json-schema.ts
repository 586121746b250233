import { z } from 'zod'
import { configSchema } from './schema.ts'

/** Text with a variable in it: what agentgateway puts in its place, no editor can know. */
const VARIABLE = { type: 'string', pattern: '\\$' }

/**
 * The schema of config.yaml as JSON Schema (draft 7, which every YAML editor reads): for completion and hints while
 * typing. Unlike the file after expansion, it takes a variable wherever a number, a switch or one of a few words stands.
 */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...rest } = z.toJSONSchema(configSchema, {
    io: 'input',
    target: 'draft-7',
    override: ({ jsonSchema }) => allowVariable(jsonSchema),
  })
  return { $schema, title: 'config.yaml of agentgateway', ...rest }
}

function allowVariable(schema: Record<string, unknown>): void {
  const typed = ['number', 'integer', 'boolean'].includes(String(schema['type']))
  if (!typed && !Array.isArray(schema['enum']) && typeof schema['const'] !== 'string') return
  const { description, default: standard, ...form } = schema
  for (const key of Object.keys(form)) delete schema[key]
  schema['anyOf'] = [form, VARIABLE]
}
