/** Rust's short classes hold all of Unicode; RE2's only ASCII. Inside of brackets. */
const SHORT_CLASSES: Readonly<Record<string, string>> = {
  d: '\\p{Nd}',
  s: '\\p{White_Space}',
  w: '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\x{200C}\\x{200D}',
}

const HEX = /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|[xuU]\{([0-9A-Fa-f]{1,8})\})/y
const PROPERTY = /\\([pP])(?:\{(\^?)(?:(?:sc|script|gc|general_category)[=:])?([^}]+)\}|(\p{L}))/uy
const COUNT = /\{\s*(\d*)\s*(?:(,)\s*(\d*)\s*)?\}/y
const FLAGS = /\(\?([imsUuxR]*)(?:-([imsUuxR]+))?([:)])/y
const SPACE_OR_COMMENT = /\s|#[^\n]*/y

/**
 * A pattern that Rust's regex crate compiles (see `regexProblem`) in the spelling of RE2, from which that dialect
 * comes. Throws SyntaxError for what RE2 has no words for: set operations in brackets, word boundaries other than \b,
 * the flag R, and bytes instead of characters. The boundary \b stays one of ASCII.
 */
export function re2Source(written: string): string {
  return new Translator(written).all()
}

/** Long names of general categories, without case, space, dash and `_`: RE2 knows the short ones. */
const CATEGORIES: Readonly<Record<string, string>> = {
  letter: 'L',
  uppercaseletter: 'Lu',
  lowercaseletter: 'Ll',
  titlecaseletter: 'Lt',
  modifierletter: 'Lm',
  otherletter: 'Lo',
  mark: 'M',
  combiningmark: 'M',
  nonspacingmark: 'Mn',
  spacingmark: 'Mc',
  enclosingmark: 'Me',
  number: 'N',
  decimalnumber: 'Nd',
  digit: 'Nd',
  letternumber: 'Nl',
  othernumber: 'No',
  punctuation: 'P',
  punct: 'P',
  connectorpunctuation: 'Pc',
  dashpunctuation: 'Pd',
  openpunctuation: 'Ps',
  closepunctuation: 'Pe',
  initialpunctuation: 'Pi',
  finalpunctuation: 'Pf',
  otherpunctuation: 'Po',
  symbol: 'S',
  mathsymbol: 'Sm',
  currencysymbol: 'Sc',
  modifiersymbol: 'Sk',
  othersymbol: 'So',
  separator: 'Z',
  spaceseparator: 'Zs',
  lineseparator: 'Zl',
  paragraphseparator: 'Zp',
  other: 'C',
  control: 'Cc',
  cntrl: 'Cc',
  format: 'Cf',
  surrogate: 'Cs',
  privateuse: 'Co',
}

/** A Unicode class as RE2 spells it, which looks at case. */
function className(name: string): string {
  const known = CATEGORIES[name.replace(/[\s_-]/g, '').toLowerCase()]
  if (known !== undefined) return known
  const words = name.split(/[\s_-]+/)
  return words.map(word => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()).join('_')
}

class Translator {
  readonly #text: string
  #at = 0
  /** Whether white space is left out, in this group and those around it. */
  #extended = [false]

  constructor(text: string) {
    this.#text = text
  }

  all(): string {
    let out = ''
    /** Where in `out` that starts which a count would repeat, and the same of the groups around it. */
    let start = 0
    const groups: number[] = []
    let isRepeated = false
    while (this.#at < this.#text.length) {
      const c = this.#text[this.#at] ?? ''
      const before = out.length
      const piece = this.#next()
      if ('*+?{'.includes(c)) {
        // RE2 repeats no repetition, only a group with one.
        if (isRepeated) out = `${out.slice(0, start)}(?:${out.slice(start)})`
        out += piece + this.#lazy()
        isRepeated = true
      } else if (piece !== '') {
        // Flags by themselves open nothing.
        if (c === '(' && !piece.endsWith(')')) groups.push(before)
        start = c === ')' ? (groups.pop() ?? 0) : before
        isRepeated = false
        out += piece
      }
    }
    return out
  }

  /** The question mark right behind a count. */
  #lazy(): string {
    if (this.#text[this.#at] !== '?') return ''
    this.#at += 1
    return '?'
  }

  #next(): string {
    if (this.#extended.at(-1) === true && this.#take(SPACE_OR_COMMENT) !== undefined) return ''
    const c = this.#text[this.#at] ?? ''
    if (c === '\\') return this.#escape()
    if (c === '[') return this.#class()
    if (c === '(') return this.#group()
    if (c === '{') return this.#count()
    this.#at += 1
    if (c === ')') this.#extended.pop()
    return c === ']' || c === '}' ? `\\${c}` : c
  }

