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

function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '))
  } catch {
    return name
  }
}

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
    return isSecret(part, equals, also) ? [decoded(part.slice(equals + 1))] : []
  })
}

function isSecret(part: string, equals: number, also: ReadonlySet<string> | undefined): boolean {
  if (equals < 0) return false
  const name = decoded(part.slice(0, equals)).toLowerCase()
  return SECRET_NAMES.has(name) || also?.has(name) === true
}
