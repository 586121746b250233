import { isObject, type JsonObject } from '../json.ts'

/**
 * A request that has no equivalent in the form that its provider takes. To be answered with `status` and never sent
 * upstream. The message names the field and quotes nothing of the request: it may end up in a log.
 */
export class TranslationError extends Error {
  readonly status = 400
  /** The path of the field in the client's body: `messages[2].content[0].type`. */
  readonly param: string

  constructor(param: string, reason: string) {
    super(`${param}: ${reason}`)
    this.name = 'TranslationError'
    this.param = param
  }
}

/** Clients write `null` for what they do not give. */
export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null
}

/** Sets a field that has a value. */
export function put(body: JsonObject, field: string, value: unknown): void {
  if (value !== undefined) body[field] = value
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
