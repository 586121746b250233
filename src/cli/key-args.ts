import { Args, Flags } from '@oclif/core'
import type { KeySlot } from '../config/index.ts'
import { isClearlyKey } from '../config/shown-word.ts'
import { AgwError } from '../errors.ts'
import type { Secret } from '../secrets/secret.ts'
import { STORE_METHODS } from '../setup/store-key.ts'
import { writeFlags } from './flags.ts'
import { type KeyInputContext, readKey } from './key-input.ts'

/** The slot that a command about one key is about. */
export const slotArgs = {
  name: Args.custom<string>({ parse: async name => refuseKeyAsName(name) })({
    // The library would take a missing argument from standard input, where keys come in.
    ignoreStdin: true,
    description: 'The key slot, as `keys list` names it.',
    required: true,
  }),
}

/** The same, where a config with one slot needs no name. */
export const ownSlotArgs = {
  name: Args.custom<string>({ parse: async name => refuseKeyAsName(name) })({
    ignoreStdin: true,
    description: 'The key slot, as `keys list` names it; without it the only one, or the one that is chosen.',
  }),
}

/** Throws USAGE where a key was typed in the place of a name: it has been seen by every process of the machine. */
export function refuseKeyAsName(name: string): string {
  if (!isClearlyKey(name)) return name
  throw new AgwError('USAGE', 'a key was given in the place of a name, and a key belongs in no argument', {
    hint: KEY_IN_ARGUMENT,
  })
}

const KEY_IN_ARGUMENT = 'end that key at its provider; hand in the new one by a pipe, a variable or a file'

/** Where a new key comes from. There is no flag that takes the key itself. */
export function newKeyFlags(what: string) {
  return {
    'from-env': Flags.string({
      summary: `Take ${what} from a variable.`,
      helpValue: 'VAR',
      exclusive: ['from-file'],
      env: 'AGW_KEY_FROM_ENV',
    }),
    'from-file': Flags.string({
      summary: `Take ${what} from a file; - is standard input.`,
      helpValue: 'PATH',
      env: 'AGW_KEY_FROM_FILE',
    }),
  }
}

/** Takes the new key of a slot in, from where those flags say, or from a person. */
export async function takeNewKey(
  { name, provider, isOwnHost }: Pick<KeySlot, 'name' | 'provider' | 'isOwnHost'>,
  flags: { readonly 'from-env'?: string | undefined; readonly 'from-file'?: string | undefined },
  context: KeyInputContext,
): Promise<Secret> {
  const from = { fromEnv: flags['from-env'], fromFile: flags['from-file'] }
  const message = `New key for ${name} (hidden)`
  const key = await readKey(from, { message, provider, isOwnHost }, context)
  if (key === undefined) throw new AgwError('INPUT_NEEDED', 'no key was given')
  return key
}

/** How a new place for a key is called; each method has a default. */
export const placeFlags = {
  env: Flags.string({
    summary: 'The variable, for methods that need one.',
    helpValue: 'NAME',
    env: 'AGW_KEY_VARIABLE',
  }),
  'key-file': Flags.string({
    summary: 'The file, for the method file.',
    helpValue: 'PATH',
    env: 'AGW_KEY_FILE',
  }),
  account: Flags.string({
    summary: 'The entry under the service agw, for the method keychain.',
    helpValue: 'NAME',
    env: 'AGW_KEYCHAIN_ACCOUNT',
  }),
  'encrypted-file': Flags.string({
    summary: 'The file beside the config, for the method encrypted.',
    helpValue: 'PATH',
    env: 'AGW_ENCRYPTED_FILE',
  }),
}

/** Those flags as a request to store has them. */
export function placeOf(flags: {
  readonly env?: string | undefined
  readonly 'key-file'?: string | undefined
  readonly account?: string | undefined
  readonly 'encrypted-file'?: string | undefined
}): {
  variable: string | undefined
  keyFile: string | undefined
  agwPlace: { account: string | undefined; encryptedFile: string | undefined }
} {
  refuseKeys(flags, ['env', 'key-file', 'account', 'encrypted-file'])
  refuseSystemVariable(flags.env)
  return {
    variable: flags.env,
    keyFile: flags['key-file'],
    agwPlace: { account: flags.account, encryptedFile: flags['encrypted-file'] },
  }
}

/**
 * Throws USAGE where a flag that takes a path or a name was given a key: files and messages would hold it, and what was
 * typed has been seen by every process of the machine.
 */
export function refuseKeys<F extends string>(
  flags: { readonly [name in F]?: string | readonly string[] | undefined },
  names: readonly F[],
): void {
  const wrong = names.find(name => [flags[name] ?? []].flat().some(isClearlyKey))
  if (wrong === undefined) return
  throw new AgwError('USAGE', `--${wrong} was given a key, and a key belongs in no argument`, {
    hint: KEY_IN_ARGUMENT,
  })
}

/** What the system, the shell, Node or agw itself reads, and would be misled by a key; the value there is no key either. */
const SYSTEM_VARIABLE =
  /^(?:PATH|HOME|USER|LOGNAME|USERNAME|USERPROFILE|SHELL|PWD|OLDPWD|TERM|LANG|LANGUAGE|TZ|TMPDIR|TEMP|TMP|EDITOR|VISUAL|PAGER|DISPLAY|HOSTNAME|IFS|ENV|BASH_ENV|CI|NO_COLOR|FORCE_COLOR|COMSPEC|PATHEXT|SYSTEMROOT|WINDIR|APPDATA|LOCALAPPDATA|PROGRAMDATA|(?:HTTPS?|ALL|NO)_PROXY|SSH_AUTH_SOCK|SSL_CERT_(?:FILE|DIR)|(?:LC|LD|DYLD|XDG|NODE|NPM|GIT|AGW)_\w+)$/i

/** Throws USAGE for a variable that belongs to the system. */
export function refuseSystemVariable(name: string | undefined): void {
  if (name === undefined || !SYSTEM_VARIABLE.test(name)) return
  throw new AgwError('USAGE', `--env names ${name}, which belongs to the system and holds no key`, {
    hint: 'give the key a variable of its own, as in OPENAI_API_KEY',
  })
}

/** A day, as in 2027-01-31. */
export const dateFlag = Flags.custom<Date>({
  parse: async text => {
    const day = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00Z`) : undefined
    if (day === undefined || Number.isNaN(day.getTime())) {
      throw new AgwError('USAGE', '--expires takes a day', { hint: 'write it as in 2027-01-31' })
    }
    return day
  },
})

/** The flags of `agw keys set`. */
export const keySetFlags = {
  ...newKeyFlags('the key'),
  method: Flags.string({
    summary: 'Move the reference to another method in the same step.',
    options: [...STORE_METHODS],
    env: 'AGW_METHOD',
  }),
  ...placeFlags,
  expires: dateFlag({
    summary: 'The day on which the provider ends the key, for `keys list` to remind of.',
    helpValue: 'YYYY-MM-DD',
    env: 'AGW_KEY_EXPIRES',
  }),
  namespace: Flags.string({
    summary: 'The namespace, for --method kubernetes.',
    helpValue: 'NAME',
    default: 'agentgateway-system',
    env: 'AGW_NAMESPACE',
  }),
  context: Flags.string({
    summary: 'The kubectl context, for --method kubernetes.',
    helpValue: 'NAME',
    env: 'AGW_KUBE_CONTEXT',
  }),
  ...writeFlags,
}
