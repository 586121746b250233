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
function decoded(text: string): string {
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

/** The same of the query of an address, and of what stands behind `#`, where logins hand over tokens. */
export function maskUrl(url: string, also?: ReadonlySet<string>): string {
  return url.replace(/([?#])([^?#]*)/g, (_, mark: string, query: string) => mark + maskQuery(query, also))
}

/** The query with the values of credentials replaced by `<redacted>`; `also` names more of them, in lower case. */
export function maskQuery(query: string, also?: ReadonlySet<string>): string {
  if (query === '') return ''
  return query
    .split('&')
    .map(part => {
      const equals = part.indexOf('=')
      return isSecret(part, equals, also) ? `${part.slice(0, equals)}=<redacted>` : part
    })
    .join('&')
}

/** The values that `maskQuery` hides. */
export function credentialsInQuery(query: string, also: ReadonlySet<string>): string[] {
  if (query === '') return []
  return query.split('&').flatMap(part => {
    const equals = part.indexOf('=')
    if (!isSecret(part, equals, also)) return []
    const value = part.slice(equals + 1)
    const plain = decoded(value)
    // It may be told as it came.
    return UNREADABLE.test(value) || UNREADABLE.test(plain) ? [plain, value] : [plain]
  })
}

function isSecret(part: string, equals: number, also: ReadonlySet<string> | undefined): boolean {
  if (equals < 0) return false
  const name = decoded(part.slice(0, equals)).toLowerCase()
  return SECRET_NAMES.has(name) || also?.has(name) === true
}
