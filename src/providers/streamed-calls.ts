import { isObject, type JsonObject } from '../json.ts'

/** A call of a tool, as far as a stream of Chat Completions has told it. */
export interface StreamedCall {
  readonly number: number
  id: string | undefined
  name: string | undefined
  /** Its arguments. */
  json: string
  /** How much of them has been sent on. */
  sent: number
}

/**
 * Puts the calls of one stream in order. Their parts may come in turns, which blocks of the Messages API do not: a call waits
 * here until the one before it has all of its arguments.
 */
export class StreamedCalls {
  readonly #latest = new Map<unknown, StreamedCall>()
  readonly #waiting: StreamedCall[] = []
  #count = 0

  add({ index, id, function: called }: JsonObject): void {
    const { name, arguments: json } = isObject(called) ? called : {}
    const call = this.#callOf(index, textOr(id), textOr(name))
    call.id ??= textOr(id)
    call.name ??= textOr(name)
    if (typeof json === 'string') call.json += json
  }

  /** The call that is told now; undefined while there is none, or none with a name. */
  get current(): StreamedCall | undefined {
    const [first] = this.#waiting
    return first?.name === undefined ? undefined : first
  }

  /** True where another one has its turn: the current one has all of its arguments, or `isEnd` says that no more come. */
  advance(isEnd: boolean): boolean {
    const [first] = this.#waiting
    if (first === undefined || (!isEnd && (this.#waiting.length === 1 || !isWhole(first.json)))) return false
    this.#waiting.shift()
    return true
  }

  /** Some providers give all calls one number, or none: an id and a name of its own tell a new one from a part. */
  #callOf(index: unknown, id: string | undefined, name: string | undefined): StreamedCall {
    const known = this.#latest.get(index)
    const isOther = id !== undefined && name !== undefined && known?.id !== undefined && id !== known.id
    if (known !== undefined && !isOther) return known
    const call = { number: this.#count++, id: undefined, name: undefined, json: '', sent: 0 }
    this.#latest.set(index, call)
    this.#waiting.push(call)
    return call
  }
}

function textOr(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** An object that is whole is the beginning of no other. */
function isWhole(json: string): boolean {
  if (!json.trimEnd().endsWith('}')) return false
  try {
    return isObject(JSON.parse(json))
  } catch {
    return false
  }
}
