import { FRAMING } from '../headers/header-names.ts'

/** The characters of a name of a method or a field (RFC 9110 §5.6.2). */
export const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"

/** Field lines, from their first character on. No line is folded, and nothing stands between a name and its colon. */
const FIELD_LINES = new RegExp(`(?:${TOKEN}:[\\t\\x20-\\x7e\\x80-\\xff]*\\r\\n)*`, 'y')

/** What nothing of a head can become, whatever follows: a line feed or a carriage return alone, or another control character. */
const IMPOSSIBLE = /\r(?!\n|$)|(?<!\r)\n|[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g

const TAB = 0x09
const SPACE = 0x20

/**
 * Reads the lines from `from` to `end`, where an empty one begins: names and values in turn, as they stand there, without the
 * blanks around them. Undefined where they are no fields, or one of them about the framing is read as something else by some.
 */
export function readFieldLines(text: string, from: number, end: number): string[] | undefined {
  FIELD_LINES.lastIndex = from
  if (!FIELD_LINES.test(text) || FIELD_LINES.lastIndex !== end + 2) return undefined
  const fields: string[] = []
  let at = from
  while (at < end) {
    const colon = text.indexOf(':', at)
    const next = text.indexOf('\r\n', colon)
    const name = text.slice(at, colon)
    fields.push(name, trimmed(text, colon + 1, next))
    if (hasTabBehind(text, next) && FRAMING.has(name.toLowerCase())) return undefined
    at = next + 2
  }
  return fields
}

/** Whether lines that begin so can still become those of a head. What is in front of `from` has been looked at. */
export function canBeLines(text: string, from: number): boolean {
  // The character before may be the first half of an end of a line.
  IMPOSSIBLE.lastIndex = Math.max(0, from - 1)
  return !IMPOSSIBLE.test(text)
}

/** Without the spaces and tabs around it. */
function trimmed(text: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

/** Node, and others, take it for a part of a length, or of the name of a coding. */
function hasTabBehind(text: string, to: number): boolean {
  let end = to
  while (text.charCodeAt(end - 1) === SPACE) end--
  return text.charCodeAt(end - 1) === TAB
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}

/** Whether a list of words, as that of a `Connection` is, has this one. */
export function lists(list: string | undefined, word: string): boolean {
  if (list === undefined) return false
  const lower = list.toLowerCase()
  if (lower === word) return true
  return lower.includes(word) && lower.split(',').some(one => one.trim() === word)
}
