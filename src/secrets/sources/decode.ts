import { Secret } from '../secret.ts'
import type { SourceProblem } from '../source-problem.ts'

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

/** The text behind bytes, or behind base64, as stores of bytes hand them out. */
export function textOf(value: Uint8Array | string): Secret | SourceProblem {
  if (typeof value === 'string' && !BASE64.test(value)) return notText('the answer holds no base64')
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : value
  try {
    return new Secret(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    return notText('the value is not text in UTF-8')
  }
}

/** The value of a field in JSON; undefined where there is none. */
export function fieldOf(value: unknown): Secret | SourceProblem | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' || typeof value === 'number') return new Secret(String(value))
  return {
    code: 'malformed',
    message: 'the field is not text',
    hint: 'name a field that holds the key itself',
  }
}

/** What is said of an answer that is none of the service. */
export function strangeAnswer(who: string): SourceProblem {
  const message = `${who} answered with something that holds no value`
  return { code: 'malformed', message, hint: 'is this the address of that service?' }
}

/** What a program printed, read as UTF-8: where it was none, signs stand in for what could not be read. */
export function printed(text: string): Secret | SourceProblem {
  return text.includes('\uFFFD') ? notText('the value is not text in UTF-8') : new Secret(text)
}

function notText(message: string): SourceProblem {
  return { code: 'malformed', message, hint: 'is this the right secret? A key is plain text' }
}
