import { z } from 'zod'
import { Secret } from '../../secrets/secret.ts'
import { isClearlyKey } from '../shown-word.ts'
import { writeHint } from './issue-message.ts'
import { rule, section } from './section.ts'

/** A secret as the file gives it: its text (inline, or expanded from a variable), or the file that holds it. */
export type SecretValue = Secret | { file: string }

/** Secret text that cannot be put into a file: virtual keys, cloud credentials, client secrets. */
export const secretText = z.string().transform(text => new Secret(text))

/** The same, where people try to; `hint` says what to write. */
export function secretTextOnly(hint: string): typeof secretText {
  return z.string({ error: () => writeHint(hint) }).transform(text => new Secret(text))
}

/** Text that says where something is. A key in its place would be shown by every message about that place. */
export const placeText = z
  .string()
  .min(1)
  .check(
    rule<string>((value, report) => {
      if (!isClearlyKey(value)) return
      report({
        code: 'KEY_AS_PLACE',
        message: 'this is a key, and here belongs where it lies: a path or a name',
        hint: 'treat the key as known: end it at its provider; write a path or a name here, and store the new key there',
      })
    }),
  )

export const secretFile = section(
  {
    noun: 'a secret file',
    about: 'A file whose trimmed text is the secret; a relative path starts at the working directory.',
  },
  { file: placeText.describe('Path of the file.') },
)

/** Secret text, or `{file}`. */
export const secretValue = z
  .union([secretText, secretFile], { error: () => 'the secret itself | a file' })
  .meta({ id: 'SecretValue', description: 'A secret: its text (best as "$VARIABLE"), or {file: path}.' })
