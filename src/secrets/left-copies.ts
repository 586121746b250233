import type { KeySlot } from '../config/slots.ts'
import { suggested } from '../suggested.ts'
import { currentKey } from './current.ts'
import { describePlace, readPlace, storedAt } from './keep.ts'
import { type KeyNotes, noteOf } from './key-notes.ts'
import { type BarePlace, ownPlace, type PlaceContext, reached } from './rotation/places.ts'
import { isOneWith, type StoredAt } from './stored-at.ts'

/** A copy of a key that a move has left behind. */
export interface LeftCopy {
  readonly slot: KeySlot
  readonly message: string
  readonly hint: string
}

/** What is known of the config. */
export interface LeftContext extends PlaceContext {
  readonly folder: string
  readonly notes: KeyNotes
}

/** The place of a slot's key; undefined where agw does not keep it in one. */
export function placeOrNone(slot: KeySlot, context: PlaceContext): BarePlace | undefined {
  try {
    return ownPlace(slot, context)
  } catch {
    return undefined
  }
}

/**
 * Places that a move was under way between when it was stopped, and that have the key though it is taken from elsewhere.
 * What cannot be read is not told: doctor looks at sources by itself.
 */
export async function leftCopies(slots: readonly KeySlot[], context: LeftContext): Promise<LeftCopy[]> {
  const found = await Promise.all(slots.map(slot => copiesOf(slot, context)))
  return found.flat()
}

async function copiesOf(slot: KeySlot, context: LeftContext): Promise<LeftCopy[]> {
  const { notes, variables, cwd, agw, folder, env } = context
  if (notes.get(slot.name)?.moving === undefined) return []
  const key = await currentKey(slot, variables, cwd)
  const { moving = [] } = (key && noteOf(notes, slot.name, key.fingerprint())) ?? {}
  const now = placeOrNone(slot, context)
  const at = (place: BarePlace): Promise<StoredAt> =>
    storedAt(reached(place, agw).entry, { env, configDir: folder, connections: agw?.connections ?? {} })
  const copies: LeftCopy[] = []
  for (const place of moving) {
    if (now !== undefined && isOneWith(await at(now), await at(place))) continue
    const there = await readPlace(reached(place, agw), folder, env).catch(() => undefined)
    if (key === undefined || there?.equals(key) !== true) continue
    const name = await describePlace(reached(place, agw))
    copies.push({
      slot,
      message: `a move of the key of ${slot.name} was stopped: ${name} has a copy of it`,
      hint: `take it out there, unless something else needs it; ${suggested('keys', 'list')} tells where the key is taken from`,
    })
  }
  return copies
}
