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
    override: ({ zodSchema, jsonSchema }) => {
      allowVariable(jsonSchema)
      describeWrapped(zodSchema, jsonSchema)
    },
  })
  return { $schema, title: 'config.yaml of agentgateway', ...rest }
}

/** What may be absent or null is told of as it would be without: while a key is chosen, editors show the words beside it alone. */
function describeWrapped(schema: z.core.$ZodTypes, json: Record<string, unknown>): void {
  if (json['description'] !== undefined || json['$ref'] !== undefined) return
  const description = descriptionOf(schema)
  if (description !== undefined) json['description'] = description
}

function descriptionOf(schema: z.core.$ZodTypes): string | undefined {
  const { def } = schema._zod
  const own = z.globalRegistry.get(schema)?.description
  if (own !== undefined) return own
  if (def.type === 'lazy') return descriptionOf(def.getter() as z.core.$ZodTypes)
  if (def.type === 'optional' || def.type === 'nullable')
    return descriptionOf(def.innerType as z.core.$ZodTypes)
  return undefined
}

function allowVariable(schema: Record<string, unknown>): void {
  const typed = ['number', 'integer', 'boolean'].includes(String(schema['type']))
  if (!typed && !Array.isArray(schema['enum']) && typeof schema['const'] !== 'string') return
  const { description, default: standard, ...form } = schema
  for (const key of Object.keys(form)) delete schema[key]
  schema['anyOf'] = [form, VARIABLE]
}
