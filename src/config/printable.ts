/**
 * What a terminal or the log of a pipeline would act on instead of showing it: control characters, a carriage return behind
 * which a line could pose as a command of the runner, marks that turn the direction of writing.
 */
export const ACTED_ON = /[\0-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** A text out of a file with a picture of as many characters in the place of each of these. */
export function printable(text: string): string {
  return text.replace(ACTED_ON, picture)
}

/** Colours of our own, and what else a terminal would act on. */
const COLOUR_OR_ACTED_ON = new RegExp(`\\x1b\\[[\\d;]*m|${ACTED_ON.source}`, 'g')

/** The same for whole lines, which may be coloured: the last thing before a terminal, for names that nobody thought of. */
export function printableLines(text: string): string {
  return text.replace(COLOUR_OR_ACTED_ON, sign => (sign.length > 1 || sign === '\n' ? sign : picture(sign)))
}

function picture(sign: string): string {
  const code = sign.charCodeAt(0)
  if (code === 0x7f) return '\u2421'
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\ufffd'
}

/** A JSON text in which the same stand as escapes; between its parts line breaks stay. */
export function printableJson(json: string): string {
  return json.replace(ACTED_ON, sign => (sign === '\n' ? sign : numbered(sign)))
}

/** `\u202e`: so JSON writes a character, and bash and zsh between `$'` and `'`. */
export function numbered(sign: string): string {
  return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`
}
