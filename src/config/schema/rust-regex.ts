/** Why a regular expression does not compile, and what to do. */
export interface RegexProblem {
  readonly message: string
  readonly hint: string
}

/** Deeper nesting is refused, as the crate does by default. */
const MAX_NESTING = 250
const MAX_REPEAT = 4_294_967_295

/**
 * What keeps Rust's `regex` crate from compiling a pattern, or `undefined`. It reads the crate's own grammar
 * (docs.rs/regex, "Syntax"), which has no look-around and no back-references but has flags, Unicode classes, POSIX
 * classes and class set operations; the limit on the compiled size is not modelled.
 */
export function regexProblem(source: string): RegexProblem | undefined {
  try {
    new Parser(source).parse()
    return undefined
  } catch (error) {
    if (error instanceof BadRegex) return error.problem
    throw error
  }
}

class BadRegex extends Error {
  readonly problem: RegexProblem

  constructor(message: string, hint: string) {
    super(message)
    this.problem = { message, hint }
  }
}

const DOUBLE_IT = 'put a backslash in front of it if the character itself is meant'
const FLAGS = /^[imsUuxR]*(?:-[imsUuxR]+)?$/
const POSIX =
  /^\[:\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]/
const NAME = /^[\p{Alphabetic}_][\p{Alphabetic}\p{N}_.[\]]*$/u
const COUNTED = /^\{(?=[^}]*\d)\s*(\d*)\s*(?:(,)\s*(\d+)?\s*)?\}/
/** Escapes that need no more than their letter, besides escaped punctuation. */
const SIMPLE_ESCAPES = 'adfnrstvwzABDSW<>'

/** Reads a pattern from left to right; every method leaves `at` behind what it read. */
class Parser {
  readonly #text: string
  #at = 0
  #extended = false
  readonly #names = new Set<string>()

  constructor(text: string) {
    this.#text = text
  }

  parse(): void {
    this.#alternatives(0)
    if (this.#at < this.#text.length) throw new BadRegex('a ) closes no group', DOUBLE_IT)
  }

  #alternatives(depth: number): void {
    if (depth > MAX_NESTING)
      throw new BadRegex('its groups are nested too deeply', 'write it with fewer groups')
    let repeatable = false
    while (this.#at < this.#text.length && this.#peek() !== ')') {
      const c = this.#peek()
      if (c === '|') {
        this.#at += 1
        repeatable = false
      } else if (c === '*' || c === '+' || c === '?' || c === '{') {
        this.#repeat(c, repeatable)
      } else repeatable = this.#atom(c, depth)
    }
  }

