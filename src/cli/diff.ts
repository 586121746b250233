import { structuredPatch } from 'diff'
import { printable } from '../config/printable.ts'
import type { Terminal } from './terminal.ts'
import { wrapped } from './wrapped.ts'

/** Lines around a change. */
const CONTEXT = 2
/** More edits than these are not put together the shortest way: that takes time with the square of their number. */
const MOST_EDITS = 2_000

/** Longer lines are shown where they differ only. Characters. */
const LONG_LINE = 500
/** What is shown on either side of it then. Characters. */
const AROUND = 60

/** Gives each line (1-based) of a text as it may be shown. */
export type MaskLines = (text: string) => (number: number) => string

/** A unified diff for people: two lines of context, secrets masked by `mask`. */
export function printableDiff(
  before: string,
  after: string,
  name: string,
  terminal: Terminal,
  mask: MaskLines,
): string {
  // Long lines are cut, and of a secret that was cut nobody finds the rest.
  const redacted = (text: string) => {
    const lineOf = mask(text)
    return (number: number): string => terminal.redacted(lineOf(number))
  }
  const texts = { old: redacted(before), now: redacted(after) }
  const lines = [
    terminal.style('bold', before === '' ? `new file ${printable(name)}` : printable(name), 'err'),
  ]
  for (const hunk of hunksOf(before, after)) {
    if (before !== '') lines.push(terminal.style('dim', `@@ line ${hunk.newStart} @@`, 'err'))
    for (const [sign, text] of shownLines(hunk, texts)) {
      const style = sign === '+' ? 'green' : sign === '-' ? 'red' : undefined
      for (const shown of fitting(sign, text, terminal.columnsOf('err')))
        lines.push(style ? terminal.style(style, shown, 'err') : shown)
    }
  }
  return lines.join('\n')
}

/** A line behind its sign; what does not fit into the terminal stands below it, a little further in. */
function fitting(sign: string, text: string, columns: number): string[] {
  const indent = `  ${sign} ${/^\s*/.exec(text)?.[0]}`
  const [first = '', ...more] = wrapped(text.trim(), columns - indent.length - 2)
  return [(indent + first).trimEnd(), ...more.map(rest => ' '.repeat(indent.length + 2) + rest)]
}

/** The lines of a hunk with their signs; of a long one what differs from the line in whose place it stands. */
function shownLines(
  hunk: Hunk,
  texts: { readonly old: (number: number) => string; readonly now: (number: number) => string },
): (readonly [sign: string, text: string])[] {
  const shown: [sign: string, text: string][] = []
  /** Where in `shown` the next line stands that went and that no other has taken the place of, and where they end. */
  let [gone, goneEnd] = [0, 0]
  let [old, now] = [hunk.oldStart, hunk.newStart]
  for (const line of hunk.lines) {
    const sign = line.charAt(0)
    if (sign === '-') {
      if (gone >= goneEnd) gone = shown.length
      goneEnd = shown.push([sign, texts.old(old++)])
    } else if (sign === '+') {
      const text = texts.now(now++)
      const former = gone < goneEnd ? shown[gone++] : undefined
      const [was, is] = former === undefined ? ['', text] : differing(former[1], text)
      if (former !== undefined) former[1] = was
      shown.push([sign, is])
    } else if (sign === ' ') {
      goneEnd = 0
      old += 1
      shown.push([sign, texts.now(now++)])
    }
  }
  return shown.map(([sign, text]) => [sign, text.length > LONG_LINE ? cut(text, 0, AROUND) : text])
}

/** Of two lines, one of them long, what differs and a little around it. */
function differing(was: string, is: string): [string, string] {
  if (Math.max(was.length, is.length) <= LONG_LINE) return [was, is]
  const shorter = Math.min(was.length, is.length)
  let start = 0
  while (start < shorter && was[start] === is[start]) start += 1
  let same = 0
  while (same < shorter - start && was.at(-1 - same) === is.at(-1 - same)) same += 1
  const part = (text: string): string => {
    const [from, to] = [start - AROUND, text.length - same + AROUND]
    return to - from <= LONG_LINE ? cut(text, from, to) : cut(text, from, from + LONG_LINE - 2)
  }
  return [part(was), part(is)]
}

function cut(text: string, from: number, to: number): string {
  const [start, end] = [Math.max(0, from), Math.min(text.length, to)]
  return `${start > 0 ? '…' : ''}${text.slice(start, end)}${end < text.length ? '…' : ''}`
}

interface Hunk {
  /** 1-based. */
  readonly oldStart: number
  readonly newStart: number
  /** Each behind its sign. */
  readonly lines: readonly string[]
}

function hunksOf(before: string, after: string): readonly Hunk[] {
  const options = { context: CONTEXT, maxEditLength: MOST_EDITS }
  return structuredPatch('', '', before, after, '', '', options)?.hunks ?? lineByLine(before, after)
}

/** Lines that stand in the place of others: from the one on, up to the other. */
interface Stretch {
  readonly from: number
  readonly oldEnd: number
  readonly newEnd: number
}

/** What differs where one line stands in the place of another, as mends leave it; else all between the first and the last. */
function lineByLine(before: string, after: string): Hunk[] {
  const [old, now] = [linesOf(before), linesOf(after)]
  const hunks: { oldStart: number; newStart: number; lines: string[] }[] = []
  let shown = 0
  for (const { from, oldEnd, newEnd } of old.length === now.length ? pairs(old, now) : [whole(old, now)]) {
    let hunk = hunks.at(-1)
    if (hunk === undefined || from - shown > 2 * CONTEXT) {
      if (hunk !== undefined) add(hunk, ' ', old, shown, shown + CONTEXT)
      shown = Math.max(shown, from - CONTEXT)
      // Up to the first change of all, or where each line stands in the place of another, both texts count alike.
      hunk = { oldStart: shown + 1, newStart: shown + 1, lines: [] }
      hunks.push(hunk)
    }
    add(hunk, ' ', old, shown, from)
    add(hunk, '-', old, from, oldEnd)
    add(hunk, '+', now, from, newEnd)
    shown = oldEnd
  }
  const last = hunks.at(-1)
  if (last !== undefined) add(last, ' ', old, shown, shown + CONTEXT)
  return hunks
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}

/** Adds some lines one by one: there may be more than a call takes arguments. */
function add(
  { lines }: { readonly lines: string[] },
  sign: string,
  from: readonly string[],
  start: number,
  end: number,
): void {
  for (const line of from.slice(start, end)) lines.push(sign + line)
}

function pairs(old: readonly string[], now: readonly string[]): Stretch[] {
  const found: Stretch[] = []
  for (let at = 0; at < old.length; at += 1) {
    if (old[at] === now[at]) continue
    const from = at
    while (at < old.length && old[at] !== now[at]) at += 1
    found.push({ from, oldEnd: at, newEnd: at })
  }
  return found
}

function whole(old: readonly string[], now: readonly string[]): Stretch {
  let from = 0
  while (from < Math.min(old.length, now.length) && old[from] === now[from]) from += 1
  let same = 0
  while (same < Math.min(old.length, now.length) - from && old.at(-1 - same) === now.at(-1 - same)) same += 1
  return { from, oldEnd: old.length - same, newEnd: now.length - same }
}
