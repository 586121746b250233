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
