import { AgwError } from './errors.ts'
import { suggested } from './suggested.ts'

/** What is said where the built-in mock stands behind a gateway; `missing` as {@link UsableConfig.missing}. */
export function mockNote(missing: readonly string[]): string {
  const answers = 'the built-in mock answers for every provider: no request leaves this machine'
  return missing.length === 0
    ? answers
    : `${answers}; a stand-in serves for what is missing: ${missing.join('; ')}`
}

/** A failure for want of a key, with the way that needs none. */
export function orMock(error: unknown): unknown {
  if (!(error instanceof AgwError) || error.code !== 'SECRET_MISSING' || error.hint === undefined)
    return error
  const { code, message, hint, cause, diagnostics } = error
  const more = `${hint}; ${suggested('serve', '--mock')} answers without a key`
  return new AgwError(code, message, { hint: more, cause, diagnostics })
}
