import { z } from 'zod'
import { optional } from '../schema/fields.ts'
import { filled } from '../schema/primitives.ts'
import { section } from '../schema/section.ts'

/** How a kind of source is reached: what stands under its word in `sources` of agw.yaml. Never a secret. */

const identity = section(
  {
    noun: 'an age identity',
    about: 'Where the key that opens encrypted files lies.',
    oneOf: ['file', 'keychain'],
  },
  {
    file: optional(filled, 'A file with AGE-SECRET-KEY-1… lines, relative to agw.yaml.'),
    keychain: optional(filled, 'The account of a keychain entry, under the service agw.'),
  },
)

const encrypted = section(
  { noun: 'the settings of encrypted files', about: 'Keys for files encrypted with age.' },
  {
    identity: optional(identity),
    recipients: optional(
      z.array(filled),
      'age1… recipients that can open what agw writes, besides the own identity.',
    ),
  },
)

/** Word in `sources` → its settings. */
export const CONNECTIONS = {
  encrypted: optional(encrypted),
  sops: optional(
    section(
      { noun: 'the settings of SOPS', about: 'Keys for SOPS files.' },
      { identity: optional(identity) },
    ),
  ),
}

const object = section({ noun: '"sources"', about: 'How the sources of secrets are reached.' }, CONNECTIONS)

export interface Connections extends z.output<typeof object> {}
export const connections: z.ZodType<Connections> = object

export type Identity = NonNullable<NonNullable<Connections['encrypted']>['identity']>
