import { Redactor } from '../../secrets/redactor.ts'

const MOST_KEPT = 64
/** Characters of all secrets of one: they come from clients, and their forms take many times as much. */
const LONGEST_KEPT = 2048

/** Redactors for the credentials of single requests. Clients come again with the same, and to make one costs more than a request. */
export class RecentRedactors {
  /** By what they take out, those that were asked for last at the end. */
  readonly #kept = new Map<string, Redactor>()

  of(secrets: readonly string[]): Redactor {
    // They may hold any character: some come from bodies.
    const key = JSON.stringify(secrets)
    const known = this.#kept.get(key)
    const redactor = known ?? redactorOf(secrets)
    if (known !== undefined) this.#kept.delete(key)
    else if (key.length > LONGEST_KEPT) return redactor
    else if (this.#kept.size === MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value ?? '')
    this.#kept.set(key, redactor)
    return redactor
  }
}

function redactorOf(secrets: readonly string[]): Redactor {
  const redactor = new Redactor(() => '<redacted>')
  for (const secret of secrets) redactor.add(secret)
  return redactor
}
