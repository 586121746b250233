import { z } from 'zod'

/** What editors and the reference page are told of a field. */
export interface Note {
  readonly description?: string
  /** What agentgateway takes when the field is absent; it is not filled in. */
  readonly default?: unknown
  readonly deprecated?: boolean
}

/** A field that may be absent. Notes go to zod's registry directly: `.describe()` would copy the schema each time. */
export function optional<T extends z.ZodType>(schema: T, note?: string | Note): z.ZodOptional<T> {
  return noted(schema.optional(), note)
}

/** A field that may be absent or null, which agentgateway reads alike. */
export function nullish<T extends z.ZodType>(
  schema: T,
  note?: string | Note,
): z.ZodOptional<z.ZodNullable<T>> {
  return noted(schema.nullish(), note)
}

/** `schema` must be fresh: the note belongs to this very instance. */
function noted<T extends z.ZodType>(schema: T, note: string | Note | undefined): T {
  if (note === undefined) return schema
  z.globalRegistry.add(schema, typeof note === 'string' ? { description: note } : { ...note })
  return schema
}
