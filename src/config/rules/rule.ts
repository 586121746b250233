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
  readonly slots: readonly KeySlot[]
}

/** Judges how the parts of a file fit together. It runs only where the shape of all of it is sound. Never throws. */
export type FileRule = (context: FileContext) => void
