import { createHash } from 'node:crypto'
import { isObject, type JsonObject } from '../json.ts'

/** Tokens of a text, estimated: four characters each, rounded up. */
export function tokensIn(text: string): number {
  return Math.ceil(text.length / 4)
}

/** The text of a message's content: a string, or the texts of its parts, in every API's spelling. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (Array.isArray(content)) return content.map(textOf).filter(Boolean).join(' ')
  if (isObject(content) && typeof content['text'] === 'string') return content['text']
  return ''
}

/** The last message of the user; `field` is where this API keeps a message's content. */
export function lastUserText(messages: unknown, field: 'content' | 'parts'): string {
  if (typeof messages === 'string') return messages
  const asked = messagesIn(messages).filter(message => (message['role'] ?? 'user') === 'user')
  return textOf(asked.at(-1)?.[field])
}

/** All text of a conversation, for counting. */
export function allText(messages: unknown, field: 'content' | 'parts'): string {
  if (typeof messages === 'string') return messages
  return messagesIn(messages)
    .map(message => textOf(message[field]))
    .join('')
}

function messagesIn(messages: unknown): JsonObject[] {
  return Array.isArray(messages) ? messages.filter(isObject) : []
}

/** An answer's text and whether a token limit cut it. */
export interface AnswerText {
  readonly text: string
  readonly tokens: number
  readonly cut: boolean
}

const ECHOED = 60

/**
 * The answer to a prompt: says that it is a mock and repeats the first 60 characters of what was asked. `limit` is
 * the request's token limit; `chars` pads the text to that length.
 */
export function answerTo(prompt: string, limit: unknown, chars?: number): AnswerText {
  // Sliced first: a prompt may be megabytes long.
  const start = prompt
    .slice(0, 64 * ECHOED)
    .replace(/\s+/g, ' ')
    .trim()
  const asked = [...start].slice(0, ECHOED).join('')
  const plain = `mock answer to: ${asked}`
  return within(chars === undefined ? plain : plain.padEnd(chars, ' lorem ipsum'), limit)
}

/** A text as far as the request's token limit lets it come. */
export function within(whole: string, limit: unknown): AnswerText {
  const most = typeof limit === 'number' && limit > 0 ? limit * 4 : Number.POSITIVE_INFINITY
  const text = whole.length > most ? whole.slice(0, most) : whole
  return { text, tokens: tokensIn(text), cut: text.length < whole.length }
}

/** The pieces a text is streamed in: words with the space before them. Joined they are the text. */
export function* piecesOf(text: string): Generator<string> {
  for (const [piece] of text.matchAll(/\s*\S+|\s+$/g)) yield piece
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** An id as the APIs make them, the same for the same serial: `prefix` and letters and digits. */
export function idOf(prefix: string, serial: number, length: number): string {
  const digest = createHash('sha512').update(`${prefix}${serial}`).digest()
  let id = prefix
  for (const byte of digest.subarray(0, length)) id += ALPHABET[byte % ALPHABET.length]
  return id
}

/** As `idOf`, in hex digits grouped as a UUID. */
export function uuidOf(name: string, serial: number): string {
  const hex = createHash('sha256').update(`${name}${serial}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** Percent-decoding that leaves a broken sequence as it is. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
