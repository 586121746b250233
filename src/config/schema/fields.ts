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
  return note === undefined ? shared(absent, schema, () => schema.optional()) : noted(schema.optional(), note)
}

/** A field that may be absent or null, which agentgateway reads alike. */
export function nullish<T extends z.ZodType>(
  schema: T,
  note?: string | Note,
): z.ZodOptional<z.ZodNullable<T>> {
  return optional(
    shared(orNull, schema, () => schema.nullable()),
    note,
  )
}

/** Wrappers without a note of their own are made once for each schema: making 500 more costs 10 ms at every start. */
const absent = new WeakMap<z.ZodType, z.ZodType>()
const orNull = new WeakMap<z.ZodType, z.ZodType>()

function shared<W extends z.ZodType>(
  made: WeakMap<z.ZodType, z.ZodType>,
  schema: z.ZodType,
  make: () => W,
): W {
  const known = made.get(schema)
  if (known !== undefined) return known as W
  const wrapper = make()
  made.set(schema, wrapper)
  return wrapper
}

/** `schema` must be fresh: the note belongs to this very instance. */
function noted<T extends z.ZodType>(schema: T, note: string | Note): T {
  z.globalRegistry.add(schema, typeof note === 'string' ? { description: note } : { ...note })
  return schema
}
