import { isCredentialHeader } from './header-names.ts'

/**
 * What of a header that the config sets is secret, in each form in which an upstream could tell it alone. A redactor leaves
 * out what is too short to be told from other words.
 */
export function credentialsIn(name: string, value: string): string[] {
  return isCredentialHeader(name) ? partsOfCredential(name, value) : []
}

/** The same of a header that is known to carry a credential. */
export function partsOfCredential(name: string, value: string): string[] {
  if (name.toLowerCase() === 'set-cookie') return cookieValues(value.split(';', 1)[0] ?? '')
  const parts = name.toLowerCase() === 'cookie' ? cookieValues(value) : basicPassword(value)
  return [withoutScheme(value), ...parts]
}

/** `Bearer`, `Basic` and the like are no part of the credential. */
function withoutScheme(value: string): string {
  return value.replace(/^[A-Za-z]+ +(?=\S)/, '')
}

function cookieValues(value: string): string[] {
  return value.split(';').map(cookie => {
    const text = cookie.slice(cookie.indexOf('=') + 1).trim()
    return /^".*"$/.test(text) ? text.slice(1, -1) : text
  })
}

/** RFC 7617: what stands behind the first colon of `user:password`. */
function basicPassword(value: string): string[] {
  const [, encoded] = /^basic +(\S+)$/i.exec(value) ?? []
  if (encoded === undefined) return []
  const decoded = Buffer.from(encoded, 'base64').toString()
  return decoded.includes(':') ? [decoded.slice(decoded.indexOf(':') + 1)] : []
}
