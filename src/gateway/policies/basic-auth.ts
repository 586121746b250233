import { isUtf8 } from 'node:buffer'
import type { Path } from '../../config/diagnostic.ts'
import type { BasicAuth } from '../../config/schema.ts'
import { Secret } from '../../secrets/secret.ts'
import { Bcrypt, type Comparison } from '../auth/bcrypt.ts'
import { type BcryptCompare, HtpasswdProblem, parseHtpasswd } from '../auth/htpasswd.ts'
import { compileLocation } from '../auth/location.ts'
import { authorizationHeader } from '../auth/named-place.ts'
import { invalid, unreadable } from '../compile/invalid.ts'
import type { ReadFile } from '../compile/unusable.ts'
import type { Exchange } from '../exchange.ts'
import type { Answer } from '../failures.ts'
import { headerText } from '../headers/header-text.ts'
import type { Kept } from '../kept.ts'
import { onceFindable } from './after-body.ts'
import type { Placed, PolicyContext, PolicyKind, Verdict } from './policy.ts'

/** What is checked against the users: name and password, or undefined for what is no such pair. */
interface Pair {
  readonly name: string
  readonly password: string
}

const BUSY: Answer = {
  status: 503,
  headers: ['content-type', 'text/plain', 'retry-after', '1'],
  body: 'processing failed: too many passwords wait to be checked',
  reason: 'BasicAuth',
}

/** User names and passwords. */
export const basicAuth: PolicyKind<'basicAuth'> = {
  name: 'basicAuth',
  compile([placed], context) {
    const { value, path } = placed
    const text = passwordFile(placed, context)
    const bcrypt = context.keep('bcrypt', null, () => new Bcrypt())
    const users = usersOf(text, bcrypt, [...path, 'htpasswd'])
    const location = value.authorizationLocation ?? authorizationHeader('Basic ')
    const place = compileLocation(location, [...path, 'authorizationLocation'], context.cel)
    context.hide(place)
    const asks = { place: place.named, isPair: true }
    const { named = {} } = place
    const isProxy = 'header' in named && named.header === 'proxy-authorization'
    const refused = (why: string): Answer => refusal(value, isProxy, why)
    const missing = refused('no basic authentication credentials found')
    const wrong = refused('invalid credentials')
    const admit = (exchange: Exchange, name: string): Verdict => {
      place.remove(exchange)
      exchange.caller = { ...exchange.caller, basicAuth: { username: name } }
      return undefined
    }
    const run = (exchange: Exchange): Verdict | Promise<Verdict> => {
      const encoded = place.find(exchange)
      if (encoded === undefined) return value.mode === 'strict' ? missing : undefined
      const pair = decode(encoded)
      if (pair === undefined) return wrong
      const { byName, decoy } = users(exchange)
      const check = byName.get(pair.name)
      const verdict = (fits: Comparison): Verdict => {
        if (fits === 'busy') return BUSY
        return fits && check !== undefined ? admit(exchange, pair.name) : wrong
      }
      const fits = (check ?? decoy)(pair.password)
      return typeof fits === 'boolean' ? verdict(fits) : fits.then(verdict)
    }
    const isGuard = value.mode === 'strict'
    return { name: 'basicAuth', path, isGuard, asks, run: onceFindable(place, context.maxBodyBytes, run) }
  },
}

/** Throws for users that cannot be used; those in a file are left out where no file is to be read. */
export function judgeUsers(value: BasicAuth, path: Path, readFile: ReadFile): void {
  if (readFile === undefined && !(value.htpasswd instanceof Secret)) return
  const text = passwordFile({ value, path }, { readFile: readFile ?? String })
  parseUsers(text, () => Promise.resolve(false), [...path, 'htpasswd'])
}

function parseUsers(text: string, bcrypt: BcryptCompare, path: Path): ReturnType<typeof parseHtpasswd> {
  try {
    return parseHtpasswd(text, bcrypt)
  } catch (error) {
    if (!(error instanceof HtpasswdProblem)) throw error
    throw invalid(path, error.message, error.hint)
  }
}

function passwordFile(
  { value, path }: Placed<'basicAuth'>,
  { readFile }: Pick<PolicyContext, 'readFile'>,
): string {
  if (value.htpasswd instanceof Secret) return value.htpasswd.reveal()
  try {
    return readFile(value.htpasswd.file)
  } catch (error) {
    throw unreadable([...path, 'htpasswd', 'file'], value.htpasswd.file, error)
  }
}

/** The users; those with bcrypt hashes are checked by the thread that the gateway keeps for it. */
function usersOf(text: string, bcrypt: Kept<Bcrypt>, path: Placed<'basicAuth'>['path']) {
  let thread: Bcrypt | undefined
  const compare: BcryptCompare = (password, hash) => thread?.compare(password, hash) ?? Promise.resolve(false)
  const users = parseUsers(text, compare, path)
  return (exchange: Exchange) => {
    thread = exchange.generation.state(bcrypt)
    return users
  }
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Undefined for what is not base64 to the letter, of UTF-8, with a colon in it. */
function decode(encoded: string): Pair | undefined {
  const bytes = Buffer.from(encoded, 'base64')
  if (!BASE64.test(encoded) || !isUtf8(bytes)) return undefined
  const text = bytes.toString()
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) }
}

function refusal({ realm }: BasicAuth, isProxy: boolean, why: string): Answer {
  const quoted = headerText(realm ?? 'Restricted').replace(/["\\]/g, '\\$&')
  const challenge = `Basic realm="${quoted}"`
  return {
    status: isProxy ? 407 : 401,
    headers: ['content-type', 'text/plain', isProxy ? 'proxy-authenticate' : 'www-authenticate', challenge],
    body: `basic authentication failure: ${why}`,
    reason: 'BasicAuth',
  }
}
