import { Redactor } from '../../secrets/redactor.ts'

const MOST_KEPT = 64
/** Characters of all secrets of one: they come from clients, and their forms take many times as much. */
const LONGEST_KEPT = 2048

/**
 * Secrets of one request that are looked for, and characters of all of them. To look for one takes longer than most requests
 * do, and a head has room for thousands, or for one of its own length: of what is told of such a request nothing is shown.
 */
const MOST_SECRETS = 100
const MOST_CHARACTERS = 16 * 1024

/** Takes secrets out of a text. */
export type Redacting = Pick<Redactor, 'redact'>

const WITHHOLDING: Redacting = { redact: () => '<redacted>' }

/** Redactors for the credentials of single requests. Clients come again with the same, and to make one costs more than a request. */
export class RecentRedactors {
  /** By what they take out, those that were asked for last at the end. */
  readonly #kept = new Map<string, Redactor>()

  of(secrets: readonly string[]): Redacting {
    if (secrets.length > MOST_SECRETS) return WITHHOLDING
    // They may hold any character: some come from bodies.
    const key = JSON.stringify(secrets)
    if (key.length > MOST_CHARACTERS) return WITHHOLDING
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
