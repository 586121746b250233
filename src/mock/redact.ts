import { isObject } from '../json.ts'
import { fingerprint } from '../secrets/secret.ts'
import type { Presented } from './provider.ts'
import { decoded } from './text.ts'

/** Header and query names whose value is a credential, whoever reads it. */
const CREDENTIAL_NAME = /auth|cookie|credential|key|passw|secret|token/i
const NO_CREDENTIAL = /^(?:idempotency-key|sec-websocket-key|pagetoken)$/i

const SCHEME = /^[A-Za-z]+ +(?=\S)/

/** Shorter values are too common to be looked for in other text. */
const SHORTEST = 8

/** Puts fingerprints in the place of keys. */
export interface Redactor {
  text(text: string): string
  header(name: string, value: string): string
  path(path: string): string
  /** A JSON value: every string in it, names too. */
  json(value: unknown): unknown
}

/** A redactor that knows these keys wherever they stand, and any credential in a header or query parameter. */
export function redactorFor(keys: readonly string[]): Redactor {
  const known = [...new Set(keys)].filter(key => key.length >= SHORTEST).sort((a, b) => b.length - a.length)
  const text = (from: string): string => {
    let to = from
    for (const key of known) {
      if (to.includes(key)) to = to.replaceAll(key, () => fingerprint(key))
      if (to.includes('%')) to = to.replaceAll(encoded(key), () => fingerprint(key))
    }
    return to
  }
  const json = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value)
    if (Array.isArray(value)) return value.map(json)
    if (!isObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [text(name), json(inner)]))
  }
  return {
    text,
    json,
    header: (name, value) => headerValue(name, value, text),
    path: from => pathOf(from, text),
  }
}

/** Every credential in a request's headers and query, without its scheme. */
export function credentialsIn({ headers, query }: Presented): string[] {
  const named = [...Object.entries(headers), ...query].filter(([name]) => isCredential(name))
  return named.flatMap(([, value]) => [value, ...value.split(', ').map(one => one.replace(SCHEME, ''))])
}

function isCredential(name: string): boolean {
  return CREDENTIAL_NAME.test(name) && !NO_CREDENTIAL.test(name)
}

/** `Bearer sk-…` keeps its scheme, so that a test can see which one was sent. */
function headerValue(name: string, value: string, text: (from: string) => string): string {
  if (!isCredential(name) || value === '') return text(value)
  const scheme = SCHEME.exec(value)?.[0] ?? ''
  return `${scheme}${fingerprint(value.slice(scheme.length))}`
}

function pathOf(path: string, text: (from: string) => string): string {
  const start = path.indexOf('?')
  if (start < 0) return text(path)
  const parts = path.slice(start + 1).split('&')
  const query = parts.map(part => {
    const equals = part.indexOf('=')
    const name = equals < 0 ? part : part.slice(0, equals)
    const value = equals < 0 ? '' : part.slice(equals + 1)
    return isCredential(name) && value !== '' ? `${name}=${fingerprint(decoded(value))}` : text(part)
  })
  return `${text(path.slice(0, start))}?${query.join('&')}`
}

function encoded(key: string): string {
  try {
    return encodeURIComponent(key)
  } catch {
    return key
  }
}
