/** How many elements at the start of a sorted list pass; none does after the first that does not. */
export function countBefore<T>(list: readonly T[], passes: (one: T) => boolean): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (passes(list[middle] as T)) low = middle + 1
    else high = middle
  }
  return low
}
