import { bashScript } from './bash.ts'
import type { Completable } from './completable.ts'
import { fishScript } from './fish.ts'
import { zshScript } from './zsh.ts'

/** The shells that can be told what to complete. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

const SCRIPTS: Readonly<Record<Shell, (of: Completable) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
}

/**
 * The script that a shell reads at its start. What it does not know is completed as a file. oclif's own plugin would bring
 * its core along a second time, keeps files of its own, and has nothing for fish.
 */
export function completionScript(shell: Shell, of: Completable): string {
  return SCRIPTS[shell](of)
}
