/** Node sends one byte a letter, so text beyond ASCII is written as the bytes of UTF-8. */
export function headerText(text: string): string {
  return /[^\0-\x7f]/.test(text) ? Buffer.from(text).toString('latin1') : text
}
