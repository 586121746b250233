import { randomBytes } from 'node:crypto'
import { AgwError } from '../errors.ts'
import type { Path } from './diagnostic.ts'
import type { ConfigDocument } from './document.ts'
import { listAt } from './rules/tree.ts'

/** Shorter stretches of a list are not worth it. Items. */
const LONG = 100

/** Edits a text, in which the item that is meant has this place in the list; -1 where none is. */
export type ListEdit = (text: string, index: number) => string

/**
 * Edits the text of a config at a list: behind it, or at the item with an index. To edit a text means to read it several
 * times, which takes seconds for a list of thousands of items: so most of them are cut out before and put back afterwards.
 * Where that cannot be done, the whole text is edited. Throws as `edit` does.
 */
export function editLongList(document: ConfigDocument, list: Path, index: number, edit: ListEdit): string {
  const cut = aroundItem(document, list, index)
  if (cut !== undefined) {
    try {
      const edited = cut.whole(edit(cut.text, cut.index))
      if (edited !== undefined) return edited
    } catch (error) {
      // An item that was cut out may have what others refer to.
      if (!(error instanceof AgwError)) throw error
    }
  }
  return edit(document.text, index)
}

/** A text without most of a list. */
interface Cut {
  readonly text: string
  /** The place of the item that is meant. */
  readonly index: number
  /** The edited text with what was cut out; undefined where its place is gone. */
  readonly whole: (edited: string) => string | undefined
}

/**
 * The text of a config without most items of a list: the first stays, the last, and the one with the index. Undefined where
 * the list is short, or not laid out in lines.
 */
export function aroundItem(document: ConfigDocument, list: Path, index: number): Cut | undefined {
  const { text } = document
  const count = listAt(document.data, ...list).length
  const kept = [...new Set([0, index === -1 ? 0 : index, count - 1])].sort((a, b) => a - b)
  let short = ''
  let copied = 0
  const gaps: { readonly mark: string; readonly text: string }[] = []
  for (const [at, item] of kept.entries()) {
    const next = kept[at + 1]
    if (next === undefined || next - item - 1 < LONG) continue
    const [from, to] = [item + 1, next].map(one => dashLine(document, [...list, one]))
    if (from === undefined || to === undefined || from.indent !== to.indent) return undefined
    const mark = `#${randomBytes(16).toString('hex')}\n`
    short += text.slice(copied, from.start) + mark
    gaps.push({ mark, text: text.slice(from.start, to.start) })
    copied = to.start
  }
  if (gaps.length === 0) return undefined
  short += text.slice(copied)
  const whole = (edited: string): string | undefined => {
    let result = edited
    for (const gap of gaps) {
      const [before, after, ...more] = result.split(gap.mark)
      if (before === undefined || after === undefined || more.length > 0) return undefined
      result = before + gap.text + after
    }
    return result
  }
  return { text: short, index: placeAmong(kept, index, count), whole }
}

/** Where the item with an index is once those that are not kept are gone; between gaps that are too short nothing goes. */
function placeAmong(kept: readonly number[], index: number, count: number): number {
  if (index === -1) return -1
  let place = index
  for (const [at, item] of kept.entries()) {
    const next = kept[at + 1] ?? count
    const gap = next - item - 1
    if (next <= index && gap >= LONG) place -= gap
  }
  return place
}

/** The line that an item begins in, where nothing but its dash stands in front of it. */
function dashLine(
  document: ConfigDocument,
  path: Path,
): { readonly start: number; readonly indent: string } | undefined {
  const { offset } = document.rangeOf(path).start
  const start = document.text.lastIndexOf('\n', offset - 1) + 1
  const indent = /^( *)- +$/.exec(document.text.slice(start, offset))?.[1]
  return indent === undefined ? undefined : { start, indent }
}
