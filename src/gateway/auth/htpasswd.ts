import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { apr1 } from './apr1.ts'
import type { Comparison } from './bcrypt.ts'

/** Checks a password against one kind of hash; a promise where that takes its time. */
export type PasswordCheck = (password: string) => boolean | Promise<Comparison>

/** Compares a password with a bcrypt hash, off the request path. */
export type BcryptCompare = (password: string, hash: string) => Promise<Comparison>

/** A line of a password file that cannot be used. */
export class HtpasswdProblem extends Error {
  readonly line: number
  readonly hint: string

  constructor(line: number, message: string, hint: string) {
    super(message)
    this.line = line
    this.hint = hint
  }
}

/** Letters that `htpasswd` takes. The password goes a thousand times through MD5: a long one would hold others up. */
const MOST_HASHED = 255

/** Hashes first, so that neither their lengths nor where they differ shows in the time it takes. */
function isSame(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(a), hash(b))
}

/** Without it what is remembered of a password could be tried out as fast as a machine can. */
const KEY = randomBytes(32)

/** Asks no more about a password that has fitted: a millisecond for each request of its user would hold up all others. */
function remembering(check: (password: string) => boolean): (password: string) => boolean {
  let fitting: Buffer | undefined
  return password => {
    const digest = createHmac('sha256', KEY).update(password).digest()
    if (fitting !== undefined && timingSafeEqual(digest, fitting)) return true
    if (!check(password)) return false
    fitting = digest
    return true
  }
}

function checkFor(hash: string, line: number, bcrypt: BcryptCompare): PasswordCheck {
  if (/^\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}$/.test(hash)) return password => bcrypt(password, hash)
  const salt = /^\$apr1\$([^$]{0,8})\$/.exec(hash)?.[1]
  if (salt !== undefined)
    return remembering(password => password.length <= MOST_HASHED && isSame(apr1(password, salt), hash))
  if (hash.startsWith('{SHA}')) {
    const wanted = hash.slice('{SHA}'.length)
    return password => isSame(createHash('sha1').update(password).digest('base64'), wanted)
  }
  throw new HtpasswdProblem(
    line,
    `line ${line} has a kind of hash that is not run here`,
    'make it with bcrypt: htpasswd -B',
  )
}

/** Those who may come in. */
export interface Users {
  readonly byName: ReadonlyMap<string, PasswordCheck>
  /**
   * Takes as long for a name that nobody has as for a user with the slowest hash: else a clock would tell the names. No
   * password fits it, which might be remembered.
   */
  readonly decoy: PasswordCheck
}

/** The slowest first. */
const SLOWNESS = [/^\$2/, /^\$apr1\$/, /^/]

/** From the text of a password file. Throws {@link HtpasswdProblem}, which holds nothing of the text. */
export function parseHtpasswd(text: string, bcrypt: BcryptCompare): Users {
  const users = new Map<string, PasswordCheck>()
  const hashes: [hash: string, line: number][] = []
  for (const [index, written] of text.split('\n').entries()) {
    const entry = written.trim()
    if (entry === '' || entry.startsWith('#')) continue
    const colon = entry.indexOf(':')
    if (colon < 1) {
      throw new HtpasswdProblem(
        index + 1,
        `line ${index + 1} is no user:hash`,
        'write one user and hash a line',
      )
    }
    const hash = entry.slice(colon + 1)
    // As in agentgateway, the last of several lines for a user counts.
    users.set(entry.slice(0, colon), checkFor(hash, index + 1, bcrypt))
    hashes.push([hash, index + 1])
  }
  const slowest = SLOWNESS.map(kind => hashes.find(([hash]) => kind.test(hash))).find(
    found => found !== undefined,
  )
  if (slowest === undefined) return { byName: users, decoy: () => false }
  const [hash, line] = slowest
  return { byName: users, decoy: checkFor(unfitting(hash), line, bcrypt) }
}

/** The same kind of hash, with an end that none has. bcrypt knows by the length whether it is one. */
function unfitting(hash: string): string {
  if (!hash.startsWith('$2')) return `${hash}!`
  return hash.slice(0, -1) + (hash.endsWith('a') ? 'b' : 'a')
}
