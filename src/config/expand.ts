/** One `$NAME` or `${NAME}` in the written text. Offsets are into the written text; `end` is exclusive. */
export interface VariableUse {
  readonly name: string
  readonly start: number
  readonly end: number
  /** The text after `:-`, if any. */
  readonly fallback: string | undefined
  /** Neither set nor given a fallback. */
  readonly missing: boolean
}

/** A stretch of output text and the stretch of written text it came from. */
interface Segment {
  readonly from: number
  readonly to: number
  readonly outFrom: number
  /** Copied as it stands, so that offsets inside map one to one. */
  readonly literal: boolean
}

/** The text after expansion, with a map back to what was written. Holds values: never print `text`. */
export interface Expansion {
  readonly text: string
  readonly uses: readonly VariableUse[]
  /** Offset in `text` → offset in the written text; `edge` tells which end of a replaced stretch is meant. */
  toWritten(offset: number, edge: 'start' | 'end'): number
}

/** What agentgateway takes out before it expands, so that the editor header does not count as a variable. */
const SCHEMA_HEADER = '# yaml-language-server: $schema'
const NAME = /[\p{Alphabetic}\p{N}_]+/uy

/**
 * Expands variables in the raw text as agentgateway does (the `shellexpand` rules): `$NAME` takes the longest run of
 * letters, digits and `_`; `${NAME}` and `${NAME:-default}` run to the first `}`; `$$` is one `$`; results are not
 * expanded again; comments are expanded too. A variable that is missing stays as written, so that all of them can be
 * reported together.
 */
export function expand(written: string, lookup: (name: string) => string | undefined): Expansion {
  const segments: Segment[] = []
  const uses: VariableUse[] = []
  let out = ''
  const copy = (from: number, to: number): void => {
    if (from === to) return
    segments.push({ from, to, outFrom: out.length, literal: true })
    out += written.slice(from, to)
  }
  const replace = (from: number, to: number, value: string): void => {
    segments.push({ from, to, outFrom: out.length, literal: false })
    out += value
  }
  let copied = 0
  // Behind it no bracket is closed: a million open ones would each be looked for to the end of the file.
  const lastClose = written.lastIndexOf('}')
  for (let at = written.indexOf('$'); at !== -1; at = written.indexOf('$', at)) {
    const header = at - SCHEMA_HEADER.indexOf('$')
    if (header >= 0 && written.startsWith(SCHEMA_HEADER, header)) {
      copy(copied, header)
      replace(header, header + SCHEMA_HEADER.length, '#')
      at = copied = header + SCHEMA_HEADER.length
      continue
    }
    const token = readToken(written, at, lastClose)
    if (token === undefined) {
      at += 1
      continue
    }
    copy(copied, at)
    if (token.name === '$') replace(at, token.end, '$')
    else {
      const value = lookup(token.name) ?? token.fallback
      uses.push({ ...token, start: at, missing: value === undefined })
      if (value === undefined) copy(at, token.end)
      else replace(at, token.end, value)
    }
    at = copied = token.end
  }
  copy(copied, written.length)
  return { text: out, uses, toWritten: (offset, edge) => locate(segments, written.length, offset, edge) }
}

/** A text in which dollar signs mean nothing. */
export function unexpanded(written: string): Expansion {
  return { text: written, uses: [], toWritten: offset => Math.min(offset, written.length) }
}

/** Names of all variables of a text, each once, in order. */
export function variableNames(written: string): string[] {
  return [...new Set(expand(written, () => '').uses.map(use => use.name))]
}

function readToken(
  text: string,
  at: number,
  lastClose: number,
): { name: string; end: number; fallback: string | undefined } | undefined {
  const next = text[at + 1]
  if (next === '$') return { name: '$', end: at + 2, fallback: undefined }
  if (next === '{') {
    if (lastClose < at + 2) return undefined
    const close = text.indexOf('}', at + 2)
    const body = text.slice(at + 2, close)
    const split = body.indexOf(':-')
    return split > 0
      ? { name: body.slice(0, split), end: close + 1, fallback: body.slice(split + 2) }
      : { name: body, end: close + 1, fallback: undefined }
  }
  NAME.lastIndex = at + 1
  const name = NAME.exec(text)?.[0]
  return name === undefined ? undefined : { name, end: at + 1 + name.length, fallback: undefined }
}

function locate(segments: readonly Segment[], length: number, offset: number, edge: 'start' | 'end'): number {
  let low = 0
  let high = segments.length - 1
  if (high < 0) return Math.min(offset, length)
  // The end of a stretch belongs to the segment before it, its start to the segment that begins there.
  const inside = (segment: Segment | undefined): boolean =>
    segment !== undefined && (edge === 'start' ? segment.outFrom <= offset : segment.outFrom < offset)
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (inside(segments[middle])) low = middle
    else high = middle - 1
  }
  const segment = segments[low]
  if (segment === undefined) return length
  if (segment.literal) return Math.min(segment.from + Math.max(0, offset - segment.outFrom), segment.to)
  return edge === 'start' ? segment.from : segment.to
}
