import { isDeepStrictEqual } from 'node:util'
import type { ConfigDocument, KeySlot } from '../config/index.ts'
import { isOneWith, type StoredAt } from '../secrets/stored-at.ts'
import { entryPlace, type PlaceNames, placeOf } from './key-places.ts'

/** A slot, and all that could have its key in common with it. */
export interface Neighbours extends PlaceNames {
  readonly slot: KeySlot
  readonly slots: readonly KeySlot[]
  readonly document: ConfigDocument
}

/** What else has the very value that a slot has, each as a person would call it. */
interface Sharers {
  /** Other places of the config that have the slot's variable or file. */
  readonly byReference: readonly string[]
  /** What comes to the same stored value by another variable or file. */
  readonly byPlace: readonly string[]
}

/** A key that stands in the config itself is stored for one place only. */
async function sharersOf(neighbours: Neighbours): Promise<Sharers> {
  const { slot, slots, agw } = neighbours
  const own = await placeOf(slot, neighbours)
  if (own === undefined) return { byReference: [], byPlace: [] }
  const others = slots.filter(one => !isDeepStrictEqual(one.path, slot.path))
  const same = await thoseAt(own, others, one => placeOf(one, neighbours))
  const isSameReference = (one: KeySlot): boolean => one.variable === slot.variable
  const known = new Set([slot, ...others].map(one => one.variable))
  const unknown = [...(agw?.entries.values() ?? [])].filter(({ variable }) => !known.has(variable))
  const entries = await thoseAt(own, unknown, entry => entryPlace(entry, neighbours))
  return {
    byReference: [
      ...same.filter(isSameReference).map(one => one.name),
      ...(slot.variable === undefined ? [] : usesBesideSlots(slot.variable, neighbours)),
    ],
    byPlace: [
      ...same.filter(one => !isSameReference(one)).map(one => one.name),
      ...entries.map(({ variable }) => `$${variable} of agw.yaml`),
    ],
  }
}

async function thoseAt<T>(
  own: StoredAt,
  all: readonly T[],
  find: (one: T) => Promise<StoredAt | undefined>,
): Promise<T[]> {
  const places = await Promise.all(all.map(find))
  return all.filter((_, index) => {
    const place = places[index]
    return place !== undefined && isOneWith(place, own)
  })
}

/** All that loses its key when what is stored for a slot goes; empty where nothing does. */
export async function losersWith(neighbours: Neighbours): Promise<string> {
  const { byReference, byPlace } = await sharersOf(neighbours)
  return listed([...byReference, ...byPlace])
}

/**
 * All that still needs the old place of a key, when its slot refers to `variable` from now on: who has that variable too
 * finds the key where the slot does. Empty where nothing does.
 */
export async function leftBehind(neighbours: Neighbours, variable: string | undefined): Promise<string> {
  const { byReference, byPlace } = await sharersOf(neighbours)
  const goAlong = variable !== undefined && variable === neighbours.slot.variable
  return listed([...(goAlong ? [] : byReference), ...byPlace])
}

function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? ''
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`
}

/** Places of the config that use a variable and are no key slots. */
function usesBesideSlots(name: string, { slots, document }: Neighbours): string[] {
  const taken = slots.filter(one => one.variable === name).map(one => document.rangeOf(one.path))
  const found = document.variables.filter(
    use =>
      use.name === name &&
      !taken.some(({ start, end }) => use.start >= start.offset && use.end <= end.offset),
  )
  return [...new Set(found.map(use => `${document.file}:${document.lines.position(use.start).line}`))]
}
