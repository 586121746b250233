import type { Path } from './diagnostic.ts'
import { distance } from './did-you-mean.ts'

const KEY_PREFIX =
  /^(?:sk[-_]|pk[-_]|rk[-_]|AIza|AQ\.|gsk_|xai-|pplx-|csk-|nvapi-|hf_|r8_|vck_|tgp_|gh[opsu]_|github_|eyJ|agw_sk_|AKIA|ASIA|xox)/

/** Edits within which a word is taken for a misspelt key of the format, whatever it looks like. */
const MISSPELT = 3

/**
 * Whether a word of the file may be a pasted secret, so that no message may hold it: it starts like a key, is long and
 * has digits in it, or has characters that no key of the format has. A word close to one of `known` is none.
 */
export function looksSecret(word: string, known: readonly string[] = []): boolean {
  if (KEY_PREFIX.test(word)) return true
  if (!/^[\p{L}\p{N}_.$/*:-]{0,80}$/u.test(word)) return true
  if (word.length < 16 || !/\d/.test(word)) return false
  if (isWordy(word)) return false
  return !known.some(candidate => distance(word, candidate, MISSPELT + 1) <= MISSPELT)
}

/** Parts of letters with at most a short number in each, as names of headers, hosts, paths and variables have. */
function isWordy(word: string): boolean {
  return word.split(/[-_./:$*]/).every(part => /^(?:\p{L}{0,20}|\p{L}{1,15}\d{1,3}|\d{1,5})$/u.test(part))
}

/** A path that ends before the first step that may be a secret. */
export function shownPath(path: Path): Path {
  const hidden = path.findIndex(step => typeof step === 'string' && looksSecret(step))
  return hidden === -1 ? path : path.slice(0, hidden)
}
