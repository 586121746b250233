import { AgwError } from '../errors.ts'
import type { Prompt } from './prompt.ts'

/** Who may say yes to a change. */
export interface ConsentOptions {
  readonly prompt: Prompt
  /** `--yes` was given, or the call itself says as much. */
  readonly yes: boolean
}

export interface QuestionOptions {
  /** What Enter says: a no where something would be lost or seen. */
  readonly initial?: boolean
  /** What to do where nobody can be asked. */
  readonly hint?: string
}

/**
 * The one rule for changes: a person agrees at the terminal, or `--yes` does. Call it when all that will change was shown.
 * Throws DECLINED for a no, and INPUT_NEEDED where nobody can be asked; `done` is the word for what was not done then.
 */
export async function requireConsent(
  question: string,
  done: 'written' | 'changed' | 'removed' | 'trusted',
  { prompt, yes }: ConsentOptions,
  { initial = true, hint = 'add --yes to go on, or --dry-run to look only' }: QuestionOptions = {},
): Promise<void> {
  if (yes) return
  if (!prompt.allowed) {
    throw new AgwError('INPUT_NEEDED', `nothing was ${done}: it needs a yes, and ${prompt.whyNot}`, { hint })
  }
  if (!(await prompt.confirm('--yes', question, initial)))
    throw new AgwError('DECLINED', `nothing was ${done}`)
}
