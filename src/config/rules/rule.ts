import type { Code } from '../codes.ts'
import type { Path } from '../diagnostic.ts'
import type { ConfigDocument } from '../document.ts'
import type { KeySlot } from '../slots.ts'
import type { Scene } from './scene.ts'
import type { Node, Place } from './tree.ts'

/** Severity comes from the table of codes. */
export interface RuleFinding {
  readonly code: Code
  readonly path: Path
  readonly message: string
  readonly hint: string
  readonly at?: 'key' | 'value'
  /** Offsets in the written text, for what stands in no value of its own; the path is then empty. */
  readonly span?: { readonly start: number; readonly end: number }
}

export type Report = (finding: RuleFinding) => void

/** What a rule on one place sees besides the place. */
export interface PlaceContext {
  /** The file as plain data, expanded. */
  readonly data: Node
  readonly document: ConfigDocument
  report(finding: RuleFinding): void
}

/**
 * Judges what stands at certain keys, wherever they are. It runs although another part of the file is broken, so it
 * takes no type for granted. Never throws.
 */
export interface PlaceRule {
  readonly keys: readonly string[]
  judge(place: Place, context: PlaceContext): void
}

/** What a rule on the whole file sees. */
export interface FileContext extends PlaceContext {
  readonly scene: Scene
  /** The key slots; put together when they are first asked for. */
  slots(): readonly KeySlot[]
  /** Every place with this key, of those that rules on the whole file look at. */
  placesOf(key: CollectedKey): readonly Place[]
}

/** Keys whose places are kept from the walk for rules on the whole file. */
export const COLLECTED_KEYS = ['apiKey', 'backend', 'routeGroup', 'service'] as const
export type CollectedKey = (typeof COLLECTED_KEYS)[number]

/** Judges how the parts of a file fit together. It runs only where the shape of all of it is sound. Never throws. */
export type FileRule = (context: FileContext) => void
