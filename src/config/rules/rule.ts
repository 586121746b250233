import type { Code } from '../codes.ts'
import type { Path } from '../diagnostic.ts'
import type { ConfigDocument } from '../document.ts'
import type { Config } from '../schema.ts'
import type { KeySlot } from '../slots.ts'

/** A map of the config, as rules walk it. */
export type Node = Readonly<Record<string, unknown>>

/** What a rule sees, and how it reports. */
export interface RuleContext {
  readonly config: Config
  readonly document: ConfigDocument
  readonly slots: readonly KeySlot[]
  report(finding: RuleFinding): void
}

/** Severity comes from the table of codes. */
export interface RuleFinding {
  readonly code: Code
  readonly path: Path
  readonly message: string
  readonly hint: string
  readonly at?: 'key' | 'value'
}

/** Looks for what the format allows and the user cannot want. Never throws. */
export type Rule = (context: RuleContext) => void

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Calls back for every map of a tree, with its path, parents first. */
export function walk(tree: unknown, visit: (node: Node, path: Path) => void, path: Path = []): void {
  if (Array.isArray(tree)) {
    for (const [index, item] of tree.entries()) walk(item, visit, [...path, index])
  } else if (isNode(tree)) {
    visit(tree, path)
    for (const [key, value] of Object.entries(tree)) walk(value, visit, [...path, key])
  }
}
