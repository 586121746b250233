import { MAX_SCANNED_BYTES } from './files.ts'

/** What a scan did not look into. */
export class Gaps {
  readonly #others: string[] = []
  readonly #unread = new Set<string>()
  readonly #compressed = new Set<string>()

  /** Anything else, as a clause. */
  add(clause: string): void {
    this.#others.push(clause)
  }

  unread(name: string): void {
    this.#unread.add(name)
  }

  compressed(name: string): void {
    this.#compressed.add(name)
  }

  /** One clause for each kind, and whether something could not be read at all. */
  told(): { readonly gaps: readonly string[]; readonly unread: boolean } {
    const unread = counted(this.#unread, `unreadable, or larger than ${MAX_SCANNED_BYTES / 1024 ** 3} GiB`)
    const packed = counted(this.#compressed, 'compressed: what is in it was not looked at')
    return { gaps: [...unread, ...packed, ...this.#others], unread: unread.length > 0 }
  }
}

function counted(names: ReadonlySet<string>, what: string): string[] {
  const [first] = names
  if (first === undefined) return []
  return [names.size === 1 ? `${first} is ${what}` : `${names.size} files, such as ${first}, are ${what}`]
}
