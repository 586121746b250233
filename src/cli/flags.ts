import { Flags } from '@oclif/core'

/** Flags that mean the same on every command that has them. Each can also be given as an AGW_* variable. */
export const configFlags = {
  file: Flags.string({
    char: 'f',
    summary:
      'The config file; - is standard input. Without it: AGW_CONFIG, else ./config.yaml, else agentgateway/config.yaml in your configuration folder.',
    helpValue: 'PATH',
    helpGroup: 'CONFIG',
    noCacheDefault: true,
  }),
  'env-file': Flags.string({
    summary: 'A dotenv file for variables that the environment does not set.',
    description:
      'Node itself looks for this flag too: when the file does not exist, Node ends with status 9 before agw starts; a pipe it waits for; and it obeys a NODE_OPTIONS in the file. A file named by AGW_ENV_FILE is read by agw alone.',
    helpValue: 'PATH',
    helpGroup: 'CONFIG',
    env: 'AGW_ENV_FILE',
    exclusive: ['no-env-file'],
  }),
  'no-env-file': Flags.boolean({
    summary: 'Do not read .env beside the config.',
    helpGroup: 'CONFIG',
    env: 'AGW_NO_ENV_FILE',
  }),
}

export const inputFlags = {
  /** AGW_JSON is read by `BaseCommand.jsonEnabled` alone: failures before a command has parsed anything heed it, too. */
  json: Flags.boolean({
    summary: 'Print one JSON document in place of text; AGW_JSON=1 does the same.',
    helpGroup: 'GLOBAL',
  }),
  'no-input': Flags.boolean({
    summary: 'Never ask; a missing answer is an error.',
    helpGroup: 'GLOBAL',
    env: 'AGW_NO_INPUT',
  }),
}

export const writeFlags = {
  'dry-run': Flags.boolean({
    summary: 'Show what would be written, and write nothing.',
    env: 'AGW_DRY_RUN',
  }),
  yes: Flags.boolean({
    char: 'y',
    summary: 'Answer confirmations with yes.',
    env: 'AGW_YES',
  }),
}

export const hostFlag = Flags.string({
  summary: 'The address to listen on.',
  helpValue: 'ADDRESS',
  default: '127.0.0.1',
  env: 'AGW_HOST',
})

/** A flag that may be given again. Without the second word the library takes all that follows for its values, arguments too. */
export const repeatable = { multiple: true, multipleNonGreedy: true } as const

/** Where calls go instead of where the config sends them; read it with `asList`. */
export function connectToFlag(more: { readonly summary?: string; readonly exclusive?: string[] } = {}) {
  return Flags.string({
    summary: "Connect elsewhere, as curl's --connect-to; repeatable.",
    helpValue: 'HOST:PORT:HOST:PORT',
    ...repeatable,
    env: 'AGW_CONNECT_TO',
    ...more,
  })
}

/**
 * A repeatable flag as a list. From its environment variable the library gives one text, not a list: there, commas
 * separate, or whatever the values themselves cannot hold.
 */
export function asList(value: readonly string[] | undefined, separator = ','): readonly string[] {
  const given = value as readonly string[] | string | undefined
  return typeof given === 'string' ? given.split(separator).filter(part => part !== '') : (given ?? [])
}
