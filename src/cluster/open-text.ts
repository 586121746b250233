import type { ConfigDocument, KeySlot, Path } from '../config/index.ts'
import { isKeyName } from '../config/mask.ts'
import { isNode } from '../config/rules/tree.ts'
import { clearKeysIn } from '../config/shown-word.ts'
import { unwritten } from './unwritten.ts'

/** A user and a password in front of a host. */
const USER_INFO = /:\/\/[^/?#\s"']*@/

/** What of a config may stand in a manifest, which is read by everybody who may look into the namespace, and goes into git. */
export class OpenText {
  readonly #document: ConfigDocument
  readonly #keyVariables: ReadonlySet<string>

  constructor(document: ConfigDocument, slots: readonly KeySlot[]) {
    this.#document = document
    this.#keyVariables = new Set(slots.flatMap(({ variable }) => variable ?? []))
  }

  /** Throws {@link Unwritten} for a value of which a variable is not set. */
  requireSet(path: Path): void {
    if (this.#document.variablesAt(path).some(use => use.missing)) unwritten('a variable in it is not set')
  }

  /**
   * Throws {@link Unwritten} for a value that may hold a secret. `free` says that the value may be anything (a header, an
   * expression, what is known of a client): there no variable is written, for nobody knows what it will stand for.
   */
  require(path: Path, value: unknown, { free }: { readonly free: boolean }): void {
    const uses = this.#document.variablesAt(path)
    this.requireSet(path)
    if (uses.some(({ name }) => this.#keyVariables.has(name) || isKeyName(name)))
      unwritten('a variable in it holds a key, and a manifest would show it')
    if (free && uses.length > 0) unwritten('a variable in it may hold a secret, and a manifest would show it')
    for (const text of textsIn(value)) {
      if (USER_INFO.test(text)) unwritten('an address in it has a user in front of its host')
      if (clearKeysIn(text).length > 0) unwritten('it has in it what looks like a key')
    }
  }
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(textsIn)
  return isNode(value) ? Object.entries(value).flatMap(([key, inner]) => [key, ...textsIn(inner)]) : []
}
