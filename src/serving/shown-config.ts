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
  if (typeof value === 'string') return shownText(withoutParameters(value))
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

/** A path with parameters behind it, or an address without a scheme, as the format takes one of a collector. */
const WITH_PARAMETERS = /^((?:[\w.-]+(?::\d+)?)?\/[^\s?]*)\?[\w.%-]+=/

/** An address without its name, password and parameters; what has none is shown as it stands. */
function withoutParameters(text: string): string {
  if (/^https?:\/\/\S*[@?#]/i.test(text) && URL.canParse(text)) return addressTold(text)
  return WITH_PARAMETERS.exec(text)?.[1] ?? text
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
