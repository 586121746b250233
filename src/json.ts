/** A JSON object whose fields nobody has looked at yet. */
export type JsonObject = Record<string, unknown>

/** True for a JSON object, or a map of YAML: neither null nor a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
