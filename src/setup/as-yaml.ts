import { type ConfigDocument, type KeySlot, keySlots, readDocument, validate } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import type { Judged } from '../require-config.ts'
import { Secret } from '../secrets/secret.ts'
import { suggested } from '../suggested.ts'

/** A config and its text. */
export interface ReadConfig extends Judged {
  readonly document: ConfigDocument
}

/** What means something to YAML within quotes or without, and so may break the text that a value is put into. */
const MARKS = /["'\\\p{Cc}]|:\s| #/u

/**
 * A config that the value of a variable breaks, with a word in the place of such values: what stands where is known then, so
 * that another value can be stored. Any other config is as it was.
 */
export function withPlainValues<T extends ReadConfig>(loaded: T): T {
  if (loaded.draft !== undefined) return loaded
  const document = readAs(loaded, loaded.document.text, () => undefined)
  const checked = validate(document)
  return checked.draft === undefined ? loaded : { ...loaded, document, ...checked }
}

/**
 * Throws SECRET_REJECTED where a key that a variable hands over would not be the key of its slot: the value is put into the
 * text of the config before that is read as YAML, where a quote or a backslash means something.
 */
export function requireReadableAs(
  variable: string,
  key: Secret,
  { slot, loaded, text }: { readonly slot: KeySlot; readonly loaded: ReadConfig; readonly text: string },
): void {
  const document = readAs(loaded, text, name => (name === variable ? key.reveal() : undefined))
  const { draft } = validate(document)
  const slots = draft === undefined ? [] : keySlots(draft, document).filter(one => one.variable === variable)
  const values = slots.map(({ value }) => (value instanceof Secret ? value.reveal().trim() : undefined))
  // A reference with words around it is no slot's key alone: of that nothing can be said.
  const isWhole = slots.every(({ path }) => document.isVariableOnly(path))
  if (draft !== undefined && (!isWhole || values.every(value => value === key.reveal().trim()))) return
  throw new AgwError(
    'SECRET_REJECTED',
    `the key does not read back from ${loaded.name}, where its variable is put into the text: it holds a character that means something to YAML; nothing was written`,
    {
      hint: `keep it in a file of its own, with ${suggested('keys', 'set', slot.name, '--method', 'file')}, if it was copied right`,
    },
  )
}

function readAs(
  { name, variables }: ReadConfig,
  text: string,
  given: (name: string) => string | undefined,
): ConfigDocument {
  const lookup = (variable: string): string | undefined => {
    const value = given(variable)
    if (value !== undefined) return value
    const there = variables.expand(variable)
    return there !== undefined && MARKS.test(there) ? 'x' : there
  }
  return readDocument(text, { file: name, lookup, problemOf: one => variables.problemOf(one) })
}