  /** One thing that can be repeated; `false` for flags and comments, which cannot. */
  #atom(c: string, depth: number): boolean {
    if (c === '(') return this.#group(depth)
    if (c === '[') this.#class(0)
    else if (c === '\\') this.#escape(false)
    else if (this.#extended && c === '#') {
      const end = this.#text.indexOf('\n', this.#at)
      this.#at = end === -1 ? this.#text.length : end + 1
      return false
    } else this.#at += String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0).length
    return true
  }

  #repeat(c: string, repeatable: boolean): void {
    if (!repeatable) throw new BadRegex(`a ${c} has nothing in front of it to repeat`, DOUBLE_IT)
    if (c === '{') {
      const [all, least, comma, most] = COUNTED.exec(this.#rest()) ?? []
      if (all === undefined || least === undefined) {
        throw new BadRegex('a { starts no count such as {2,5}', DOUBLE_IT)
      }
      const upper = comma === undefined ? least : (most ?? String(MAX_REPEAT))
      if (Number(least) > Number(upper) || Number(upper) > MAX_REPEAT) {
        throw new BadRegex(
          'the bounds of a count are out of order',
          'write the lower bound first, as in {2,5}',
        )
      }
      this.#at += all.length
    } else this.#at += 1
    if (this.#peek() === '?') this.#at += 1
  }

  #group(depth: number): boolean {
    const rest = this.#rest()
    if (/^\(\?(?:[=!]|<[=!])/.test(rest)) {
      throw new BadRegex(
        'it has look-around, which the regex engine of agentgateway does not know',
        'match without it, or use several matches',
      )
    }
    const name = /^\(\?P?<([^>]*)>/.exec(rest)
    const flags = /^\(\?([^:)]*)([:)])/.exec(rest)
    const extended = this.#extended
    if (name !== null) this.#nameGroup(name)
    else if (rest.startsWith('(?')) {
      if (flags === null || !FLAGS.test(flags[1] ?? '') || (flags[2] === ')' && flags[1] === '')) {
        throw new BadRegex(
          'a (? starts no kind of group that is known',
          'write (?:…) for a group, (?i) for a flag',
        )
      }
      this.#setFlags(flags[1] ?? '')
      this.#at += flags[0].length
      if (flags[2] === ')') return false
    } else this.#at += 1
    this.#alternatives(depth + 1)
    if (this.#peek() !== ')') throw new BadRegex('a ( is never closed', DOUBLE_IT)
    this.#at += 1
    this.#extended = extended
    return true
  }

  #nameGroup([all, name = '']: RegExpExecArray): void {
    if (!NAME.test(name)) throw new BadRegex('a group has no proper name', 'use letters, digits and _')
    if (this.#names.has(name)) throw new BadRegex('two groups have the same name', 'rename one of them')
    this.#names.add(name)
    this.#at += all.length
  }

  #setFlags(flags: string): void {
    const [on = '', off = ''] = flags.split('-')
    if (on.includes('x')) this.#extended = true
    if (off.includes('x')) this.#extended = false
  }

  /** A bracketed class, from its [. */
  #class(depth: number): void {
    if (depth > MAX_NESTING)
      throw new BadRegex('its classes are nested too deeply', 'write it with fewer brackets')
    this.#at += 1
    if (this.#peek() === '^') this.#at += 1
    // Brackets and dashes right at the start stand for themselves.
    if (this.#peek() === ']') this.#at += 1
    while (this.#peek() === '-') this.#at += 1
    for (;;) {
      const rest = this.#rest()
      if (rest === '') throw new BadRegex('a [ is never closed', DOUBLE_IT)
      if (rest.startsWith(']')) break
      const posix = POSIX.exec(rest)
      if (posix !== null) this.#at += posix[0].length
      else if (rest.startsWith('[')) this.#class(depth + 1)
      else if (/^(?:&&|--|~~)/.test(rest)) this.#at += 2
      else this.#classRange()
    }
    this.#at += 1
  }

  #classRange(): void {
    const from = this.#classCharacter()
    const rest = this.#rest()
    if (!rest.startsWith('-') || rest.startsWith('--') || rest.startsWith('-]')) return
    this.#at += 1
    if (this.#rest() === '') throw new BadRegex('a [ is never closed', DOUBLE_IT)
    const to = this.#classCharacter()
    if (from === undefined || to === undefined) {
      throw new BadRegex(
        'a range in brackets has a class at one end',
        'put the dash at the end of the brackets',
      )
    }
    if (from > to) {
      throw new BadRegex(
        'a range in brackets is out of order',
        'write the lower end first, or move the dash to the end',
      )
    }
  }

  /** The code point of one character in brackets; `undefined` for a class such as \d. */
  #classCharacter(): number | undefined {
    if (this.#peek() === '\\') return this.#escape(true)
    const point = this.#text.codePointAt(this.#at) ?? 0
    this.#at += String.fromCodePoint(point).length
    return point
  }

  /** An escape, from its backslash; gives the code point where it stands for one character. */
  #escape(inClass: boolean): number | undefined {
    const rest = this.#rest()
    const next = rest[1]
    if (next === undefined) throw new BadRegex('it ends in a backslash', 'write the backslash twice')
    if (/[0-9]/.test(next)) {
      throw new BadRegex(
        'it has a back-reference, which the regex engine of agentgateway does not know',
        'write the repeated part out',
      )
    }
    const hex =
      /^\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|[xuU]\{([0-9A-Fa-f]{1,8})\})/.exec(rest)
    if (hex !== null) {
      this.#at += hex[0].length
      return this.#scalar(Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? hex[4] ?? '', 16))
    }
    const property = /^\\[pP](?:\{\^?([^}]+)\}|(\p{L}))/u.exec(rest)
    if (property !== null) {
      checkProperty(property[1] ?? property[2] ?? '')
      this.#at += property[0].length
      return undefined
    }
    return this.#shortEscape(next, inClass)
  }

  #shortEscape(next: string, inClass: boolean): number | undefined {
    const boundary = /^\\b(?:\{(?:start|end|start-half|end-half)\})?/.exec(this.#rest())
    if (boundary !== null && !inClass) {
      this.#at += boundary[0].length
      return undefined
    }
    const punctuation = /[\x20-\x7e]/.test(next) && !/[A-Za-z0-9<>]/.test(next)
    const known = inClass ? 'adfnrstvwDSW' : SIMPLE_ESCAPES
    if (!punctuation && !known.includes(next)) {
      throw new BadRegex(
        `\\${/[A-Za-z]/.test(next) ? next : '…'} is no escape that is known`,
        'remove the backslash',
      )
    }
    this.#at += 2
    if (punctuation) return next.codePointAt(0)
    const at = 'aftnrv'.indexOf(next)
    return at === -1 ? undefined : [7, 12, 9, 10, 13, 11][at]
  }

  #scalar(point: number): number {
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
      throw new BadRegex('a hexadecimal escape is no character', 'write one up to 10FFFF')
    }
    return point
  }

  #peek(): string {
    return this.#text[this.#at] ?? ''
  }

  #rest(): string {
    return this.#text.slice(this.#at)
  }
}

/** Unicode classes are looked up in those of this runtime; names are compared without case, space, dash and `_`. */
function checkProperty(name: string): void {
  const [key = '', value] = name.split(/=|:|!=/)
  const plain = (word: string): string => word.replace(/[\s_-]/g, '').toLowerCase()
  if (value !== undefined || plain(key) === 'any' || plain(key).length > 2) {
    if (!/^[A-Za-z0-9\s_=:!-]+$/.test(name)) throw unknownProperty()
    return
  }
  try {
    new RegExp(`\\p{${key.charAt(0).toUpperCase()}${key.slice(1).toLowerCase()}}`, 'u')
  } catch {
    throw unknownProperty()
  }
}

function unknownProperty(): BadRegex {
  return new BadRegex('it names a Unicode class that is not known', 'write one such as \\p{L} or \\p{Greek}')
}
