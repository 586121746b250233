import type { Finder } from './finder.ts'

const MASK = '<EMAIL_ADDRESS>'

/** What may stand before the sign, by its code. */
const BEFORE = Array.from({ length: 128 }, (_, code) => /[A-Za-z0-9_.+-]/.test(String.fromCharCode(code)))
/** The sign, and what may stand behind it. */
const HOST = /@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+/y

/**
 * `[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+`, as agentgateway has it. Looked for from each `@` on, which few texts have
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
    let start = at
    while (start > from && BEFORE[text.charCodeAt(start - 1)] === true) start--
    if (start < at) return { start, end }
  }
  return undefined
}
