import { Args, Flags } from '@oclif/core'
import { looksSecret } from '../config/shown-word.ts'
import { AgwError } from '../errors.ts'
import { asList, repeatable } from './flags.ts'
import { refuseKeyAsName, refuseKeys } from './key-args.ts'

/** The client that a command is about. */
export function clientArgs(description: string) {
  return {
    name: Args.custom<string>({ parse: async name => refuseKeyAsName(name) })({
      ignoreStdin: true,
      description,
      required: true,
    }),
  }
}

/** The place of the config that is meant, where several could be. */
export const atFlag = Flags.string({
  summary: 'The place of the config, where several ask for keys: as in llm or gateways.default.',
  helpValue: 'PLACE',
  env: 'AGW_CLIENT_AT',
})

/** The flags of `agw clients add`. */
export const clientAddFlags = {
  metadata: Flags.string({
    summary: 'What rules, the log and metrics can read of the client; repeatable.',
    description:
      'As in team=research: expressions have it as apiKey.team, always a text. The name is apiKey.name.',
    helpValue: 'NAME=TEXT',
    ...repeatable,
    env: 'AGW_CLIENT_METADATA',
  }),
  models: Flags.string({
    summary: 'The models that the key may use, as in gpt-4o*; repeatable. Without it, all.',
    helpValue: 'NAME',
    ...repeatable,
    env: 'AGW_CLIENT_MODELS',
  }),
  at: atFlag,
  'require-keys': Flags.boolean({
    summary: 'Refuse requests without a key at that place from now on (mode: strict).',
    env: 'AGW_CLIENT_REQUIRE_KEYS',
  }),
}

const NAME = /^[\p{L}\p{N}](?:[\p{L}\p{N} ._@+/-]{0,61}[\p{L}\p{N}._@+/-])?$/u

/** Throws USAGE for a name that logs and expressions could not show as it is. */
export function checkClientName(name: string): string {
  if (NAME.test(name)) return name
  throw new AgwError('USAGE', 'that name does not fit', {
    hint: 'begin with a letter or a digit; up to 63 letters, digits, spaces inside and the signs . _ @ + / - fit, as in alice@example.com or team/research',
  })
}

/** What an expression can write behind `apiKey.`. */
const FIELD = /^[A-Za-z_]\w*$/
const NO_FIELDS = new Set(['true', 'false', 'null', 'in'])

/** `team=research` → metadata. Throws USAGE where that does not fit. */
export function metadataOf(flags: {
  readonly metadata?: readonly string[] | undefined
}): Readonly<Record<string, string>> {
  const found = new Map<string, string>()
  for (const pair of asList(flags.metadata)) {
    const at = pair.indexOf('=')
    const [field, text] = [pair.slice(0, at), pair.slice(at + 1)]
    refuseKeys({ metadata: [pair, text] }, ['metadata'])
    const wrong = (message: string, hint: string): AgwError => new AgwError('USAGE', message, { hint })
    if (at < 1 || text === '')
      throw wrong('--metadata takes a name and a text', 'write it as in --metadata team=research')
    const shown = looksSecret(field) ? 'a name' : JSON.stringify(field)
    if (!FIELD.test(field) || NO_FIELDS.has(field))
      throw wrong(
        `--metadata: an expression cannot say ${shown} behind apiKey.`,
        'give letters, digits and _ as in --metadata cost_center=42',
      )
    if (field === 'name') throw wrong('--metadata: the name is the argument', 'leave name=… out')
    if (field === 'key') throw wrong('--metadata: apiKey.key is the key itself', 'give it another name')
    if (found.has(field)) throw wrong(`--metadata gives ${shown} twice`, 'give it once')
    found.set(field, text)
  }
  return Object.fromEntries(found)
}

/** The models of `--models`, which may stand behind commas too. Throws USAGE for none: the key could use any model. */
export function modelsOf(flags: {
  readonly models?: readonly string[] | undefined
}): readonly string[] | undefined {
  refuseKeys(flags, ['models'])
  const given = asList(flags.models)
  const models = given
    .flatMap(one => one.split(','))
    .map(one => one.trim())
    .filter(one => one !== '')
  if (models.length > 0) return [...new Set(models)]
  if (given.length === 0) return undefined
  throw new AgwError('USAGE', '--models names no model', {
    hint: 'name those that the key may use, as in --models "gpt-4o*", or leave it out: then it may use all',
  })
}
