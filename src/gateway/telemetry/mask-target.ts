import { endsInClearKey, mayHoldKey } from '../../config/shown-word.ts'

/** Parameters in which providers and clients are known to put credentials. */
const SECRET_NAMES = new Set([
  'key',
  'api_key',
  'api-key',
  'apikey',
  'access_token',
  'auth',
  'authorization',
  'client_secret',
  'code',
  'id_token',
  'password',
  'refresh_token',
  'secret',
  'sig',
  'signature',
  'subscription-key',
  'token',
  'x-amz-credential',
  'x-amz-security-token',
  'x-amz-signature',
  'x-api-key',
  'x-goog-api-key',
])

/** As those read it who take what is no escape as it is. Nothing is thrown for that: a query has room for twenty thousand of it. */
export function decoded(text: string): string {
  const plain = text.replaceAll('+', ' ')
  if (!plain.includes('%')) return plain
  if (!/%[89a-f]/i.test(plain)) return unescaped(plain)
  return Buffer.from(unescaped(Buffer.from(plain).toString('latin1')), 'latin1').toString()
}

function unescaped(text: string): string {
  return text.replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** What is no escape, or no UTF-8 once it is decoded. */
const UNREADABLE = /%(?![\da-f]{2})|\ufffd/i

const REDACTED = '<redacted>'

/** What stands in front of a parameter, and how it is escaped, as in an address that is a value in another one. */
const BETWEEN: readonly number[] = [...'/?#&;,'].map(sign => sign.charCodeAt(0))
const PERCENT = 0x25
const EQUALS = 0x3d
const BETWEEN_ESCAPED: ReadonlySet<string> = new Set(['2f', '3f', '23', '26', '3b', '2c'])

/** A name and a password, and what stands before and behind them where a host follows. */
const LOGIN = /(^|(?:\/|%2f){2})(?:(?!%2f)[^/?#])+(@|%40)/gi

/**
 * A target, an address or a path of either with what may be secret in it replaced by `<redacted>`: the values of parameters
 * for credentials, wherever they stand (`also` names more of them, in lower case), logins of hosts, and words that are keys
 * beyond doubt. Of a path that has such a parameter nothing behind it is left: who puts a key there may not have escaped it.
 */
export function maskTarget(target: string, also?: ReadonlySet<string>): string {
  return withoutKeys(withoutLogins(maskParameters(target, also)))
}

function maskParameters(target: string, also: ReadonlySet<string> | undefined): string {
  if (secretValueIn(target, also) < 0) return target
  const mark = target.search(/[?#]/)
  if (mark < 0) return maskPart(target, also)
  // Behind `#` logins hand over tokens.
  const behind = target.slice(mark + 1).replace(/[^&#]+/g, part => maskPart(part, also))
  return maskPart(target.slice(0, mark), also) + target[mark] + behind
}

function maskPart(part: string, also: ReadonlySet<string> | undefined): string {
  const value = secretValueIn(part, also)
  return value < 0 ? part : part.slice(0, value) + REDACTED
}

/** The values of parameters that `maskTarget` hides. */
export function credentialsInTarget(target: string, also: ReadonlySet<string>): string[] {
  if (secretValueIn(target, also) < 0) return []
  const mark = target.search(/[?#]/)
  const parts = mark < 0 ? [target] : [target.slice(0, mark), ...target.slice(mark + 1).split(/[&#]/)]
  return parts.flatMap(part => {
    const start = secretValueIn(part, also)
    if (start < 0) return []
    const value = part.slice(start)
    const plain = decoded(value)
    // It may be told as it came.
    return UNREADABLE.test(value) || UNREADABLE.test(plain) ? [plain, value] : [plain]
  })
}

/** Where the value of the first parameter for a credential starts; -1 where there is none. A loop, as it is in each request's way. */
function secretValueIn(part: string, also: ReadonlySet<string> | undefined): number {
  // Most have none, and a search for two signs costs nothing.
  if (!part.includes('=') && !part.includes('%')) return -1
  /** Where the name starts that may stand here; -1 within a value. */
  let name = 0
  for (let at = 0; at < part.length; at++) {
    const sign = part.charCodeAt(at)
    // No letter and no digit is any of them.
    if (sign >= 0x40 || (sign >= 0x30 && sign <= 0x39)) continue
    const escaped = sign === PERCENT ? part.slice(at + 1, at + 3).toLowerCase() : ''
    const end = sign === PERCENT ? at + 3 : at + 1
    if (BETWEEN.includes(sign) || BETWEEN_ESCAPED.has(escaped)) name = end
    else if (name >= 0 && (sign === EQUALS || escaped === '3d')) {
      if (isSecret(part.slice(name, at), also)) return end
      name = -1
    }
  }
  return -1
}

function isSecret(name: string, also: ReadonlySet<string> | undefined): boolean {
  const plain = decoded(name).toLowerCase()
  return SECRET_NAMES.has(plain) || also?.has(plain) === true
}

function withoutLogins(target: string): string {
  return target.includes('@') || target.includes('%40') ? target.replace(LOGIN, `$1${REDACTED}$2`) : target
}

/** Characters in a row that most targets and names have fewer of. */
const LONG = 16

/** Whether a text may hold a credential, as far as its words are long or escaped. A loop, as it is in each request's way. */
export function hasLongWord(text: string): boolean {
  if (text.length < LONG) return text.includes('%')
  let run = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    // `/`, `.` and other signs end a word; letters, digits, `-` and `_` go on with it.
    if (code === 0x25) return true
    const goesOn =
      code >= 0x61 || (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5f) || code === 0x2d
    run = goesOn ? run + 1 : 0
    if (run === LONG) return true
  }
  return false
}

/** What keys, and escapes in them, are made of. */
const WORD = /[\w.+~%-]{20,}/g

/** The text with words that are keys beyond doubt replaced by `<redacted>`: by what they begin with, whoever has sent them. */
export function withoutKeys(text: string): string {
  if (!hasLongWord(text) || !(text.includes('%') || mayHoldKey(text))) return text
  return text.replace(WORD, word => (endsInClearKey(decoded(word)) ? REDACTED : word))
}
