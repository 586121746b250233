import { ACTED_ON, numbered } from './config/printable.ts'

/** A tab is shown as it is, but not typed as one. */
const NOT_TYPED = new RegExp(`\\t|${ACTED_ON.source}`, 'g')

/**
 * A word of a printed command, quoted where a POSIX shell or PowerShell would not take it as it stands; what a terminal would
 * act on is written as bash and zsh take it.
 */
export function shellWord(word: string): string {
  if (word.search(NOT_TYPED) >= 0) return `$'${word.replace(/[\\']/g, '\\$&').replace(NOT_TYPED, numbered)}'`
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/**
 * A command of agw as a message suggests it, to be typed as it stands. Which config it is about is added where it is
 * printed (`cli/named-config.ts`): only the command line knows how the config was named.
 */
export function suggested(...words: readonly string[]): string {
  return `\`agw ${words.map(shellWord).join(' ')}\``
}
