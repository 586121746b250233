/** Longer than any key. Characters. */
const MOST_OF_A_WORD = 4096

/** A text that was cut off, without its last word: half a secret would not be found in it. */
export function withoutLastWord(text: string): string {
  let end = text.length
  const least = end - MOST_OF_A_WORD
  while (end > 0 && end > least && !/\s/.test(text[end - 1] ?? '')) end--
  return text.slice(0, end)
}

/** What the beginning of a body says; undefined of what is no text. A character that is cut off at its end is left out. */
export function textOf(bytes: Buffer, contentType: string): string | undefined {
  if (bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
  } catch {
    // It is called a text, in another encoding.
    return /^text\/|json|xml/i.test(contentType) ? new TextDecoder().decode(bytes) : undefined
  }
}
