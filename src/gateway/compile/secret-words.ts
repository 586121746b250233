import { clearKeysIn } from '../../config/shown-word.ts'
import { Secret } from '../../secrets/secret.ts'

/** The secrets in a text of the config, as far as whoever has read it knows them. */
export type SecretsIn = (text: string) => readonly string[]

/** Words of expressions, headers and queries. */
const WORD = /[^\s"'`,;()[\]{}<>=|?&]+/g

/**
 * What is secret in the texts of a part of the config that says what an upstream is given: what is known to be, and what is
 * a key beyond doubt. Whatever holds a `Secret` takes care of it by itself.
 */
export function secretWords(written: unknown, known: SecretsIn): string[] {
  const found = new Set<string>()
  const look = (value: unknown): void => {
    if (typeof value === 'string') {
      for (const secret of known(value)) found.add(secret)
      for (const word of value.match(WORD) ?? []) for (const key of clearKeysIn(word)) found.add(key)
    } else if (typeof value === 'object' && value !== null && !(value instanceof Secret)) {
      for (const inner of Object.values(value)) look(inner)
    }
  }
  look(written)
  return [...found]
}
