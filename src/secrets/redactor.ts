import { FormIndex } from './form-index.ts'
import { formsOf } from './forms.ts'
import { fingerprint, Secret } from './secret.ts'

/** Redacts bytes that come in pieces; all others come out as they are. */
export interface ByteRedactionStream {
  push(chunk: Buffer): Buffer
  end(): Buffer
}

/** Redacts a text that comes in pieces. */
export interface RedactionStream {
  /** What can be shown by now; it may be shorter or longer than the chunk. */
  push(chunk: string): string
  /** What is left. */
  end(): string
}

/** Shorter values would take ordinary words out of texts. Characters. */
const MIN_LENGTH = 8

/** Of so many secrets that were found the forms are kept at hand. */
const MOST_FOUND = 64

/** Where a known secret stands in a text, and what would take its place. Offsets; `end` is exclusive. */
export interface Place {
  readonly start: number
  readonly end: number
  readonly mark: string
}

/**
 * Takes known secrets out of texts by their value, wherever they stand and in any of the forms that `formsOf` names. Each
 * is replaced by `[redacted sha256:1a2b3c4d]`. Of forms that start at the same place the longest is taken. Values shorter
 * than 8 characters are not known. A gateway may know 100,000 keys: they are looked for by their hashes.
 */
export class Redactor {
  readonly #known = new Set<string>()
  readonly #values: string[] = []
  readonly #index: FormIndex
  readonly #found = new Map<number, ReadonlySet<string>>()
  #openForms: OpenForms | undefined
  readonly #markOf: (value: string, length: number) => string

  /**
   * `markOf` says what takes the place of a value, which stands there in a form of so many characters; it must not hold the
   * value.
   */
  constructor(markOf: (value: string, length: number) => string = withHash) {
    this.#markOf = markOf
    this.#index = new FormIndex((owner, text) => this.#formsOf(owner).has(text))
  }

  /** Makes a secret known, from now on. */
  add(secret: Secret | string): void {
    const value = (secret instanceof Secret ? secret.reveal() : secret).trim()
    if (value.length < MIN_LENGTH || this.#known.has(value)) return
    this.#known.add(value)
    const owner = this.#values.push(value) - 1
    for (const form of this.#formsOf(owner)) this.#index.add(form, owner)
    this.#openForms = undefined
  }

  redact(text: string): string {
    // Nearly every text: two generators for each line of a log would cost as much as the search.
    if (this.#index.candidate(text, 0) < 0) return text
    let shown = ''
    let at = 0
    for (const { start, end, mark } of this.#places(text)) {
      shown += text.slice(at, start) + mark
      at = end
    }
    return at === 0 ? text : shown + text.slice(at)
  }

  /** Where known secrets stand, from the first on. */
  find(text: string): Place[] {
    return [...this.#places(text)]
  }

  /** The secrets that stand in a text in any form, each as it was made known. */
  valuesIn(text: string): string[] {
    return [...new Set([...this.#index.find(text)].map(({ owner }) => this.#values[owner] ?? ''))]
  }

  /** A redactor for one stream: it holds back what may be the start of a secret, at most the longest form less one. */
  stream(): RedactionStream {
    let held = ''
    return {
      push: chunk => {
        const [shown, rest] = this.#split(held + chunk)
        held = rest
        return shown
      },
      end: () => {
        const shown = this.redact(held)
        held = ''
        return shown
      },
    }
  }

  /** The same for output in any encoding: each byte is taken for one character. */
  byteStream(): ByteRedactionStream {
    const stream = this.stream()
    return {
      push: chunk => {
        const text = chunk.toString('latin1')
        const shown = stream.push(text)
        return shown === text ? chunk : Buffer.from(shown, 'latin1')
      },
      end: () => Buffer.from(stream.end(), 'latin1'),
    }
  }

  /** Redacts as far as later text cannot change the outcome; the rest starts where a form may have begun. */
  #split(text: string): [shown: string, rest: string] {
    this.#openForms ??= new OpenForms(
      this.#values.map((_, owner) => this.#formsOf(owner)),
      this.#index,
    )
    let shown = ''
    let at = 0
    let open = this.#openForms.in(text, at)
    for (const { start, end, mark } of this.#places(text)) {
      if (start >= open) break
      shown += text.slice(at, start) + mark
      at = end
      if (open < at) open = this.#openForms.in(text, at)
    }
    return [shown + text.slice(at, open), text.slice(open)]
  }

  *#places(text: string): Generator<Place, void> {
    for (const { start, end, owner } of this.#index.find(text))
      yield { start, end, mark: this.#markOf(this.#values[owner] ?? '', end - start) }
  }

  #formsOf(owner: number): ReadonlySet<string> {
    let forms = this.#found.get(owner)
    if (forms === undefined) {
      forms = formsOf(this.#values[owner] ?? '')
      if (this.#found.size === MOST_FOUND) this.#found.clear()
      this.#found.set(owner, forms)
    }
    return forms
  }
}

/** Tells where a text ends inside a form. Made for streams only, which know the secrets of one upstream or one command. */
class OpenForms {
  /** By first character. */
  readonly #forms = new Map<string, string[]>()
  /** All characters of all forms: a text that ends with another, as lines do, ends inside none. */
  readonly #characters = new Set<string>()
  #longest = 0

  readonly #index: FormIndex

  constructor(all: readonly ReadonlySet<string>[], index: FormIndex) {
    this.#index = index
    for (const form of new Set(all.flatMap(forms => [...forms]))) {
      const first = form.charAt(0)
      const alike = this.#forms.get(first)
      if (alike === undefined) this.#forms.set(first, [form])
      else alike.push(form)
      this.#longest = Math.max(this.#longest, form.length)
      for (const character of form.split('')) this.#characters.add(character)
    }
  }

  /** The first place from `from` on where the text ends inside a form; its length when there is none. */
  in(text: string, from: number): number {
    if (!this.#characters.has(text.charAt(text.length - 1))) return text.length
    for (let at = Math.max(from, text.length - this.#longest + 1); at < text.length; at += 1) {
      const forms = this.#forms.get(text.charAt(at))
      if (forms === undefined || !this.#index.mayBeginAt(text, at)) continue
      const tail = text.slice(at)
      if (forms.some(form => form.length > tail.length && form.startsWith(tail))) return at
    }
    return text.length
  }
}

function withHash(value: string): string {
  return `[redacted ${fingerprint(value).split(' ').at(-1)}]`
}
