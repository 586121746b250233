import { WORD } from '../regex/plain.ts'
import type { Finder } from './finder.ts'

const MASK = '<EMAIL_ADDRESS>'

/** What may stand before the sign: by its code, and beyond ASCII. */
const ASCII = Array.from({ length: 128 }, (_, code) => /[\w.+-]/.test(String.fromCharCode(code)))
const LETTER = new RegExp(`^${WORD}$`, 'u')
/** The sign, and what may stand behind it. */
const HOST = /@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+/y

/**
 * `[\w.+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+`, with letters of all languages. Looked for from each `@` on, which few texts have
 * many of: an engine for patterns takes a microsecond for each character of a prompt, and holds up all others as long.
 */
export const emailAddresses: Finder = {
  finds: text => next(text, 0) !== undefined,
  mask(text) {
    let out = ''
    let from = 0
    for (let found = next(text, 0); found !== undefined; found = next(text, from)) {
      out += text.slice(from, found.start) + MASK
      from = found.end
    }
    return from === 0 ? text : out + text.slice(from)
  },
}

/** The first one that begins at `from` or later. */
function next(text: string, from: number): { readonly start: number; readonly end: number } | undefined {
  for (let at = text.indexOf('@', from); at >= 0; at = text.indexOf('@', at + 1)) {
    HOST.lastIndex = at
    if (!HOST.test(text)) continue
    const end = HOST.lastIndex
    const start = startOf(text, from, at)
    if (start < at) return { start, end }
  }
  return undefined
}

/** Where the run of characters begins that ends at `at`. */
function startOf(text: string, from: number, at: number): number {
  let start = at
  while (start > from) {
    const isAscii = ASCII[text.charCodeAt(start - 1)]
    const length = isAscii === undefined ? letterBefore(text, from, start) : isAscii ? 1 : 0
    if (length === 0) break
    start -= length
  }
  return start
}

/** How long it is, in halves of a pair; 0 for what is no letter. */
function letterBefore(text: string, from: number, end: number): number {
  const pair = text.slice(Math.max(from, end - 2), end)
  const letter = /^[\ud800-\udbff][\udc00-\udfff]$/.test(pair) ? pair : pair.slice(-1)
  return LETTER.test(letter) ? letter.length : 0
}