  #group(): string {
    const flags = this.#take(FLAGS)
    const outer = this.#extended.at(-1) === true
    if (flags === undefined) {
      this.#extended.push(outer)
      this.#at += 1
      return '('
    }
    const [, on = '', off = '', end] = flags
    if (/R/.test(on + off) || off.includes('u')) throw new SyntaxError('a flag that RE2 does not know')
    const extended = on.includes('x') || (outer && !off.includes('x'))
    if (end === ')') this.#extended[this.#extended.length - 1] = extended
    else this.#extended.push(extended)
    const [kept, dropped] = [on, off].map(text => text.replace(/[ux]/g, ''))
    const both = dropped === '' ? kept : `${kept}-${dropped}`
    if (both === '' && end === ')') return ''
    return `(?${both}${end}`
  }

  #count(): string {
    const [, least = '', comma = '', most = ''] = this.#take(COUNT) ?? []
    return `{${least === '' ? '0' : least}${comma}${most}}`
  }

  #escape(): string {
    const point = this.#codePoint()
    if (point !== undefined) return point
    const letter = this.#text[this.#at + 1] ?? ''
    if (letter === '<' || letter === '>' || this.#text.startsWith('\\b{', this.#at))
      throw new SyntaxError('a word boundary that RE2 does not know')
    this.#at += 2
    const short = SHORT_CLASSES[letter.toLowerCase()]
    if (short === undefined) return `\\${letter}`
    return letter === letter.toLowerCase() ? `[${short}]` : `[^${short}]`
  }

  /** `\x41` and `\p{L}`, which are written alike in brackets and outside. */
  #codePoint(): string | undefined {
    const hex = this.#take(HEX)
    if (hex !== undefined) return `\\x{${hex.slice(1).find(Boolean) ?? ''}}`
    const property = this.#take(PROPERTY)
    if (property === undefined) return undefined
    const [, p = '', not = '', name, letter = ''] = property
    const isNegated = (p === 'P') !== (not === '^')
    return `\\${isNegated ? 'P' : 'p'}{${className(name ?? letter)}}`
  }

  /** Brackets. What cannot stand in RE2's brackets stands beside them, where they are not negated. */
  #class(): string {
    const isNegated = this.#text[this.#at + 1] === '^'
    this.#at += isNegated ? 2 : 1
    let inside = ''
    const beside: string[] = []
    // A ] and dashes right at the start stand for themselves.
    if (this.#text[this.#at] === ']') inside += this.#literal()
    while (this.#text[this.#at] === '-') inside += this.#literal()
    while (this.#text[this.#at] !== ']') {
      const letter = this.#text[this.#at] === '\\' ? this.#text[this.#at + 1] : undefined
      if (letter === 'W' || letter === 'S' || letter === 'D') {
        beside.push(`[^${SHORT_CLASSES[letter.toLowerCase()]}]`)
        this.#at += 2
      } else inside += this.#classPart()
    }
    this.#at += 1
    if (isNegated && beside.length > 0) throw new SyntaxError('a negated class of negated classes')
    if (beside.length === 0) return `[${isNegated ? '^' : ''}${inside}]`
    return `(?:${[...beside, ...(inside === '' ? [] : [`[${inside}]`])].join('|')})`
  }

  #literal(): string {
    const c = this.#text[this.#at] ?? ''
    this.#at += 1
    return `\\${c}`
  }

  #classPart(): string {
    const rest = this.#text.slice(this.#at, this.#at + 2)
    if (rest === '[:') return this.#posix()
    if (rest.startsWith('[') || rest === '&&' || rest === '--' || rest === '~~')
      throw new SyntaxError('operations on sets in brackets')
    if (this.#extended.at(-1) === true && this.#take(SPACE_OR_COMMENT) !== undefined) return ''
    if (!rest.startsWith('\\')) return this.#literalInClass()
    const point = this.#codePoint()
    if (point !== undefined) return point
    const letter = rest[1] ?? ''
    this.#at += 2
    return SHORT_CLASSES[letter] ?? `\\${letter}`
  }

  #literalInClass(): string {
    const c = this.#text[this.#at] ?? ''
    this.#at += 1
    return c === '^' ? '\\^' : c
  }

  #posix(): string {
    const end = this.#text.indexOf(':]', this.#at) + 2
    const all = this.#text.slice(this.#at, end)
    this.#at = end
    return all
  }

  /** What the sticky expression finds here, which is then behind us. */
  #take(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at
    const found = expression.exec(this.#text)
    if (found === null) return undefined
    this.#at += found[0].length
    return found
  }
}
