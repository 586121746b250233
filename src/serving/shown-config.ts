import { addressTold } from '../address-told.ts'
import { shownText } from '../config/shown-word.ts'
import { isCredentialHeader } from '../gateway/index.ts'
import { Secret } from '../secrets/index.ts'

/** Keys of the format under which headers stand, name → value or expression. */
const HEADER_MAPS = new Set(['add', 'set', 'headers'])
const MASKED = '<redacted>'

/**
 * A config as the admin pages show it. Secrets print as their references anyway; masked besides is what a config may hold
 * in clear text all the same: headers for credentials, in modifiers, expressions and matches, what may be secret in an
 * address, and words that look like keys.
 */
export function shownConfig(value: unknown): unknown {
  if (typeof value === 'string') return shownText(isAddress(value) ? addressTold(value) : value)
  if (typeof value !== 'object' || value === null || value instanceof Secret) return value
  if (Array.isArray(value)) return value.map(shownConfig)
  const { name } = value as { readonly name?: unknown }
  const isOfCredential = typeof name === 'string' && isCredentialHeader(name)
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => {
      if (isOfCredential && key === 'value') return [key, masked(part)]
      return [key, HEADER_MAPS.has(key) ? shownHeaders(part) : shownConfig(part)]
    }),
  )
}

/** With a name, a password or parameters in it, or it is shown as it stands. */
function isAddress(text: string): boolean {
  return /^https?:\/\/\S*[@?#]/.test(text) && URL.canParse(text)
}

function shownHeaders(headers: unknown): unknown {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) return shownConfig(headers)
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      isCredentialHeader(name) ? masked(value) : shownConfig(value),
    ]),
  )
}

/** Every text in it, so that its shape stays. */
function masked(value: unknown): unknown {
  if (typeof value === 'string') return MASKED
  if (typeof value !== 'object' || value === null || value instanceof Secret) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, masked(part)]))
}
