import { type Document, isMap, isPair, isScalar, isSeq, type YAMLError } from 'yaml'

/** What is wrong with a text, and where; offsets into it. */
interface Cause {
  readonly message: string
  readonly hint: string
  readonly start: number
  readonly end: number
}

/** As `[1, 2` that goes on to the next key, which is where the library sees it. */
const OPEN_BRACKET = /^Flow (?:map|sequence) .*must .*end with a [\]}]/
const OPEN_QUOTE = /^Missing closing ["']quote/

/**
 * For errors of the library: the bracket or quote that is never closed. The library tells where it stopped reading, which
 * may be the end of the file.
 */
export function openEnds(yaml: Document): (error: YAMLError) => Cause | undefined {
  const isOne = ({ message }: YAMLError): boolean => OPEN_BRACKET.test(message) || OPEN_QUOTE.test(message)
  if (!yaml.errors.some(isOne)) return () => undefined
  const { brackets, quotes } = startsByEnd(yaml)
  return ({ message, pos: [met] }) => {
    const isQuote = OPEN_QUOTE.test(message)
    if (!isQuote && !OPEN_BRACKET.test(message)) return undefined
    const start = (isQuote ? quotes : brackets).get(met)
    if (start === undefined) return undefined
    return {
      message: `this ${isQuote ? 'quote' : 'bracket'} is never closed`,
      hint: isQuote
        ? 'close it where its text ends, mostly on the same line'
        : 'close it where its list or map ends, before the next key',
      start,
      end: start + 1,
    }
  }
}

/** Where values in brackets and in quotes begin, by where they end; the innermost where several end at one place. */
function startsByEnd(yaml: Document): Record<'brackets' | 'quotes', ReadonlyMap<number, number>> {
  const brackets = new Map<number, number>()
  const quotes = new Map<number, number>()
  const open: unknown[] = [yaml.contents]
  while (open.length > 0) {
    const node = open.pop()
    if (isScalar(node) && node.type?.startsWith('QUOTE') && node.range) {
      quotes.set(node.range[1], node.range[0])
    }
    if (!isMap(node) && !isSeq(node)) continue
    const [start, end] = node.range ?? [0, 0]
    if (node.flow === true) brackets.set(end, Math.max(start, brackets.get(end) ?? 0))
    for (const item of node.items) open.push(...(isPair(item) ? [item.key, item.value] : [item]))
  }
  return { brackets, quotes }
}

const MARKER = /^(?:<{7} |={7}\r?$|>{7} )/gm

/** The marks that a merge with conflicts leaves in a file, as one cause. */
export function conflictMarkers(text: string): Cause | undefined {
  const starts: number[] = []
  let expected = '<'
  for (const { 0: mark, index } of text.matchAll(MARKER)) {
    if (!mark.startsWith(expected)) continue
    if (expected === '<') starts.push(index)
    expected = expected === '<' ? '=' : expected === '=' ? '>' : '<'
  }
  const [start] = starts
  // One that is not complete may be meant.
  if (start === undefined || expected !== '<') return undefined
  const others = starts.length === 1 ? '' : `, the first of ${starts.length}`
  return {
    message: `here is a conflict of a merge that nobody has resolved${others}`,
    hint: 'keep one side of each, and remove the lines that begin with <<<<<<<, ======= and >>>>>>>',
    start,
    end: start + 7,
  }
}
