import { looksSecret } from '../config/shown-word.ts'
import { AgwError, EXIT } from '../errors.ts'

/** A failure as it is printed: the same facts for the text and for `--json`. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly exitCode: number
  readonly diagnostics?: readonly unknown[]
}

/** The parts of an oclif parse error that are ours to print; everything else of it may hold what was typed. */
interface ParseError {
  readonly oclif?: { readonly exit?: number }
  readonly parse?: { readonly input?: { readonly flags?: Readonly<Record<string, unknown>> } }
  readonly flags?: readonly string[]
  readonly args?: readonly { readonly name?: string }[]
}

/**
 * Any thrown value as a {@link Failure}. Usage errors of the command-line library are told again in our words, from
 * names only: its own messages repeat the arguments, and one of them may be a pasted key.
 */
export function toFailure(
  error: unknown,
  closest: (word: string, words: string[]) => string | undefined,
): Failure {
  if (error instanceof AgwError) {
    const { code, hint, exitCode, diagnostics } = error
    // What a flag's own check throws comes back from the library with words around it.
    const message = error.message.replace(/^Parsing --[\w-]+\s+|\nSee more help with --help$/g, '')
    return { code, message, hint: hint ?? '', exitCode, ...(diagnostics.length > 0 && { diagnostics }) }
  }
  const name = error instanceof Error ? error.constructor.name : ''
  if (name === 'ExitPromptError' || (error as Error | undefined)?.name === 'ExitPromptError') {
    return {
      code: 'INTERRUPTED',
      message: 'interrupted; nothing was written',
      hint: '',
      exitCode: EXIT.interrupted,
    }
  }
  if (isParseError(error)) return usage(name, error as ParseError, error as Error, closest)
  return {
    code: 'BUG',
    message: `agw failed in a way it should not: ${error instanceof Error ? `${error.name}: ${error.message}` : 'no error was given'}`,
    hint: 'please report it; AGW_DEBUG=1 prints where it happened',
    exitCode: EXIT.bug,
  }
}

/** For a command whose 3 would say that a config is bad: that there is none is a matter of what was typed. */
export function missingAsUsage(error: Error): Error {
  const missing = error instanceof AgwError && ['CONFIG_NOT_FOUND', 'CONFIG_UNREADABLE'].includes(error.code)
  return missing
    ? new AgwError('USAGE', error.message, { ...(error.hint && { hint: error.hint }), cause: error })
    : error
}

function isParseError(error: unknown): boolean {
  return error instanceof Error && ('parse' in error || (error as ParseError).oclif?.exit === EXIT.usage)
}

function usage(
  name: string,
  error: ParseError,
  cause: Error,
  closest: (word: string, words: string[]) => string | undefined,
): Failure {
  const known = Object.keys(error.parse?.input?.flags ?? {})
  const failure = (message: string, hint = 'see --help'): Failure => ({
    code: 'USAGE',
    message,
    hint,
    exitCode: EXIT.usage,
  })
  switch (name) {
    case 'NonExistentFlagsError': {
      const typed = (error.flags ?? []).map(flagName)
      const meant = closest((typed[0] ?? '').replace(/^-+/, ''), known)
      const listed = typed.length > 0 ? typed.join(', ') : 'a flag'
      return failure(
        `${listed} is not a flag of this command`,
        meant ? `did you mean --${meant}?` : 'see --help',
      )
    }
    case 'UnexpectedArgsError':
      return failure(
        'there are more arguments than this command takes',
        'a key is never an argument: pipe it in, or use --from-env or --from-file',
      )
    case 'RequiredArgsError':
      return failure(`missing argument: ${(error.args ?? []).map(arg => arg.name?.toUpperCase()).join(', ')}`)
    case 'FlagInvalidOptionError': {
      // The message is "Expected --flag=<typed> to be one of: a, b": keep the flag and the list only.
      const [, flag, options] =
        /Expected (--[\w-]+)=[\s\S]* to be one of: ([\w, -]+)/.exec(cause.message) ?? []
      return failure(
        `${flag ?? 'a flag'} has a value that is not one of its choices`,
        `it takes: ${options ?? 'see --help'}`,
      )
    }
    case 'FailedFlagValidationError':
      return failure(
        flagRule(cause.message, error.parse?.input?.flags ?? {}) ?? 'these flags do not go together',
      )
    default: {
      const [, flag] = /(--[a-z][\w-]*)/.exec(cause.message) ?? []
      return failure(
        flag ? `${flag} lacks its value, or has one that does not fit` : 'the command line is not understood',
      )
    }
  }
}

/** The shape of a flag that its own rule is told with. */
interface KnownFlag {
  readonly helpValue?: string | readonly string[]
  readonly options?: readonly string[]
}

/**
 * Which rule between flags was broken. The library tells it in sentences with typed values in them: only names that
 * the command has are taken from there.
 */
function flagRule(said: string, known: Readonly<Record<string, unknown>>): string | undefined {
  const shown = (name: string | undefined): string | undefined =>
    name !== undefined && Object.hasOwn(known, name) ? `--${name}` : undefined
  const [, missing] = /Missing required flag ([\w-]+)/.exec(said) ?? []
  const lacking = shown(missing)
  if (lacking !== undefined) {
    const { helpValue, options } = known[missing ?? ''] as KnownFlag
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
