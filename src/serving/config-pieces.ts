import { Secret } from '../secrets/index.ts'

/** What is no plain data goes as a map, of which a config has none: no key of a config can be taken for a mark. */
type Mark = ReadonlyMap<'secret', SentSecret> | ReadonlyMap<'list', SentList>

/** A list whose first entries are here; so many more come later, under that number. */
type SentList = readonly [first: readonly unknown[], number: number, more: number]

/** Value, reference and digest; then the key before it and until when that is kept, where there is one. */
type SentSecret = [
  value: string,
  reference: string,
  digest: string,
  before: string | undefined,
  until: number | undefined,
]

/** The next entries of some lists, by the number of each. List 0 has one entry: the whole. It has no mark. */
export type ConfigPiece = readonly (readonly [list: number, entries: readonly unknown[]])[]

/** A piece of so many values takes one or two milliseconds to take in. */
const PIECE_VALUES = 4000
/** A secret is as much work as so many values, and more where it has to be made known to a redactor. */
const SECRET_VALUES = 8

/**
 * A config as data that a channel carries, its secrets as marks, little by little: what finds no room in a piece goes in a
 * later one. A piece is made when it is asked for.
 */
export function* configPieces(value: unknown): Generator<ConfigPiece, void> {
  const lists: (readonly unknown[])[] = [[value]]
  let room = PIECE_VALUES
  const encoded = (one: unknown): unknown => {
    room -= one instanceof Secret ? SECRET_VALUES : 1
    if (one instanceof Secret) return new Map([['secret', encodeSecret(one)]]) satisfies Mark
    if (typeof one !== 'object' || one === null) return one
    return Array.isArray(one) ? encodedList(one) : eachOf(one, encoded)
  }
  const encodedList = (list: readonly unknown[]): unknown => {
    const first: unknown[] = []
    while (first.length < list.length && room > 0) first.push(encoded(list[first.length]))
    const rest = list.slice(first.length)
    if (rest.length === 0) return first
    return new Map([['list', [first, lists.push(rest) - 1, rest.length]]]) satisfies Mark
  }
  let piece: [number, unknown[]][] = []
  // More lists are added on the way.
  for (let number = 0; number < lists.length; number += 1) {
    let entries: unknown[] = []
    for (const entry of lists[number] ?? []) {
      if (room <= 0) {
        yield entries.length === 0 ? piece : [...piece, [number, entries]]
        piece = []
        entries = []
        room = PIECE_VALUES
      }
      entries.push(encoded(entry))
    }
    if (entries.length > 0) piece.push([number, entries])
  }
  yield piece
}

/** The way back: pieces, in their order, become the config again. */
export class Assembly {
  readonly #onSecret: ((secret: Secret) => void) | undefined
  readonly #lists: unknown[][] = [[]]
  #missing = 1

  /** `onSecret` hears of every secret. */
  constructor(onSecret?: (secret: Secret) => void) {
    this.#onSecret = onSecret
  }

  take(piece: ConfigPiece): void {
    for (const [number, entries] of piece) {
      this.#missing -= entries.length
      for (const entry of entries) this.#lists[number]?.push(this.#decoded(entry))
    }
  }

  /** Nothing is missing any more. */
  get isWhole(): boolean {
    return this.#missing === 0
  }

  /** What was sent, once it is whole. */
  get whole(): unknown {
    return this.#lists[0]?.[0]
  }

  readonly #decoded = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map(this.#decoded)
    return value instanceof Map ? this.#marked(value as Mark) : eachOf(value, this.#decoded)
  }

  #marked(mark: Mark): unknown {
    const [kind, content] = [...mark][0] ?? []
    if (kind === 'secret') return this.#secret(content as SentSecret)
    const [first, number, more] = content as SentList
    this.#missing += more
    this.#lists[number] = first.map(this.#decoded)
    return this.#lists[number]
  }

  #secret(sent: SentSecret): Secret {
    const secret = decodeSecret(sent)
    for (const known of [secret, secret.former?.secret]) if (known !== undefined) this.#onSecret?.(known)
    return secret
  }
}

function encodeSecret(secret: Secret): SentSecret {
  const { reference, former } = secret
  return [secret.reveal(), reference, secret.digest(), former?.secret.reveal(), former?.until]
}

function decodeSecret([value, reference, digest, before, until = 0]: SentSecret): Secret {
  const former = before === undefined ? undefined : { secret: new Secret(before, reference), until }
  return new Secret(value, reference, former, digest)
}

function eachOf(object: object, change: (value: unknown) => unknown): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const key of Object.keys(object)) {
    const value = change((object as Record<string, unknown>)[key])
    // A key called `__proto__` is data like any other.
    if (key !== '__proto__') out[key] = value
    else Object.defineProperty(out, key, { value, enumerable: true, configurable: true, writable: true })
  }
  return out
}
