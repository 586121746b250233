/** A word of a printed command, quoted where a POSIX shell or PowerShell would not take it as it stands. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/**
 * A command of agw as a message suggests it, to be typed as it stands. Which config it is about is added where it is
 * printed (`cli/named-config.ts`): only the command line knows how the config was named.
 */
export function suggested(...words: readonly string[]): string {
  return `\`agw ${words.map(shellWord).join(' ')}\``
}
