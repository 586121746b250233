import type { Path } from './diagnostic.ts'
import { distance } from './did-you-mean.ts'

const PREFIXES =
  '(?:sk[-_]|pk[-_]|rk[-_]|AIza|AQ\\.|gsk_|xai-|pplx-|csk-|nvapi-|hf_|r8_|vck_|tgp_|gh[opsu]_|github_|eyJ|agw_sk_|AKIA|ASIA|xox)'
const KEY_PREFIX = new RegExp(`^${PREFIXES}`)

/** Edits within which a word is taken for a misspelt key of the format, whatever it looks like. */
const MISSPELT = 3

/** Shorter words are no provider keys. */
const SHORTEST_KEY = 16

/**
 * Whether a word of the file may be a pasted secret, so that no message may hold it: it starts like a key, or is long
 * and has digits or signs in it that no key of the format has. A word close to one of `known` is none.
 */
export function looksSecret(word: string, known: readonly string[] = []): boolean {
  if (KEY_PREFIX.test(word)) return true
  if (word.length < SHORTEST_KEY || isWordy(word)) return false
  return !known.some(candidate => distance(word, candidate, MISSPELT + 1) <= MISSPELT)
}

/** Nothing shorter that starts like a key is taken for one where a file or a name is expected. */
const SHORTEST_CLEAR_KEY = 20

/** Letters and digits and nothing else, as keys without a prefix are; names of files have a dot or a dash in them. */
const BARE_KEY = /^[A-Za-z\d]{32,}$/
/** Fewer digits may be a date or a number at the end of a name. */
const LEAST_DIGITS = 5

/**
 * Whether a text is a key beyond doubt: it starts like one, or has no sign in it and many digits, is long, and no part of
 * it is a path or made of words. Where a path or a name belongs, it is refused rather than looked for, since whoever looks says what was not found.
 */
export function isClearlyKey(text: string): boolean {
  const word = withoutHere(text)
  if (BARE_KEY.test(word))
    return /[A-Za-z]/.test(word) && word.replace(/\D/g, '').length >= LEAST_DIGITS && !isWordy(word)
  return KEY_PREFIX.test(word) && word.length >= SHORTEST_CLEAR_KEY && !/[\s/\\]/.test(word) && !isWordy(word)
}

const CLEAR_KEY = new RegExp(`(?<![A-Za-z\\d])${PREFIXES}\\S*`)

/** Whether something in a text begins like a key. */
export function mayHoldKey(text: string): boolean {
  return CLEAR_KEY.test(text)
}

/** Whether a word without blanks is a key that starts like one, or ends in one behind a sign, as in `bot-sk-…`. */
export function endsInClearKey(word: string): boolean {
  const key = CLEAR_KEY.exec(word)?.[0]
  return key !== undefined && isClearlyKey(key)
}

const BETWEEN = /[/\\:,=\s]+/
const EXTENSION = /\.[a-z]{1,8}$/i

/**
 * The keys in what was typed: the whole of it, or the parts of a path that start like one, with and without the end of a
 * file's name. Inside a path letters and digits alone are no key: they may be the hash of a build.
 */
export function clearKeysIn(typed: string): string[] {
  const found = isClearlyKey(typed)
    ? [withoutHere(typed)]
    : typed.split(BETWEEN).filter(part => isClearlyKey(part) && KEY_PREFIX.test(part))
  return [...new Set(found.flatMap(key => [key, key.replace(EXTENSION, '')]))]
}

/** A key is tried as a path with `./` in front of it, too. */
function withoutHere(text: string): string {
  return text.trim().replace(/^(?:\.\/)+/, '')
}

const PART = new RegExp(
  [
    '\\p{L}*', // words, in camel case too
    '\\p{L}{1,15}\\d{1,3}', // ipv6
    '\\p{Ll}+\\d\\p{Lu}\\p{Ll}+(?:\\p{Lu}\\p{Ll}+)*', // http2FrameSize
    '\\d{1,5}\\p{L}?', // 8080, 70b
    '20\\d{6}', // a day
    'v\\d{1,2}(?:alpha|beta)\\d{0,2}', // v1beta
  ]
    .map(form => `^(?:${form})$`)
    .join('|'),
  'u',
)

/** Parts as the keys of the format and the names of headers, hosts, paths, variables and models have them. */
function isWordy(word: string): boolean {
  return word.split(/[-_./:$*]/).every(part => PART.test(part) && !isJumble(part))
}

/** Capitals all over, as random letters have them and camel case has not. */
function isJumble(part: string): boolean {
  const capitals = part.replace(/\P{Lu}/gu, '').length
  return part.length >= 8 && capitals * 3 > part.length && capitals < part.length
}

/** A path that ends before the first step that may be a secret. */
export function shownPath(path: Path): Path {
  const hidden = path.findIndex(step => typeof step === 'string' && looksSecret(step))
  return hidden === -1 ? path : path.slice(0, hidden)
}

const WORD = /[^\s"'`,;()[\]{}<>=|]+/g

/** A sentence in which every word that may be a secret is `…`: for what quotes names that the user gave. */
export function shownText(text: string): string {
  return text.replace(WORD, word => (looksSecret(word.replace(/[.:]$/, '')) ? '…' : word))
}
