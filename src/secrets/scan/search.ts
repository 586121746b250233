import { KEY_FORMATS, type KeyFormat, LOOSE_FORMATS, PROVIDER_NAMES } from '../formats.ts'
import type { Redactor } from '../redactor.ts'
import { REJECTIONS } from '../rejections.ts'
import { fingerprint } from '../secret.ts'

/** A key in a text. Holds no value. */
export interface FoundKey {
  /** Offsets in the text; `end` is exclusive. */
  readonly start: number
  readonly end: number
  /** `own` is a key that the config uses, `shape` one that looks like a provider's. */
  readonly kind: 'own' | 'shape'
  /** Whose key it is, as people call it; undefined where only the value is known. */
  readonly provider: string | undefined
  readonly confidence: KeyFormat['confidence']
  readonly fingerprint: string
  /** A comment in its line says that it is meant to be there. */
  readonly allowed: boolean
}

type Unjudged = Omit<FoundKey, 'allowed'>

/** Finds keys in a text by the shapes of providers and by the user's own values. */
export type Search = (text: string) => FoundKey[]

/** Comments that say that a key in their line is meant to be there. */
const ALLOWED = /\b(?:agw:allow|gitleaks:allow|trufflehog:ignore|secretlint-disable-line)\b/
/** What may not touch a key: it would be a part of something longer. */
const BEFORE = '(?<![A-Za-z0-9_-])'
const AFTER = '(?![A-Za-z0-9_-])'
/** Bits per character; below it a text is `xxxx…` or a word, not a key. */
const LEAST_ENTROPY = { prefixed: 2.5, bare: 3.2 }
/** Words with dashes between them: a name, or what a page says to put there. */
const WORDS = /^(?:[a-z]+\d{0,2}[-_])*[a-z]+\d{0,2}$/
/** Formats whose shape is not enough: the word that must stand in front, in the name the value is given to. */
const NAMED: Readonly<Record<string, string>> = {
  'aws-secret': 'aws[\\w.-]{0,20}secret|secret[_-]?access[_-]?key',
  deepseek: 'deepseek',
  'azure-openai-84': 'azure[\\w.-]{0,20}key',
  'azure-openai-32': 'azure[\\w.-]{0,20}key',
  mistral: 'mistral',
  cohere: 'cohere',
  'litellm-virtual': 'litellm[\\w.-]{0,20}key',
}
const FORMATS = [...KEY_FORMATS, ...LOOSE_FORMATS]
/** Base64 long enough to hold a key, as manifests of Kubernetes have it. */
const BASE64 = /(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{24,700}={0,2}(?![A-Za-z0-9+/=])/g

interface Shape {
  readonly format: KeyFormat
  readonly pattern: RegExp
  /** A text without it has no such key; found much faster than the pattern. */
  readonly needle: RegExp | undefined
}

/** A search for keys of every known shape and for the values that `own` knows, whose marks are their fingerprints. */
export function keySearch(own: Redactor): Search {
  const shapes = FORMATS.flatMap(shapeOf)
  return text => {
    const mine: Unjudged[] = own.find(text).map(({ start, end, mark }) => ({
      start,
      end,
      kind: 'own',
      provider: undefined,
      confidence: 'high',
      fingerprint: mark,
    }))
    const found = [...mine]
    for (const one of [...shapes.flatMap(shape => inShape(shape, text)), ...inBase64(text)]) {
      if (!found.some(other => one.start < other.end && other.start < one.end)) found.push(one)
    }
    return found.map(one => ({ ...one, allowed: isAllowed(text, one) })).sort((a, b) => a.start - b.start)
  }
}

function shapeOf(format: KeyFormat): Shape[] {
  const { source } = format.pattern
  const open = source.endsWith('$') ? '' : '[\\w+/=.-]*'
  const body = source.replace(/^\^/, '').replace(/\$$/, '') + open
  const name = NAMED[format.id]
  if (name !== undefined) {
    const lead = `(?:${name})[\\w.-]{0,20}["'\`]?\\s{0,3}(?::=|=>|[:=])\\s{0,3}["'\`]?`
    return [
      { format, pattern: new RegExp(`(?<=${lead})(?:${body})${AFTER}`, 'gi'), needle: new RegExp(name, 'i') },
    ]
  }
  if (format.confidence === 'low') return []
  const prefix = /^[A-Za-z_-]{3,}/.exec(body)?.[0]
  const pattern = new RegExp(`${BEFORE}(?:${body})${AFTER}`, 'g')
  return [{ format, pattern, needle: prefix === undefined ? undefined : new RegExp(prefix) }]
}

function inShape({ format, pattern, needle }: Shape, text: string): Unjudged[] {
  if (needle !== undefined && !needle.test(text)) return []
  const least = NAMED[format.id] === undefined ? LEAST_ENTROPY.prefixed : LEAST_ENTROPY.bare
  return [...text.matchAll(pattern)].flatMap(({ 0: value, index: start }) =>
    isReal(format, value, least) ? [foundOf(format, value, start, start + value.length)] : [],
  )
}

function inBase64(text: string): Unjudged[] {
  return [...text.matchAll(BASE64)].flatMap(({ 0: encoded, index: start }) => {
    const value = Buffer.from(encoded, 'base64').toString('latin1').trim()
    const format = FORMATS.find(one => one.confidence !== 'low' && one.pattern.test(value))
    if (format === undefined || !isReal(format, value, LEAST_ENTROPY.prefixed)) return []
    return [foundOf(format, value, start, start + encoded.length)]
  })
}

function foundOf(format: KeyFormat, value: string, start: number, end: number): Unjudged {
  const provider = PROVIDER_NAMES[format.provider] ?? format.provider
  return {
    start,
    end,
    kind: 'shape',
    provider,
    confidence: format.confidence,
    fingerprint: fingerprint(value),
  }
}

/** A placeholder or a masked copy is no key, nor is what repeats one letter. */
function isReal({ confidence }: KeyFormat, value: string, least: number): boolean {
  if (confidence === 'medium' && WORDS.test(value)) return false
  return !REJECTIONS.some(rejection => rejection.test(value)) && entropy(value) >= least
}

/** Shannon's, in bits per character. */
function entropy(text: string): number {
  const counts = new Map<string, number>()
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  let sum = 0
  for (const count of counts.values()) sum -= (count / text.length) * Math.log2(count / text.length)
  return sum
}

function isAllowed(text: string, { start, end }: Unjudged): boolean {
  const from = text.lastIndexOf('\n', start - 1) + 1
  const to = text.indexOf('\n', end)
  return ALLOWED.test(text.slice(from, to === -1 ? undefined : to))
}
