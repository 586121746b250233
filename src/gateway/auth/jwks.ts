import { createPublicKey } from 'node:crypto'
import type { JSONWebKeySet, JWK } from 'jose'
import { addressTold } from '../../address-told.ts'
import { own } from '../../config/own.ts'
import { codeOf } from '../failures.ts'
import type { Note } from '../kept.ts'

/** Where the public keys of an issuer come from. */
export type JwksSource = { readonly keys: JSONWebKeySet } | { readonly url: string }

/**
 * How long a fetched set is used when the answer does not say, at least, and at most: a key that its issuer has withdrawn
 * must not stay good for ever. And how soon a failed fetch is tried again.
 */
const USUAL_MS = 15 * 60_000
const LEAST_MS = 60_000
const MOST_MS = 24 * 60 * 60_000
const RETRY_MS = 15_000
/** Between tries while the server of the keys is away for longer. */
const MOST_RETRY_MS = 5 * 60_000
/** What a server of keys may take to answer. */
const FETCH_MS = 10_000
const MOST_BYTES = 1024 * 1024

/** The text of a key set, or undefined when it is none. */
export function parseJwks(text: string): JSONWebKeySet | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed !== 'object' || parsed === null || !('keys' in parsed) || !Array.isArray(parsed.keys))
      return undefined
    const isKey = (key: unknown): boolean => typeof key === 'object' && key !== null
    return parsed.keys.every(isKey) ? (parsed as JSONWebKeySet) : undefined
  } catch {
    return undefined
  }
}

const CURVES: Readonly<Record<string, readonly string[]>> = {
  EC: ['P-256', 'P-384', 'P-521'],
  OKP: ['Ed25519'],
}

/** Of a kind that tokens are signed with, and whole. agentgateway takes a set with any other key in it for none. */
export function isPublicKey(key: JWK): boolean {
  const { kty = '', crv = '' } = key
  if (kty !== 'RSA' && own(CURVES, kty)?.includes(crv) !== true) return false
  try {
    createPublicKey({ key: { ...key }, format: 'jwk' })
    return true
  } catch {
    return false
  }
}

export interface RemoteJwksOptions {
  readonly fetch?: (url: string) => Promise<Response>
  /** Milliseconds, of any clock that does not go back. */
  readonly now?: () => number
}

/**
 * A key set that is fetched when it is first needed, or in the background once that was begun, and again when it is out of
 * date by its own `Cache-Control` or `Expires`. The old one serves on for as long as no newer one can be had.
 */
export class RemoteJwks {
  readonly #url: string
  readonly #fetch: (url: string) => Promise<Response>
  readonly #now: () => number
  #keys: JSONWebKeySet | undefined
  #freshUntil = Number.NEGATIVE_INFINITY
  #askedAt = Number.NEGATIVE_INFINITY
  #under: Promise<void> | undefined
  #failures = 0
  #note: Note | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(url: string, options: RemoteJwksOptions = {}) {
    this.#url = withoutLogin(url)
    this.#fetch = options.fetch ?? (target => fetch(target, { signal: AbortSignal.timeout(FETCH_MS) }))
    this.#now = options.now ?? (() => performance.now())
  }

  /** Fetches the set now, and in time from then on, so that no token has to wait for it. */
  follow(note: Note): void {
    const isFollowed = this.#note !== undefined
    this.#note = note
    if (!isFollowed) void this.#refreshOnce()
  }

  [Symbol.dispose](): void {
    this.#note = undefined
    clearTimeout(this.#timer)
  }

  /** Only those who come before the first set wait for it; undefined while there is none to be had. */
  keys(): JSONWebKeySet | Promise<JSONWebKeySet | undefined> {
    const refreshed = this.#now() >= this.#freshUntil ? this.#refreshOnce() : Promise.resolve()
    return this.#keys ?? refreshed.then(() => this.#keys)
  }

  /** Fetched anew, for a token whose key is not in the set; at most once a minute, as anybody can make such a token. */
  async renewed(): Promise<JSONWebKeySet | undefined> {
    if (this.#under !== undefined || this.#now() - this.#askedAt >= LEAST_MS) await this.#refreshOnce()
    return this.#keys
  }

  #refreshOnce(): Promise<void> {
    this.#under ??= this.#refresh().finally(() => {
      this.#under = undefined
    })
    return this.#under
  }

  async #refresh(): Promise<void> {
    this.#askedAt = this.#now()
    const lasts = await this.#fetchSet()
    this.#freshUntil = this.#now() + lasts
    if (this.#note === undefined) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#refreshOnce(), lasts).unref()
  }

  /** Milliseconds until it is to be tried again. */
  async #fetchSet(): Promise<number> {
    try {
      const answer = await this.#fetch(this.#url)
      const keys = parseJwks(await textOf(answer))
      if (keys === undefined) return this.#failed(answer.ok ? 'no key set' : `HTTP ${answer.status}`)
      this.#keys = keys
      this.#failures = 0
      return Math.min(MOST_MS, Math.max(LEAST_MS, lifetime(answer.headers)))
    } catch (error) {
      return this.#failed(codeOf(error instanceof Error ? (error.cause ?? error) : error))
    }
  }

  #failed(why: string): number {
    const serves = this.#keys === undefined ? 'tokens are refused until then' : 'the keys it has serve on'
    if (this.#failures === 0)
      this.#note?.(`the keys at ${addressTold(this.#url)} could not be fetched (${why}): ${serves}`)
    return Math.min(MOST_RETRY_MS, RETRY_MS * 2 ** this.#failures++)
  }
}

/** A name and a password go nowhere, as in agentgateway; `fetch` takes no address that has them. */
function withoutLogin(url: string): string {
  return Object.assign(new URL(url), { username: '', password: '' }).href
}

/** The body of a good answer; nothing in place of any other. No more is read than a key set may have. */
async function textOf({ ok, body }: Response): Promise<string> {
  if (body === null) return ''
  const parts: Uint8Array[] = []
  let left = ok ? MOST_BYTES : 0
  const reader = body.getReader()
  while (left > 0) {
    const { value } = await reader.read()
    if (value === undefined) return Buffer.concat(parts).toString('utf8')
    left -= value.length
    parts.push(value)
  }
  await reader.cancel()
  return ''
}

/** Milliseconds that an answer says it may be kept. */
function lifetime(headers: Headers): number {
  const age = /(?:^|[,\s])max-age=(\d+)/i.exec(headers.get('cache-control') ?? '')?.[1]
  if (age !== undefined) return Number(age) * 1000
  const expires = Date.parse(headers.get('expires') ?? '')
  return Number.isNaN(expires) ? USUAL_MS : expires - Date.now()
}
