/** Byte order mark, which some editors put in front of a text. */
const MARK = '\ufeff'

/** A text as it is read. */
export function withoutMark(text: string): string {
  return text.startsWith(MARK) ? text.slice(MARK.length) : text
}

/** What takes the place of a text, with the mark that stands in front of it. */
export function markedAs(old: string, content: string): string {
  return old.startsWith(MARK) ? MARK + withoutMark(content) : content
}
