/** Shorter keys can be found by trying out, from their hash too. */
const LEAST_LENGTH = 16

/** Whether a virtual key is too short for its hash to hide it. */
export function isGuessable(key: string): boolean {
  return key.length < LEAST_LENGTH
}
