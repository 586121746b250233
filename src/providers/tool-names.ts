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

  /** The name that goes upstream; two names of the client never become one. */
  send(name: string): string {
    const known = this.#sent.get(name)
    if (known !== undefined) return known
    const plain = name.replace(/[^a-zA-Z0-9_-]/g, '_')
    const fits = plain === name && name.length <= LONGEST && name !== ''
    const sent = fits ? name : `${plain.slice(0, LONGEST - HASH - 1)}_${hashOf(name)}`
    this.#sent.set(name, sent)
    this.#own.set(sent, name)
    return sent
  }

  /** The client's name for one that came back. */
  own(sent: string): string {
    return this.#own.get(sent) ?? sent
  }
}

function hashOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, HASH)
}
