import type { RE2JS } from 're2js'
import { regexProblem } from '../../config/schema/rust-regex.ts'
import { type Plain, plainPattern } from './plain.ts'
import { re2 } from './re2.ts'
import { re2Source } from './re2-source.ts'

/** How often a character is looked at before masking ends, on the average of a text; four times is usual. */
const MOST_LOOKS = 32
/** And how often all together in a short text, where each way that a pattern has is tried by itself. */
const LEAST_LOOKS = 1_000_000

/** A regular expression in Rust's dialect; however a text is made, the time it takes grows with the text's length only. */
export interface Pattern {
  /** It is found somewhere in the text. */
  test(text: string): boolean
  /** The first (leftmost) match is the whole text: `a|ab` does not span `ab`, as in agentgateway. */
  spans(text: string): boolean
  /** The text with the first match replaced; `$1`, `$name` and `${name}` in `by` are its groups, `$$` is a dollar. */
  replaceFirst(text: string, by: string): string
  /**
   * The text with all matches replaced but the empty ones. A pattern may have to look far behind each match for a longer
   * one that is not there: where a text makes it do so again and again, all of the rest counts as one match.
   */
  mask(text: string, by: string): string
}

/** Throws SyntaxError for a pattern that is none, or that cannot be run here. */
export function compilePattern(written: string): Pattern {
  const problem = regexProblem(written)
  if (problem !== undefined) throw new SyntaxError(problem.message)
  const plain = plainPattern(written)
  return plain === undefined ? new LinearPattern(written) : new PlainPattern(written, plain)
}

/** Whether `compilePattern` takes it: what is said before a start is what a start finds. */
export function isRunnableRegex(written: string): boolean {
  try {
    compilePattern(written)
    return true
  } catch {
    return false
  }
}

/**
 * A text that knows how often its characters were looked at. No class of its own, which would extend `String`: that alone
 * makes V8 keep the methods of all texts in its slow form of objects, and each call of one, anywhere, look them up again.
 */
function countedText(text: string): { looks: number } {
  const counted = Object.assign(Object(text) as object, {
    looks: 0,
    charCodeAt: (index: number) => {
      counted.looks++
      return text.charCodeAt(index)
    },
  })
  return counted
}

/** RE2: all ways at the same time, one character after the other. */
class LinearPattern implements Pattern {
  readonly #regex: RE2JS

  constructor(written: string) {
    this.#regex = re2().compile(re2Source(written))
  }

  test(text: string): boolean {
    return this.#regex.test(text)
  }

  spans(text: string): boolean {
    // Most texts fit no way, which is found out much faster than which way is the first.
    if (!this.#regex.testExact(text)) return false
    const matcher = this.#regex.matcher(text)
    return matcher.find() && matcher.start() === 0 && matcher.end() === text.length
  }

  replaceFirst(text: string, by: string): string {
    const found = this.#regex.exec(text) as (RegExpExecArray & { readonly index: number }) | null
    if (found === null) return text
    const end = found.index + found[0].length
    return text.slice(0, found.index) + expanded(by, found) + text.slice(end)
  }

  mask(text: string, by: string): string {
    if (!this.#regex.test(text)) return text
    const counted = countedText(text)
    // What it takes beside texts are objects that behave as one, which its types do not say.
    const matcher = this.#regex.matcher(counted as unknown as string)
    const most = Math.max(LEAST_LOOKS, MOST_LOOKS * text.length)
    let out = ''
    let from = 0
    while (matcher.find()) {
      if (matcher.end() === matcher.start()) continue
      out += text.slice(from, matcher.start()) + by
      from = matcher.end()
      if (counted.looks > most) return out + (from < text.length ? by : '')
    }
    return out + text.slice(from)
  }
}

/** JavaScript's own engine where it is as safe; RE2 where the pattern is looked for anywhere and would not be. */
class PlainPattern implements Pattern {
  readonly #written: string
  readonly #here: RegExp
  /** Looked for all over a text. */
  readonly #anywhere: RegExp | undefined
  #linear: LinearPattern | undefined

  constructor(written: string, { source, fromStart }: Plain) {
    this.#written = written
    this.#here = new RegExp(source, 'uy')
    this.#anywhere = fromStart ? undefined : new RegExp(source, 'gu')
  }

  test(text: string): boolean {
    return this.#anywhere === undefined ? this.#fallback.test(text) : text.search(this.#anywhere) >= 0
  }

  spans(text: string): boolean {
    this.#here.lastIndex = 0
    return this.#here.test(text) && this.#here.lastIndex === text.length
  }

  replaceFirst(text: string, by: string): string {
    return this.#fallback.replaceFirst(text, by)
  }

  mask(text: string, by: string): string {
    if (this.#anywhere === undefined) return this.#fallback.mask(text, by)
    return text.replace(this.#anywhere, found => (found === '' ? '' : by))
  }

  get #fallback(): LinearPattern {
    this.#linear ??= new LinearPattern(this.#written)
    return this.#linear
  }
}

/** The longest name counts: `$1a` is the group `1a`, which there is not; what there is not is empty. */
function expanded(by: string, found: RegExpExecArray): string {
  return by.replace(/\$(?:\$|\{([^}]*)\}|([0-9A-Za-z_]+))/g, (all, braced?: string, bare?: string) => {
    const name = braced ?? bare
    if (name === undefined) return all.slice(1)
    return (/^\d+$/.test(name) ? found[Number(name)] : found.groups?.[name]) ?? ''
  })
}
