const CONTROL = /[\0-\x1f\x7f-\x9f]/
const CONTROLS = new RegExp(CONTROL, 'g')

function numbered(sign: string): string {
  return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/**
 * A word of a printed command, quoted where a POSIX shell or PowerShell would not take it as it stands; what a terminal would
 * act on is written as bash and zsh take it.
 */
export function shellWord(word: string): string {
  if (CONTROL.test(word)) return `$'${word.replace(/[\\']/g, '\\$&').replace(CONTROLS, numbered)}'`
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/**
 * A command of agw as a message suggests it, to be typed as it stands. Which config it is about is added where it is
 * printed (`cli/named-config.ts`): only the command line knows how the config was named.
 */
export function suggested(...words: readonly string[]): string {
  return `\`agw ${words.map(shellWord).join(' ')}\``
}
