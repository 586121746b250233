import { stripVTControlCharacters } from 'node:util'

/** What stands before a word, and the word. A command in backticks is one: broken in two it could not be copied. */
const WORDS = /(\s*)((?:`[^`]*`|[^\s`]|`)+)/g

/** Lines of whole words that fit into a width, in characters that are seen; one word that does not has a line of its own. */
export function wrapped(text: string, width: number): string[] {
  if (stripVTControlCharacters(text).length <= width) return [text]
  const lines: string[] = []
  for (const [, gap = '', word = ''] of text.matchAll(WORDS)) {
    const last = lines.at(-1)
    // Columns stay columns.
    const line = last === undefined ? word : last + gap.replace(/\s/g, ' ') + word
    if (last !== undefined && stripVTControlCharacters(line).length <= width) lines[lines.length - 1] = line
    else lines.push(word)
  }
  return lines
}

/** The same for a text of several lines; what goes on stands below its line, and a little further in. */
export function wrappedText(text: string, width: number): string {
  return text
    .split('\n')
    .flatMap(line => {
      const indent = /^\s*(?:→ )?/.exec(stripVTControlCharacters(line))?.[0].length ?? 0
      const own = line.slice(0, line.search(/\S|$/))
      const [first = '', ...more] = wrapped(line.trimStart(), width - Math.max(indent, own.length + 2))
      return [own + first, ...more.map(rest => `${' '.repeat(Math.max(indent, own.length + 2))}${rest}`)]
    })
    .join('\n')
}
