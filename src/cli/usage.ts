import { looksSecret } from '../config/shown-word.ts'
import { EXIT } from '../errors.ts'
import { acceptedBy, type GivenFlags, givenName } from './flag-words.ts'
import type { Failure } from './printed-failure.ts'

/** The parts of an error of the command-line library that are ours to print; everything else of it may hold what was typed. */
interface ParseError {
  readonly oclif?: { readonly exit?: number }
  readonly flags?: readonly string[]
  readonly args?: readonly { readonly name?: string; readonly options?: readonly string[] }[]
  readonly parse?: { readonly output?: { readonly raw?: readonly Token[] } }
}

/** A word as the library read it, in the order typed: one of a flag, or an argument. */
interface Token {
  readonly type: 'flag' | 'arg'
  readonly flag?: string
}

/** What usage errors are told with. */
export interface UsageContext extends GivenFlags {
  readonly closest: (word: string, words: string[]) => string | undefined
}

const SECRET = /^(?:(?:api-?)?key|k|value|token|secret)$/i

/** What hands type that know other programs, where the command has the flag that is told. */
const HABITS: readonly { readonly words: RegExp; readonly flag: string; readonly hint: string }[] = [
  { words: /^(?:config|conf|c)$/, flag: 'file', hint: 'did you mean --file?' },
  {
    words: /^(?:port|p)$/,
    flag: 'admin',
    hint: 'the config says the port, as in `gateways: { default: { port: 4000 } }`',
  },
  { words: /^(?:method|into)$/, flag: 'to', hint: 'did you mean --to?' },
  { words: /^(?:verbose|debug|quiet|q)$/, flag: 'log-level', hint: 'as in --log-level debug, or warn' },
  { words: /^(?:o|out|output|dir|outdir)$/, flag: 'partial', hint: 'the manifests go beside the config' },
  // Every command has this one: those that ask for a yes have --yes, too.
  { words: /^(?:yes|y)$/, flag: 'json', hint: 'leave it out: this command asks for no yes' },
  {
    words: SECRET,
    flag: 'key-from-stdin',
    hint: 'a key is never an argument: pipe it in with --key-from-stdin, or use --key-from-env',
  },
  {
    words: SECRET,
    flag: 'from-env',
    hint: 'a key is never an argument: pipe it in, or use --from-env or --from-file',
  },
]

export function isParseError(error: unknown): error is Error & ParseError {
  return error instanceof Error && ('parse' in error || (error as ParseError).oclif?.exit === EXIT.usage)
}

/**
 * Usage errors of the command-line library in our words, from names only: its own messages repeat the arguments, and one
 * of them may be a pasted key.
 */
export function usageFailure(error: Error & ParseError, context: UsageContext): Failure {
  const { flags, closest } = context
  switch (error.constructor.name) {
    case 'NonExistentFlagsError': {
      const typed = (error.flags ?? []).map(flagName)
      const word = (typed[0] ?? '').replace(/^-+/, '')
      const habit = HABITS.find(({ words, flag }) => words.test(word) && flag in flags)
      const meant = closest(word, Object.keys(flags))
      const listed = typed.length > 0 ? typed.join(', ') : 'a flag'
      return usage(
        `${listed} is not a flag of this command`,
        habit?.hint ?? (meant ? `did you mean --${meant}?` : 'see --help'),
      )
    }
    case 'UnexpectedArgsError':
      return usage(
        'there are more arguments than this command takes',
        spreadOver(error, context) ??
          ('from-env' in context.flags
            ? 'a key is never an argument: pipe it in, or use --from-env or --from-file'
            : 'see --help; what has spaces in it is one argument in quotes'),
      )
    case 'RequiredArgsError':
      return usage(
        `missing argument: ${(error.args ?? []).map(arg => arg.name?.toUpperCase()).join(', ')}`,
        hintFor(error.args?.[0], flags),
      )
    case 'ArgInvalidOptionError':
      return argumentFailure(error)
    case 'FailedFlagValidationError':
      return usage(flagRule(error.message, context) ?? 'these flags do not go together')
    default:
      return valueFailure(error, context)
  }
}

