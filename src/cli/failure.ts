import { AgwError, EXIT } from '../errors.ts'
import { givenName } from './flag-words.ts'
import type { Failure } from './printed-failure.ts'
import { isParseError, type UsageContext, usageFailure } from './usage.ts'

/** Any thrown value as a {@link Failure}. */
export function toFailure(error: unknown, context: UsageContext): Failure {
  if (error instanceof AgwError) {
    const { code, hint, exitCode, diagnostics } = error
    // What a flag's own check throws comes back from the library with words around it.
    const bare = error.message.replace(/^Parsing --[\w-]+\s+|\nSee more help with --help$/g, '')
    const isUsage = code === 'USAGE' || code === 'INPUT_NEEDED'
    const message = isUsage ? bare.replace(/^--([\w-]+)/, (_, name) => givenName(name, context)) : bare
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
  if ((error as NodeJS.ErrnoException | undefined)?.syscall === 'uv_cwd') {
    return {
      code: 'USAGE',
      message: 'the working folder does not exist any more',
      hint: 'change to one that does: `cd` and its path',
      exitCode: EXIT.usage,
    }
  }
  if (isParseError(error)) return usageFailure(error, context)
  return {
    code: 'BUG',
    message: `agw failed in a way it should not: ${error instanceof Error ? `${error.name}: ${error.message}` : 'no error was given'}`,
    hint: 'please report it; AGW_DEBUG=1 prints where it happened',
    exitCode: EXIT.bug,
  }
}

/**
 * For a command whose 3 would say that a config is bad: that there is none is a matter of what was typed. `besides` is
 * what else could be meant where none was named.
 */
export function missingAsUsage(error: Error, besides?: string): Error {
  if (!(error instanceof AgwError) || !['CONFIG_NOT_FOUND', 'CONFIG_UNREADABLE'].includes(error.code))
    return error
  const more = error.code === 'CONFIG_NOT_FOUND' ? besides : undefined
  const hint = [error.hint, more].filter(text => text !== undefined).join('; ')
  return new AgwError('USAGE', error.message, { ...(hint !== '' && { hint }), cause: error })
}
