import { Lexer } from 'yaml'

/** A stretch of a YAML text; `end` is exclusive. */
export interface Stretch {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** Marks of the lexer that stand for no character of the text. */
const MARK = /^[\x02\x18\x1f]$/
const SCALAR = '\x1f'

/** All comments, from `#` to the end of the line, and only those: a `#` in quotes, block text or a word is none. */
export function commentsOf(text: string): Stretch[] {
  return [...tokens(text)].filter(one => !one.scalar && one.text.startsWith('#'))
}

/** All values and keys that stand without quotes on one line. Any text will do, YAML or not. */
export function plainScalarsOf(text: string): Stretch[] {
  return [...tokens(text)].filter(one => one.scalar && one.text !== '' && !/^["']|[\r\n]/.test(one.text))
}

function* tokens(text: string): Generator<Stretch & { readonly scalar: boolean }> {
  let at = 0
  let before = ''
  for (const token of new Lexer().lex(text)) {
    if (!MARK.test(token)) {
      yield { text: token, start: at, end: at + token.length, scalar: before === SCALAR }
      at += token.length
    }
    before = token
  }
}