/** What an argument is that is missing. */
function hintFor(
  { name, options }: NonNullable<ParseError['args']>[number] = {},
  flags: GivenFlags['flags'],
): string {
  if (options !== undefined) return `it takes ${acceptedBy({ options })}`
  if (name !== 'name') return 'see --help'
  if ('metadata' in flags) return 'give the client one, as in `agw clients add research`'
  return 'at' in flags ? '`agw clients list` names them' : '`agw keys list` names them'
}

/** The library tells of no argument by its name, and what was typed first; what it takes comes last. */
function argumentFailure({ message }: Error): Failure {
  const [options = ''] = message.split(' to be one of: ').at(-1)?.split('\n') ?? []
  return usage(
    'an argument is none of those that this command takes',
    hintFor({ options: options.split(', ') }, {}),
  )
}

/** What to do where words follow a repeatable flag as if it took them all. */
function spreadOver({ parse }: ParseError, { flags }: UsageContext): string | undefined {
  const words = parse?.output?.raw ?? []
  const first = words.findIndex(({ type }) => type === 'arg')
  const before = words[first - 1]?.flag ?? ''
  return flags[before]?.multiple === true
    ? `for several values give --${before} again before each`
    : undefined
}

/** A value that its flag does not take, or none where one is needed. */
function valueFailure({ message }: Error, context: UsageContext): Failure {
  const name = Object.keys(context.flags).find(flag => new RegExp(`--${flag}(?![\\w-])`).test(message))
  if (name === undefined) return usage('the command line is not understood')
  if (/can only be specified once/.test(message))
    return usage(`${givenName(name, context)} is given more than once`, 'give it once')
  const accepted = acceptedBy(context.flags[name] ?? {})
  const hint = accepted === undefined ? 'see --help' : `it takes ${accepted}`
  const isMissing = /expects? a value/.test(message)
  const what = isMissing ? 'lacks its value' : 'has a value that does not fit'
  return usage(`${givenName(name, context)} ${what}`, hint)
}

/**
 * Which rule between flags was broken. The library tells it in sentences with typed values in them: only names that
 * the command has are taken from there.
 */
function flagRule(said: string, context: UsageContext): string | undefined {
  const { flags } = context
  const shown = (name: string | undefined): string | undefined =>
    name !== undefined && Object.hasOwn(flags, name) ? givenName(name, context) : undefined
  const [, missing] = /Missing required flag ([\w-]+)/.exec(said) ?? []
  const lacking = shown(missing)
  if (lacking !== undefined) {
    const { helpValue, options } = flags[missing ?? ''] ?? {}
    if (options !== undefined) return `${lacking} is needed: one of ${options.join(', ')}`
    return typeof helpValue === 'string' ? `${lacking} ${helpValue} is needed` : `${lacking} is needed`
  }
  const [, needing, needed = ''] = /must be provided when using --([\w-]+): ([\w, -]+)/.exec(said) ?? []
  const partners = needed.split(', ').flatMap(flag => shown(flag.replace(/^--/, '')) ?? [])
  if (shown(needing) !== undefined && partners.length > 0)
    return `${shown(needing)} needs ${partners.join(' and ')} too`
  const [, other] = /--([\w-]+)(?:=|(?= cannot))/.exec(said) ?? []
  const [, one] = /cannot also be provided when using --([\w-]+)/.exec(said) ?? []
  const both = [shown(one), shown(other)]
  return both.includes(undefined) ? undefined : `${both.join(' and ')} exclude each other`
}

/** The name of what was typed as a flag; a value glued to it is dropped, and a long one is not repeated. */
function flagName(typed: string): string {
  const name = typed.split('=')[0] ?? ''
  return looksSecret(name.replace(/^-+/, '')) ? '(a word not shown here)' : name
}

function usage(message: string, hint = 'see --help'): Failure {
  return { code: 'USAGE', message, hint, exitCode: EXIT.usage }
}
