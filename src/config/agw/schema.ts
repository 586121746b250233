import { z } from 'zod'
import { ageMs, milliseconds } from '../duration.ts'
import { optional } from '../schema/fields.ts'
import { shaped } from '../schema/primitives.ts'
import { rule, section } from '../schema/section.ts'
import { connections } from './connections.ts'
import { PLACES, type SourceKind, variableName } from './places.ts'

const KINDS = Object.keys(PLACES) as SourceKind[]

/** A refresh that is more frequent would be a load on the source and of no use, one more seldom is none. Milliseconds. */
const REFRESH = { least: 1000, most: 24 * 3_600_000 }
/** Nobody waits longer for a key. Milliseconds. */
const TIMEOUT = { least: 1, most: 10 * 60_000 }

const duration = (hint: string, { least, most }: { readonly least: number; readonly most: number }) =>
  shaped('BAD_DURATION', 'this is not a duration that can be used', hint, value => {
    const ms = milliseconds(value) ?? 0
    return ms >= least && ms <= most
  })

const maxAge = shaped(
  'BAD_DURATION',
  'this is not an age that can be used',
  'write a number of days, as in 90d, or of hours, as in 12h',
  value => (ageMs(value) ?? 0) > 0,
)

const { env, dotenv, file, credential, keychain, encrypted, sops, exec, kubernetes, vault, gcp, azure, op } =
  PLACES

const entry = section(
  { noun: 'a secret', about: 'Where the value of a variable comes from.', oneOf: KINDS },
  {
    env: optional(env, 'Another variable of the process environment.'),
    dotenv: optional(dotenv),
    file: optional(file, 'A file, relative to agw.yaml; its trimmed text is the value.'),
    credential: optional(credential, 'A credential that systemd or Docker hands in: its name.'),
    keychain: optional(keychain),
    encrypted: optional(encrypted),
    sops: optional(sops),
    exec: optional(exec, 'A program and its arguments; what it prints is the value. No shell is used.'),
    kubernetes: optional(kubernetes),
    vault: optional(vault),
    'aws-secretsmanager': optional(PLACES['aws-secretsmanager']),
    'aws-ssm': optional(PLACES['aws-ssm']),
    gcp: optional(gcp),
    azure: optional(azure),
    op: optional(op, 'A field in 1Password: op://vault/item/field.'),
    refresh: optional(
      duration('write a number with a unit, from one second to a day, as in 30s, 5m or 1h', REFRESH),
      'How often `agw serve` asks again.',
    ),
    timeout: optional(
      duration('write a number with a unit, ten minutes at most, as in 500ms or 10s', TIMEOUT),
      'How long the source has to answer.',
    ),
    maxAge: optional(maxAge, 'How old the key may be before it is spoken of.'),
  },
)

const object = section(
  { noun: 'agw.yaml', about: 'Where the variables of config.yaml get their values. Holds no secret.' },
  {
    secrets: optional(
      z.record(z.string(), entry).check(
        rule<Record<string, unknown>>((map, report) => {
          for (const name of Object.keys(map)) {
            if (variableName.safeParse(name).success) continue
            report({
              code: 'BAD_NAME',
              message: 'this key is not the name of a variable',
              hint: 'use letters, digits and _, as in OPENAI_API_KEY',
              path: [name],
              at: 'key',
            })
          }
        }),
      ),
      'Variable → where its value lives.',
    ),
    maxAge: optional(maxAge, 'How old any key of the config may be before it is spoken of.'),
    sources: optional(connections),
  },
)

/** What stands in agw.yaml. */
export interface AgwConfig extends z.output<typeof object> {}

export const agwSchema: z.ZodType<AgwConfig> = object
