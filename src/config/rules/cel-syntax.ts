import { own } from '../own.ts'
import { checkedText, checkNumber } from './cel-literals.ts'
import { CelProblem, type Token, tokensOf } from './cel-tokens.ts'

/** As much of a CEL expression as it takes to know which names and functions it uses. */
export type Expr =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'field'; readonly of: Expr; readonly name: string }
  | {
      readonly kind: 'call'
      readonly of: Expr | undefined
      readonly name: string
      readonly args: readonly Expr[]
    }
  /** An entry of a list or map by its index. */
  | { readonly kind: 'index'; readonly of: Expr; readonly by: Expr }
  | { readonly kind: 'text'; readonly source: string }
  /** `Name{field: value}` */
  | { readonly kind: 'message'; readonly name: string; readonly parts: readonly Expr[] }
  | { readonly kind: 'other'; readonly parts: readonly Expr[] }

/** Functions that CEL takes as macros: their first argument is a new name. By number of arguments. */
export const BINDING_MACROS: Readonly<Record<string, readonly number[]>> = {
  all: [2],
  exists: [2],
  exists_one: [2],
  existsOne: [2],
  filter: [2],
  map: [2, 3],
}

/** agentgateway's compiler gives up on expressions that are nested more deeply. */
const MAX_NESTING = 48
const COMPARES = new Set(['<', '<=', '>=', '>', '==', '!=', 'in'])
const CALCULATES = new Set(['+', '-', '*', '/', '%'])
const WORDS = new Set(['in', 'true', 'false', 'null'])
const OPTIONAL = new CelProblem(
  'it uses the optional syntax (.? or [?), which agentgateway does not switch on',
  'write default(value, fallback), or has(value.field) ? value.field : fallback',
)

/** Reads an expression by the grammar that agentgateway compiles it with. Throws {@link CelProblem}. */
export function parseCel(source: string): Expr {
  return new Parser(tokensOf(source)).parse()
}

class Parser {
  readonly #tokens: readonly Token[]
  #at = 0
  #nesting = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  parse(): Expr {
    const expr = this.#expr()
    if (this.#peek().kind !== 'end') throw this.#unexpected()
    return expr
  }

