import { createHash } from 'node:crypto'

const LONGEST = 64
const HASH = 8

/**
 * Names of tools as Amazon Bedrock takes them (letters, digits, `_` and `-`, 64 at most), for the time of one request, and
 * the client's own for the way back.
 */
export class ToolNames {
  readonly #sent = new Map<string, string>()
  readonly #own = new Map<string, string>()

  /** To be told first of names that may fit: those go as they are, whatever other names would be sent as. */
  keep(name: string): void {
    if (fits(name)) this.send(name)
  }

  /** The name that goes upstream; two names of the client never become one. */
  send(name: string): string {
    const known = this.#sent.get(name)
    if (known !== undefined) return known
    let sent = fits(name) ? name : written(name, name)
    for (let more = 1; this.#own.has(sent); more++) sent = written(name, `${name} ${more}`)
    this.#sent.set(name, sent)
    this.#own.set(sent, name)
    return sent
  }

  /** The client's name for one that came back. */
  own(sent: string): string {
    return this.#own.get(sent) ?? sent
  }
}

function fits(name: string): boolean {
  return name.length <= LONGEST && /^[a-zA-Z0-9_-]+$/.test(name)
}

/** What fits of a name, with a hash that tells it from others. */
function written(name: string, hashed: string): string {
  const hash = createHash('sha256').update(hashed).digest('hex').slice(0, HASH)
  return `${name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, LONGEST - HASH - 1)}_${hash}`
}
