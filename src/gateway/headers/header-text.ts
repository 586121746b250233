import { STATUS_CODES } from 'node:http'

/** Node sends one byte a letter, so text beyond ASCII is written as the bytes of UTF-8. */
export function headerText(text: string): string {
  return /[^\0-\x7f]/.test(text) ? Buffer.from(text).toString('latin1') : text
}

/** The words behind a status as an upstream has sent them; none where HTTP does not allow them, which Node would not send. */
export function reasonPhrase(status: number, text: string): string {
  // As nearly always.
  if (text === STATUS_CODES[status]) return text
  const words = headerText(text)
  return /[^\t\x20-\x7e\x80-\xff]/.test(words) ? '' : words
}
