import type { createLocalJWKSet, JSONWebKeySet, JWK, JWTVerifyOptions } from 'jose'
import { own } from '../../config/own.ts'
import type { Kept } from '../kept.ts'

/** Where key sets that were fetched are kept: the generation that serves the request. */
export interface KeyStates {
  state<T>(kept: Kept<T>): T
}

/** Who issues tokens, and what they must have. */
export interface TokenIssuer {
  readonly issuer: string
  /** Of which a token must name one; undefined: any or none. */
  readonly audiences: readonly string[] | undefined
  readonly requiredClaims: readonly string[]
  /** Where the keys are fetched from, as it is told; undefined where the config holds them. */
  readonly url: string | undefined
  /** A promise as long as they were never there; of undefined where they cannot be had. */
  keys(states: KeyStates): Promise<JSONWebKeySet | undefined> | JSONWebKeySet
  /** The same, asked for anew: the issuer may have a new key. Absent where the config holds them. */
  renewed?(states: KeyStates): Promise<JSONWebKeySet | undefined>
}

/** What is wrong with a token, in agentgateway's words; holds nothing of the token. */
export class TokenProblem extends Error {}

/** Never a secret shared with the issuer: whoever can read the keys could make tokens with it. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]

/** Clocks may differ by this much, in seconds; the same as in agentgateway. */
const CLOCK_TOLERANCE_S = 60

/** jose's code → the word of agentgateway's library. */
const WORDS: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'ExpiredSignature',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'InvalidSignature',
  ERR_JOSE_ALG_NOT_ALLOWED: 'InvalidAlgorithm',
  ERR_JOSE_NOT_SUPPORTED: 'InvalidAlgorithm',
  ERR_JWKS_NO_MATCHING_KEY: 'InvalidAlgorithm',
}
/** What is wrong with a claim that is there. */
const CLAIM_WORDS: Readonly<Record<string, string>> = {
  iss: 'InvalidIssuer',
  aud: 'InvalidAudience',
  nbf: 'ImmatureSignature',
}

type KeyOf = ReturnType<typeof createLocalJWKSet>

/** Checks tokens of one or several issuers. */
export class TokenVerifier {
  readonly #issuers: readonly TokenIssuer[]
  /** Keys in the form in which they are used, which takes its time to make. */
  readonly #usable = new WeakMap<JWK, KeyOf>()

  constructor(issuers: readonly TokenIssuer[]) {
    this.#issuers = issuers
  }

  /** Where keys are fetched from, for the issuers that do not have theirs in the config. */
  get urls(): string[] {
    return this.#issuers.flatMap(({ url }) => url ?? [])
  }

  /** The claims of a token that one of the issuers has made and that is still good. Throws {@link TokenProblem}. */
  async verify(token: string, states: KeyStates): Promise<Readonly<Record<string, unknown>>> {
    const jose = await import('jose')
    const kid = keyIdOf(token, jose.decodeProtectedHeader)
    const found = await this.#find(kid, states)
    if (found === undefined) throw new TokenProblem('token uses an unknown key')
    const { key, issuer } = found
    const usable = this.#usable.get(key) ?? jose.createLocalJWKSet({ keys: [publicPart(key)] })
    this.#usable.set(key, usable)
    try {
      return (await jose.jwtVerify(token, usable, optionsOf(issuer))).payload
    } catch (error) {
      throw new TokenProblem(`the token is invalid or malformed: Error(${wordFor(error)})`)
    }
  }

  /**
   * Looks through the sets that are here, in order, then through those that are on their way, and only when none has the key
   * through those that can be had anew. No issuer waits for another one, whose server may be away.
   */
  async #find(kid: string, states: KeyStates): Promise<Found | undefined> {
    const coming: Promise<Found | undefined>[] = []
    for (const issuer of this.#issuers) {
      const keys = issuer.keys(states)
      if (keys instanceof Promise) coming.push(keys.then(set => keyIn(set, kid, issuer)))
      const found = keys instanceof Promise ? undefined : keyIn(keys, kid, issuer)
      if (found !== undefined) return found
    }
    return (await firstOf(coming)) ?? firstOf(this.#issuers.map(issuer => renewedIn(issuer, kid, states)))
  }
}

interface Found {
  readonly key: JWK
  readonly issuer: TokenIssuer
}

/** Of several of one name the last, as in agentgateway; one for encryption signs no tokens. */
function keyIn(set: JSONWebKeySet | undefined, kid: string, issuer: TokenIssuer): Found | undefined {
  const key = set?.keys.findLast(one => one.kid === kid && one.use !== 'enc')
  return key && { key, issuer }
}

/** What agentgateway looks at: neither a private part nor what the key says it is for is in its way. */
function publicPart({ kid, kty, alg, crv, n, e, x, y }: JWK): JWK {
  const part = { kid, kty, n, e, crv, x, y, alg: ALGORITHMS.includes(alg ?? '') ? alg : undefined }
  return Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined)) as unknown as JWK
}

async function renewedIn(issuer: TokenIssuer, kid: string, states: KeyStates): Promise<Found | undefined> {
  return keyIn(await issuer.renewed?.(states), kid, issuer)
}

/** The first that comes and is there; undefined once all have come and none is. */
function firstOf<T>(all: readonly Promise<T | undefined>[]): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    let left = all.length
    if (left === 0) resolve(undefined)
    for (const one of all) {
      one.then(found => {
        left--
        if (found !== undefined || left === 0) resolve(found)
      }, reject)
    }
  })
}

function keyIdOf(token: string, decode: (token: string) => { readonly kid?: unknown }): string {
  let kid: unknown
  try {
    kid = decode(token).kid
  } catch {
    throw new TokenProblem('the token header is malformed: Error(InvalidToken)')
  }
  if (typeof kid === 'string') return kid
  throw new TokenProblem('the token header does not specify a `kid`')
}

function optionsOf({ issuer, audiences, requiredClaims }: TokenIssuer): JWTVerifyOptions {
  return {
    algorithms: ALGORITHMS,
    issuer,
    clockTolerance: CLOCK_TOLERANCE_S,
    requiredClaims: [...requiredClaims],
    ...(audiences !== undefined && audiences.length > 0 && { audience: [...audiences] }),
  }
}

function wordFor(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return 'InvalidToken'
  const code = String(error.code)
  if (code === 'ERR_JWT_CLAIM_VALIDATION_FAILED' && 'claim' in error) {
    const missing = `MissingRequiredClaim("${String(error.claim)}")`
    const isMissing = 'reason' in error && error.reason === 'missing'
    return isMissing ? missing : (own(CLAIM_WORDS, String(error.claim)) ?? missing)
  }
  return own(WORDS, code) ?? 'InvalidToken'
}
