import { structuredPatch } from 'diff'
import { printable } from '../config/printable.ts'
import type { Terminal } from './terminal.ts'

/** Lines around a change. */
const CONTEXT = 2
/** More edits than these are not put together the shortest way: that takes time with the square of their number. */
const MOST_EDITS = 2_000

/** A unified diff for people: two lines of context, secrets masked line by line by `mask`. */
export function printableDiff(
  before: string,
  after: string,
  name: string,
  terminal: Terminal,
  mask: (line: string) => string,
): string {
  const lines = [
    terminal.style('bold', before === '' ? `new file ${printable(name)}` : printable(name), 'err'),
  ]
  for (const hunk of hunksOf(before, after)) {
    if (before !== '') lines.push(terminal.style('dim', `@@ line ${hunk.newStart} @@`, 'err'))
    for (const line of hunk.lines) {
      if (line.startsWith('\\')) continue
      const shown = `  ${line[0] ?? ' '} ${mask(line.slice(1))}`.trimEnd()
      const style = line.startsWith('+') ? 'green' : line.startsWith('-') ? 'red' : undefined
      lines.push(style ? terminal.style(style, shown, 'err') : shown)
    }
  }
  return lines.join('\n')
}

interface Hunk {
  /** 1-based. */
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
  const hunks: { newStart: number; lines: string[] }[] = []
  let shown = 0
  for (const { from, oldEnd, newEnd } of old.length === now.length ? pairs(old, now) : [whole(old, now)]) {
    let hunk = hunks.at(-1)
    if (hunk === undefined || from - shown > 2 * CONTEXT) {
      if (hunk !== undefined) add(hunk, ' ', old, shown, shown + CONTEXT)
      shown = Math.max(shown, from - CONTEXT)
      hunk = { newStart: shown + 1, lines: [] }
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
