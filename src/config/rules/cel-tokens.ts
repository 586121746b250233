/** Why an expression cannot be compiled, and what to do. Holds nothing of the expression but single characters. */
export class CelProblem extends Error {
  readonly hint: string

  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

export interface Token {
  readonly kind: 'name' | 'quotedName' | 'number' | 'text' | 'sign' | 'end'
  /** The token as written. */
  readonly text: string
  /** 0-based offset in the expression. */
  readonly at: number
}

const SKIPPED = /(?:[\t \r\n\f]+|\/\/[^\n]*)+/y
const ESCAPE = String.raw`\\(?:[abfnrtv"'\\?${'`'}]|[0-3][0-7]{2}|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})`
/** Longest first, as a generated lexer takes the longest match. */
const TEXT = new RegExp(
  `[bB]?(?:${[
    '[rR]"""[^]*?"""',
    "[rR]'''[^]*?'''",
    `"""(?:${ESCAPE}|[^\\\\])*?"""`,
    `'''(?:${ESCAPE}|[^\\\\])*?'''`,
    String.raw`[rR]"[^"\n\r]*"`,
    String.raw`[rR]'[^'\n\r]*'`,
    `"(?:${ESCAPE}|[^\\\\"\\n\\r])*"`,
    `'(?:${ESCAPE}|[^\\\\'\\n\\r])*'`,
  ].join('|')})`,
  'y',
)
const NUMBER =
  /(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?|0x[0-9a-fA-F]+[uU]?|\d+[uU]?)/y
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y
const QUOTED_NAME = /`[A-Za-z0-9_.\-/ ]+`/y
const SIGN = /==|!=|<=|>=|&&|\|\||[<>[\]{}().,\-!?:+*/%]/y

/** The tokens of an expression, with an `end` behind the last. Throws {@link CelProblem}. */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const read = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(source)?.[0]
  }
  for (;;) {
    at += read(SKIPPED)?.length ?? 0
    if (at >= source.length) break
    const [kind, text] = readToken(read) ?? [undefined, '']
    if (kind === undefined) throw unreadable(source, at)
    tokens.push({ kind, text, at })
    at += text.length
  }
  return [...tokens, { kind: 'end', text: '', at }]
}

const KINDS: readonly (readonly [Token['kind'], RegExp])[] = [
  ['text', TEXT],
  ['number', NUMBER],
  ['name', NAME],
  ['quotedName', QUOTED_NAME],
  ['sign', SIGN],
]

function readToken(read: (pattern: RegExp) => string | undefined): [Token['kind'], string] | undefined {
  for (const [kind, pattern] of KINDS) {
    const text = read(pattern)
    if (text !== undefined) return [kind, text]
  }
  return undefined
}

function unreadable(source: string, at: number): CelProblem {
  const c = source[at] ?? ''
  const rest = source.slice(at)
  if (c === '"' || c === "'") {
    const letter = /^(["'])(?:(?!\1)[^\\\n\r]|\\[abfnrtv"'\\?`])*\\([^\n\r])/.exec(rest)?.[2]
    if (letter !== undefined) {
      return new CelProblem(
        `a text in it has the escape \\${/[A-Za-z0-9.*+()[\]]/.test(letter) ? letter : '…'}, which CEL does not know`,
        "write the backslash twice, or put an r in front of the text: r'…'",
      )
    }
    return new CelProblem('a quote in it is never closed', 'close the quote')
  }
  if (c === '=') return new CelProblem('a single = stands in it', 'write == to compare')
  if (c === '&') return new CelProblem('a single & stands in it', 'write && for "and"')
  if (c === '|') return new CelProblem('a single | stands in it', 'write || for "or"')
  return new CelProblem(
    `it has a character at position ${at + 1} that CEL does not know`,
    'put text in quotes; names have letters, digits and _ only',
  )
}
