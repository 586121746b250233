import { own } from '../config/own.ts'
import { type Confidence, KEY_FORMATS, KEY_PREFIXES, KEYS_OF_KIND, PROVIDER_NAMES } from './formats.ts'
import { REJECTIONS, type RejectReason } from './rejections.ts'

/** What a value looks like. */
export interface DetectedKey {
  /** The format's id. */
  readonly id: string
  readonly provider: string
  readonly confidence: Confidence
  /** What to know about such a key. */
  readonly note?: string
}

export type CleanedKey =
  | { readonly ok: true; readonly value: string; readonly notes: readonly string[] }
  | { readonly ok: false; readonly reason: RejectReason; readonly message: string; readonly hint: string }

const PREFIXES = KEY_PREFIXES.map(({ provider, start }) => ({ provider, pattern: new RegExp(`^${start}.`) }))

/**
 * Whose key a value is: by its whole shape, else by its prefix, else by a shape that others may have too; `undefined`
 * when it has none of the known ones.
 */
export function detectKey(value: string): DetectedKey | undefined {
  const found = KEY_FORMATS.find(format => format.pattern.test(value))
  if (found === undefined || found.confidence === 'low') {
    const owner = PREFIXES.find(({ pattern }) => pattern.test(value))?.provider
    if (owner !== undefined) return { id: `${owner}${OTHER}`, provider: owner, confidence: 'medium' }
  }
  if (found === undefined) return undefined
  const { id, provider, confidence, note } = found
  return { id, provider, confidence, ...(note !== undefined && { note }) }
}

/** A key of which only the prefix is as it should be. */
const OTHER = '-other'

/**
 * A key as it came from a prompt, a pipe or a file: one line end at its end is taken off, what is certainly no key is
 * refused. Messages never hold the value.
 */
export function cleanPastedKey(pasted: string): CleanedKey {
  const value = pasted.replace(/\r?\n$/, '')
  const rejection = REJECTIONS.find(one => one.test(value))
  if (rejection !== undefined) {
    const { reason, message, hint } = rejection
    return { ok: false, reason, message, hint }
  }
  const note = detectKey(value)?.note
  return { ok: true, value, notes: note === undefined ? [] : [note] }
}

/** Providers' own keys are longer than this, by far. */
const SHORT_KEY = 16

/** What speaks against a value as the key of a slot. Nothing of the value is in it. */
interface KeyDoubt {
  readonly code: 'KEY_SUSPECT' | 'KEY_OF_ANOTHER_PROVIDER'
  /** A clause. */
  readonly message: string
  /** What to do; absent where that depends on the slot. */
  readonly hint?: string
  /** It is no key, or somebody else's: not to be shown to the provider. */
  readonly isNone: boolean
}

/**
 * What speaks against a value as the key of a provider (the word that config.yaml uses: `openAI`, `groq`, …); empty when
 * nothing does. A server of one's own may want any word, or anybody's key: of what its keys look like nothing is known. Whoever
 * stores, lists or checks keys asks here.
 */
export function keyDoubts(
  value: string,
  { provider, isOwnHost }: { readonly provider: string; readonly isOwnHost?: boolean },
): KeyDoubt[] {
  const cleaned = cleanPastedKey(value)
  if (!cleaned.ok)
    return [{ code: 'KEY_SUSPECT', message: cleaned.message, hint: cleaned.hint, isNone: true }]
  // What is to be known of its kind is of no use where it is not for this provider.
  const mismatch = isOwnHost === true ? undefined : providerMismatch(cleaned.value, provider)
  if (mismatch !== undefined) return [{ code: 'KEY_OF_ANOTHER_PROVIDER', message: mismatch, isNone: true }]
  const doubts: KeyDoubt[] = cleaned.notes.map(note => {
    const [message = note, hint = 'make a key for requests'] = note.split(': ')
    return { code: 'KEY_SUSPECT', message, hint, isNone: false }
  })
  if (isOwnHost !== true && isProviderKind(provider) && cleaned.value.length < SHORT_KEY) {
    const message = `this is shorter than ${SHORT_KEY} characters, as no provider's key is`
    doubts.push({ code: 'KEY_SUSPECT', message, hint: 'was it copied whole?', isNone: false })
  }
  return doubts
}

function isProviderKind(kind: string): boolean {
  return own(KEYS_OF_KIND, kind.toLowerCase()) !== undefined
}

/**
 * Why a key does not fit the provider of its slot (the word that config.yaml uses: `openAI`, `groq`, …), as a clause;
 * `undefined` when it fits or when the shape does not tell. Does not hold the value. A slot whose host is overridden may
 * want anybody's key: do not ask for it.
 */
export function providerMismatch(value: string, providerKind: string): string | undefined {
  const allowed = own(KEYS_OF_KIND, providerKind.toLowerCase())
  const found = detectKey(value)
  if (allowed === undefined || found === undefined || found.confidence === 'low') return undefined
  if (allowed.includes(found.provider)) return undefined
  const name = PROVIDER_NAMES[found.provider] ?? found.provider
  const article = /^(?:[aeio]|NV|x)/i.test(name) ? 'an' : 'a'
  const verb = found.id.endsWith(OTHER) ? 'starts' : 'looks'
  return `this ${verb} like ${article} ${name} key, and the slot is for ${providerKind}`
}
