import type { Secret } from '../secret.ts'
import type { SourceProblem } from '../source.ts'

/** Reads each place once, all at once, however many references name it. `placeOf` tells places apart, as JSON does. */
export async function readPlaces<R, T>(
  references: readonly R[],
  placeOf: (reference: R) => unknown,
  read: (reference: R) => Promise<T>,
): Promise<Map<R, T>> {
  const reads = new Map<string, Promise<T>>()
  const found = references.map(async reference => {
    const place = JSON.stringify(placeOf(reference))
    const reading = reads.get(place) ?? read(reference)
    reads.set(place, reading)
    return [reference, await reading] as const
  })
  return new Map(await Promise.all(found))
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
