/** A JSON object whose fields nobody has looked at yet. */
export type JsonObject = Record<string, unknown>

/**
 * A Chat Completions request that the Messages API has no equivalent for. To be answered with `status` and
 * never sent upstream. The message names the field and quotes nothing of the request: it may end up in a
 * log.
 */
export class TranslationError extends Error {
  readonly status = 400
  /** The path of the field in the client's body, as OpenAI's `param`: `messages[2].content[0].type`. */
  readonly param: string

  constructor(param: string, reason: string) {
    super(`${param}: ${reason}`)
    this.name = 'TranslationError'
    this.param = param
  }
}

/** True for a JSON object: neither null nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** OpenAI treats `null` like a field that is not there. */
export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null
}

/** Puts all of a client's list behind another one: as arguments of one `push`, a long one overflows the stack. */
export function addAll<T>(list: T[], more: readonly T[]): void {
  for (const one of more) list.push(one)
}

/** Anthropic refuses text blocks and stop sequences of nothing but white space. */
export function isBlank(text: string): boolean {
  return text.trim() === ''
}

/** The value as an object, or a TranslationError at `path`. */
export function objectAt(value: unknown, path: string): JsonObject {
  if (!isObject(value)) throw new TranslationError(path, 'must be an object.')
  return value
}

/** The value as a string, or a TranslationError at `path`. */
export function stringAt(value: unknown, path: string): string {
  if (typeof value !== 'string') throw new TranslationError(path, 'must be a string.')
  return value
}

/** The value as a list, an absent one as an empty list, or a TranslationError at `path`. */
export function listAt(value: unknown, path: string): readonly unknown[] {
  if (isAbsent(value)) return []
  if (!Array.isArray(value)) throw new TranslationError(path, 'must be a list.')
  return value
}

/** The value as a number, undefined when absent, or a TranslationError at `path`. */
export function numberAt(value: unknown, path: string): number | undefined {
  if (isAbsent(value)) return undefined
  if (typeof value !== 'number') throw new TranslationError(path, 'must be a number.')
  return value
}
