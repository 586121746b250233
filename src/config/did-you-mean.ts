/**
 * The candidate a mistyped word was meant to be: the nearest one within two edits (one, for words up to four letters,
 * none for a single one), counting a swap of neighbours as one edit and case, dashes and underscores as none; else the only
 * one that begins with it.
 */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const plain = normal(word)
  const limit = plain.length <= 1 ? 0 : plain.length <= 4 ? 1 : 2
  let best: string | undefined
  let least = limit + 1
  for (const candidate of candidates) {
    const edits = distance(plain, normal(candidate), least)
    if (edits < least) {
      least = edits
      best = candidate
    }
  }
  return best ?? onlyOneBegunBy(plain, candidates)
}

/** Fewer letters begin too much. */
const LEAST_BEGINNING = 4

function onlyOneBegunBy(plain: string, candidates: readonly string[]): string | undefined {
  if (plain.length < LEAST_BEGINNING) return undefined
  const [first, second] = candidates.filter(one => normal(one).startsWith(plain))
  return second === undefined ? first : undefined
}

function normal(word: string): string {
  return word.toLowerCase().replace(/[-_\s]/g, '')
}

/** Edits between two words (optimal string alignment); `limit` or more is given as `limit`. */
export function distance(a: string, b: string, limit = Number.POSITIVE_INFINITY): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1]
      let edits = Math.min(cell(last, j) + 1, cell(row, j - 1) + 1, cell(last, j - 1) + (same ? 0 : 1))
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) edits = Math.min(edits, cell(beforeLast, j - 2) + 1)
      row.push(edits)
    }
    if (Math.min(...row) >= limit) return limit
    beforeLast = last
    last = row
  }
  return Math.min(cell(last, b.length), limit)
}

function cell(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