  #expr(): Expr {
    this.#nesting += 1
    if (this.#nesting > MAX_NESTING) {
      throw new CelProblem(
        `it is nested more than ${MAX_NESTING} levels deep`,
        'write it with fewer brackets',
      )
    }
    const parts = [this.#or()]
    if (this.#takes('?')) {
      parts.push(this.#or())
      this.#expect(':')
      parts.push(this.#expr())
    }
    this.#nesting -= 1
    return joined(parts)
  }

  #or(): Expr {
    return this.#chain(
      () =>
        this.#chain(
          () => this.#relation(),
          sign => sign === '&&',
        ),
      sign => sign === '||',
    )
  }

  #relation(): Expr {
    const calculation = (): Expr =>
      this.#chain(
        () => this.#unary(),
        sign => CALCULATES.has(sign),
      )
    return this.#chain(calculation, sign => COMPARES.has(sign))
  }

  #chain(operand: () => Expr, isOperator: (sign: string) => boolean): Expr {
    const parts = [operand()]
    while (this.#isOperator() && isOperator(this.#peek().text)) {
      this.#at += 1
      parts.push(operand())
    }
    return joined(parts)
  }

  #isOperator(): boolean {
    const { kind, text } = this.#peek()
    return kind === 'sign' || (kind === 'name' && text === 'in')
  }

  #unary(): Expr {
    const sign = ['!', '-'].find(one => this.#isSign(one))
    if (sign === undefined) return this.#member()
    while (this.#takes(sign)) {
      // Any number of the same sign, but not a mixture.
    }
    return { kind: 'other', parts: [this.#member()] }
  }

  #member(): Expr {
    let expr = this.#primary()
    for (;;) {
      if (this.#takes('.')) expr = this.#select(expr)
      else if (this.#takes('[')) {
        if (this.#isSign('?')) throw OPTIONAL
        const by = this.#expr()
        this.#expect(']')
        expr = { kind: 'index', of: expr, by }
      } else {
        const name = this.#isSign('{') ? dotted(expr) : undefined
        if (name === undefined) return expr
        expr = this.#message(name)
      }
    }
  }

  #select(of: Expr): Expr {
    if (this.#isSign('?')) throw OPTIONAL
    const { kind, text } = this.#next()
    if (kind === 'quotedName') return { kind: 'field', of, name: text.slice(1, -1) }
    if (kind !== 'name' || WORDS.has(text)) throw this.#unexpected(-1)
    if (!this.#takes('(')) return { kind: 'field', of, name: text }
    return this.#call(of, text)
  }

  #call(of: Expr | undefined, name: string): Expr {
    const args = this.#list(')')
    const [first] = args
    if (of === undefined && name === 'has' && args.length === 1 && first?.kind !== 'field') {
      throw new CelProblem(
        'has(…) in it does not end in a field',
        'write has(a.b); for a name in quotes, "b" in a',
      )
    }
    if (of !== undefined && own(BINDING_MACROS, name)?.includes(args.length) && first?.kind !== 'name') {
      throw new CelProblem(`the first argument of ${name}(…) is no plain name`, `write ${name}(x, …)`)
    }
    return { kind: 'call', of, name, args }
  }

  #primary(): Expr {
    const token = this.#next()
    const { kind, text } = token
    if (kind === 'text') return { kind: 'text', source: checkedText(text) }
    if (kind === 'number') {
      checkNumber(text)
      return { kind: 'other', parts: [] }
    }
    if (kind === 'name' && !WORDS.has(text))
      return this.#takes('(') ? this.#call(undefined, text) : { kind: 'name', name: text }
    if (kind === 'name' && text !== 'in') return { kind: 'other', parts: [] }
    if (text === '-' && this.#peek().kind === 'number') return this.#primary()
    if (text === '.' && this.#peek().kind === 'name') return this.#primary()
    if (text === '(') {
      const inner = this.#expr()
      this.#expect(')')
      return inner
    }
    if (text === '[') return { kind: 'other', parts: this.#list(']') }
    if (text === '{') return { kind: 'other', parts: this.#entries() }
    throw this.#unexpected(-1)
  }

  /** Values up to the closing sign; a list may end in a comma, the arguments of a call may not. */
  #list(close: ')' | ']'): Expr[] {
    const parts: Expr[] = []
    while (!this.#takes(close)) {
      if (parts.length > 0) this.#expect(',')
      if (close === ']' && this.#takes(close)) break
      if (close === ']' && this.#isSign('?')) throw OPTIONAL
      parts.push(this.#expr())
    }
    return parts
  }

  #entries(): Expr[] {
    const parts: Expr[] = []
    while (!this.#takes('}')) {
      if (parts.length > 0) this.#expect(',')
      if (this.#takes('}')) break
      if (this.#isSign('?')) throw OPTIONAL
      parts.push(this.#expr())
      this.#expect(':')
      parts.push(this.#expr())
    }
    return parts
  }

  /** It compiles, though nothing can evaluate it. */
  #message(name: string): Expr {
    this.#expect('{')
    const parts: Expr[] = []
    while (!this.#takes('}')) {
      if (parts.length > 0) this.#expect(',')
      if (this.#takes('}')) break
      if (this.#isSign('?')) throw OPTIONAL
      const { kind, text } = this.#next()
      if (kind !== 'quotedName' && (kind !== 'name' || WORDS.has(text))) throw this.#unexpected(-1)
      this.#expect(':')
      parts.push(this.#expr())
    }
    return { kind: 'message', name, parts }
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '', at: 0 }
  }

  #next(): Token {
    const token = this.#peek()
    this.#at += 1
    return token
  }

  #isSign(sign: string): boolean {
    const { kind, text } = this.#peek()
    return kind === 'sign' && text === sign
  }

  #takes(sign: string): boolean {
    if (!this.#isSign(sign)) return false
    this.#at += 1
    return true
  }

  #expect(sign: string): void {
    if (!this.#takes(sign)) throw this.#unexpected(0, sign)
  }

  #unexpected(back = 0, wanted?: string): CelProblem {
    const { kind, text, at } = this.#tokens[this.#at + back] ?? { kind: 'end', text: '', at: 0 }
    if (kind === 'end') {
      return wanted === undefined
        ? new CelProblem('it ends where a value should follow', 'complete it')
        : new CelProblem(`it ends before a ${wanted} that closes it`, `add the ${wanted}`)
    }
    const word = { and: '&&', or: '||', not: '!' }[text]
    if (word !== undefined) return new CelProblem(`CEL has no word "${text}"`, `write ${word}`)
    const shown = kind === 'sign' ? `the ${text}` : 'the word or value'
    const before = this.#tokens[this.#at + back - 1]?.kind
    const words = kind !== 'sign' && (before === 'name' || before === 'number')
    const missing =
      wanted === undefined || wanted === ':' ? 'operator, quote or bracket' : `${wanted} or comma`
    return new CelProblem(
      `${shown} at position ${at + 1} does not fit there`,
      words
        ? `look for a missing operator in front of it; plain text needs quotes of its own: '"text"'`
        : `look for a missing ${missing} in front of it`,
    )
  }
}

function joined(parts: readonly Expr[]): Expr {
  const [only] = parts
  return parts.length === 1 && only !== undefined ? only : { kind: 'other', parts }
}

/** `a.b.C`; undefined for anything but names and dots. */
function dotted(expr: Expr): string | undefined {
  if (expr.kind === 'name') return expr.name
  const of = expr.kind === 'field' ? dotted(expr.of) : undefined
  return expr.kind === 'field' && of !== undefined ? `${of}.${expr.name}` : undefined
}
