/** A place where a key or a dash of a list starts. */
interface Start {
  readonly what: 'key' | 'dash'
  /** 0-based. */
  readonly column: number
  readonly offset: number
}

/** A line that starts something, and what of the lines above is still open there. */
interface Line {
  readonly offset: number
  readonly end: number
  readonly starts: readonly [Start, ...Start[]]
  readonly open: readonly Start[]
}

/** A line that starts where it can be neither beside nor below those above. Offsets into the text. */
export interface Misindented {
  readonly start: number
  readonly end: number
  /** What it may have been meant to stand under, the likelier first. */
  readonly alignedWith: readonly number[]
}

/** A character that is missing between two others. */
export interface MissingSpace {
  readonly after: 'colon' | 'dash'
  readonly start: number
}

/**
 * Why YAML that is laid out in lines does not fit together. The library tells the place where it could not go on, which
 * for a line that is indented too far is in the line above.
 */
export class Layout {
  readonly #text: string
  #lines: readonly Line[] | undefined

  constructor(text: string) {
    this.#text = text
  }

  /** The line that is indented wrongly, for a mistake that was met at `offset`; undefined where none is. */
  misindentedAt(offset: number): Misindented | undefined {
    this.#lines ??= linesOf(this.#text)
    const lines = this.#lines
    const at = lines.findLastIndex(line => line.offset <= offset)
    const met = lines[at]
    if (met === undefined || met.end < offset) return undefined
    // A value on the line of its key, and below it what looks as if it belonged there too.
    const isBehind = offset > (met.starts.at(-1)?.offset ?? 0)
    return misfit(isBehind ? lines[at + 1] : met)
  }

  /** The space that is missing in the line of `offset`, as in `port:3000` or `-name: a`. */
  missingSpaceAt(offset: number): MissingSpace | undefined {
    const from = this.#text.lastIndexOf('\n', offset - 1) + 1
    const [, before = '', dash, key = ''] =
      /^([ ]*(?:- +)*)(-(?=\w+:(?: |\r?$)))?([\w-]+:(?!\/\/)\S)?/m.exec(this.#text.slice(from)) ?? []
    const start = from + before.length
    if (dash !== undefined) return { after: 'dash', start }
    return key === '' ? undefined : { after: 'colon', start: start + key.length - 2 }
  }
}

function misfit(line: Line | undefined): Misindented | undefined {
  const [first] = line?.starts ?? []
  if (line === undefined || first === undefined) return undefined
  const peers = line.open.filter(one => one.what === first.what)
  const away = (one: Start): number => Math.abs(one.column - first.column)
  if (peers.length === 0 || peers.some(one => away(one) === 0)) return undefined
  const nearest = Math.min(...peers.map(away))
  const alignedWith = peers.filter(one => away(one) === nearest).map(one => one.offset)
  // Deeper first: it is the closer one in the text.
  return { start: first.offset, end: line.end, alignedWith: alignedWith.reverse() }
}

/** The lines that start a key or an item; comments, blank lines and the lines of block texts do not. */
function linesOf(text: string): Line[] {
  const lines: Line[] = []
  let open: Start[] = []
  let blockBelow = Number.POSITIVE_INFINITY
  for (const { 0: line, index: offset } of text.matchAll(/^.*\S.*$/gm)) {
    const indent = line.search(/\S/)
    if (line[indent] === '#' || indent > blockBelow) continue
    blockBelow = /(?:^|[:-]\s+)[|>][-+\d]*\s*(?:#.*)?$/.test(line) ? indent : Number.POSITIVE_INFINITY
    const [first, ...more] = startsOf(line, offset)
    if (first === undefined) continue
    lines.push({ offset, end: offset + line.trimEnd().length, starts: [first, ...more], open })
    open = [...open.filter(one => staysOpen(one, first)), first, ...more]
  }
  return lines
}

/** A list may start at the column of the key that it belongs to. */
function staysOpen(above: Start, next: Start): boolean {
  return (
    above.column < next.column ||
    (above.column === next.column && above.what === 'key' && next.what === 'dash')
  )
}

function startsOf(line: string, offset: number): Start[] {
  const found: Start[] = []
  let column = line.search(/\S/)
  for (let item = /^-(?: +|$)/.exec(line.slice(column)); item; item = /^-(?: +|$)/.exec(line.slice(column))) {
    found.push({ what: 'dash', column, offset: offset + column })
    column += item[0].length
  }
  if (/^(?:[\w$.-]+|"[^"]*"|'[^']*')\s*:(?:\s|$)/.test(line.slice(column)))
    found.push({ what: 'key', column, offset: offset + column })
  return found
}
