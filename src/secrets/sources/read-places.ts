import type { Secret } from '../secret.ts'
import type { SourceProblem } from '../source-problem.ts'

/** How many places of a batch are read at the same time: stores, and the limits on open files, bear no more than some. */
const MOST_AT_ONCE = 16

/** Reads each place once, however many references name it. `placeOf` tells places apart, as JSON does. */
export async function readPlaces<R, T>(
  references: readonly R[],
  placeOf: (reference: R) => unknown,
  read: (reference: R) => Promise<T>,
): Promise<Map<R, T>> {
  const places = new Map<string, R[]>()
  for (const reference of references) {
    const place = JSON.stringify(placeOf(reference))
    const same = places.get(place)
    if (same === undefined) places.set(place, [reference])
    else same.push(reference)
  }
  const found = new Map<R, T>()
  const waiting = places.values()
  const readOn = async (): Promise<void> => {
    for (const [first, ...others] of waiting) {
      if (first === undefined) continue
      const value = await read(first)
      for (const reference of [first, ...others]) found.set(reference, value)
    }
  }
  await Promise.all(Array.from({ length: MOST_AT_ONCE }, readOn))
  return found
}

/** The value of each reference, out of what was found at its place. */
export function pick<R, T extends object>(
  places: ReadonlyMap<R, T | SourceProblem | undefined>,
  take: (place: T, reference: R) => Secret | SourceProblem | undefined,
): Map<R, Secret | SourceProblem> {
  return new Map(
    [...places].flatMap(([reference, place]) => {
      const value = place === undefined || 'code' in place ? place : take(place, reference)
      return value === undefined ? [] : [[reference, value] as const]
    }),
  )
}
