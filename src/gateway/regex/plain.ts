/*
 * Which patterns JavaScript's own engine may run. It tries one way after the other, so with a pattern that has several
 * ways to read a text, a client who chooses the text can keep it busy for hours. Plain patterns have one: after each
 * part that repeats stands a character which that part cannot take. They are also the common ones, and some ten times
 * as fast there.
 */

/** How JavaScript's engine runs a plain pattern. */
export interface Plain {
  readonly source: string
  /** It is fast only where it starts at the beginning of the text. */
  readonly fromStart: boolean
}

interface Part {
  /** What repeats, without how often. */
  readonly atom: string
  readonly source: string
  /** With what it can start, where those are a few characters. */
  readonly starts: readonly string[] | undefined
  /** How often it may stand there can differ. */
  readonly varies: boolean
}

const META = '\\\\^$.|?*+()\\[\\]{}'
const LITERAL = `[^${META}]|\\\\[${META}/-]`
const CLASS = '\\[\\^?(?:a-z|A-Z|0-9|a-f|A-F|[A-Za-z0-9_.,:/@%+= ]|\\\\[dw.-])+-?\\]'
const CHOICE = '\\((?:\\?:)?([A-Za-z0-9/_-]+(?:\\|[A-Za-z0-9/_-]+)*)\\)'
const PART = new RegExp(
  `(?:(${LITERAL})|${CHOICE}|(${CLASS}|\\.|\\\\[dw]))([*+?]|\\{\\d{1,2}(?:,\\d{0,2})?\\})?`,
  'uy',
)
/** `\w` as Rust has it, for JavaScript. */
export const WORD = String.raw`[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200C\u200D]`
const CLASSES: Readonly<Record<string, string>> = {
  '.': '[^\\n]',
  '\\d': '\\p{Nd}',
  '\\w': WORD,
}
/** More choices than that multiply to too many ways. */
const MOST_CHOICES = 4

/** Undefined for a pattern that is not plain. */
export function plainPattern(written: string): Plain | undefined {
  const isAnchored = written.startsWith('^')
  const isClosed = written.endsWith('$') && !written.endsWith('\\$')
  const parts = partsOf(written.slice(isAnchored ? 1 : 0, isClosed ? -1 : undefined))
  if (parts === undefined || !hasOneWay(parts)) return undefined
  const source = parts.map(part => part.source).join('')
  return {
    source: `${isAnchored ? '^' : ''}${source}${isClosed ? '$' : ''}`,
    fromStart: !isAnchored && parts.some(part => part.varies),
  }
}

function partsOf(text: string): Part[] | undefined {
  const parts: Part[] = []
  let choices = 0
  PART.lastIndex = 0
  for (let at = 0; at < text.length; at = PART.lastIndex) {
    const found = PART.exec(text)
    // Another quantifier behind one makes it lazy.
    if (found === null || /^[*+?{]/.test(text.slice(PART.lastIndex))) return undefined
    const [, literal, choice, shape, count = ''] = found
    if (choice !== undefined) choices += 1
    if (choices > MOST_CHOICES || (choice !== undefined && count !== '')) return undefined
    // Nothing stands there: what follows is not what has to be looked at.
    if (/^\{0+\}$/.test(count)) return undefined
    const atom = atomOf(literal, choice, shape)
    const starts =
      literal !== undefined ? [[...literal].at(-1) ?? ''] : choice?.split('|').map(one => one.charAt(0))
    parts.push({ atom, source: atom + count, starts, varies: count !== '' && !/^\{\d+\}$/.test(count) })
  }
  return parts
}

function atomOf(literal: string | undefined, choice: string | undefined, shape = ''): string {
  if (literal !== undefined) return literal === '\\-' ? '-' : literal
  if (choice !== undefined) return `(?:${choice})`
  return CLASSES[shape] ?? shape.replace(/\\[dw]/g, short => inner(CLASSES[short] ?? ''))
}

/** What stands in the brackets, if any. */
function inner(source: string): string {
  return source.startsWith('[') ? source.slice(1, -1) : source
}

/** Where each repetition ends is clear from the character behind it; the last one may give back what it took. */
function hasOneWay(parts: readonly Part[]): boolean {
  const last = parts.findLastIndex(part => part.varies)
  return parts.slice(0, last).every((part, index) => {
    if (!part.varies) return true
    const next = parts[index + 1]
    if (next === undefined || next.varies || next.starts === undefined) return false
    const atom = new RegExp(`^(?:${part.atom})$`, 'u')
    return next.starts.every(start => !atom.test(start))
  })
}
