import { addressTold } from '../../address-told.ts'
import type { Path } from '../../config/diagnostic.ts'
import type { JwtAuth } from '../../config/schema.ts'
import { isPublicKey, parseJwks, RemoteJwks } from '../auth/jwks.ts'
import { compileLocation } from '../auth/location.ts'
import { authorizationHeader } from '../auth/named-place.ts'
import { type TokenIssuer, TokenProblem, TokenVerifier } from '../auth/tokens.ts'
import type { Caller } from '../cel/context.ts'
import { celValue, Redacted } from '../cel/values.ts'
import { invalid, unreadable } from '../compile/invalid.ts'
import type { ReadFile } from '../compile/unusable.ts'
import type { Exchange } from '../exchange.ts'
import type { Failure } from '../failures.ts'
import { onceFindable } from './after-body.ts'
import type { PolicyContext, PolicyKind, Verdict } from './policy.ts'

type WrittenIssuer = Extract<JwtAuth, { issuer: string }>

/** JSON Web Tokens of one issuer or of several. */
export const jwtAuth: PolicyKind<'jwtAuth'> = {
  name: 'jwtAuth',
  compile([{ value, path }], context) {
    const issuers =
      'providers' in value
        ? value.providers.map((one, index) => compileIssuer(one, [...path, 'providers', index], context))
        : [compileIssuer(value, path, context)]
    const verifier = new TokenVerifier(issuers)
    const location = value.location ?? authorizationHeader('Bearer ')
    const place = compileLocation(location, [...path, 'location'], context.cel)
    context.hide(place)
    const asks = { place: place.named, isPair: false }
    const { mode = 'optional' } = value
    const missing = refused('no bearer token found')
    const run = (exchange: Exchange): Verdict | Promise<Verdict> => {
      const token = place.find(exchange)
      if (token === undefined) return mode === 'strict' ? missing : undefined
      const admit = (claims: Readonly<Record<string, unknown>>): undefined => {
        place.remove(exchange)
        exchange.caller = { ...exchange.caller, jwt: callerOf(claims, token) }
      }
      const turnAway = (error: unknown): Failure | undefined => {
        if (!(error instanceof TokenProblem)) throw error
        return mode === 'permissive' ? undefined : refused(error.message)
      }
      return verifier.verify(token, exchange.generation).then(admit, turnAway)
    }
    return {
      name: 'jwtAuth',
      isGuard: mode === 'strict',
      path,
      asks,
      needs: exchange =>
        verifier.urls.length === 0 || place.find(exchange) === undefined
          ? undefined
          : `the keys at ${verifier.urls.join(' and ')}`,
      run: onceFindable(place, context.maxBodyBytes, run),
    }
  },
}

function callerOf(claims: Readonly<Record<string, unknown>>, token: string): NonNullable<Caller['jwt']> {
  return { ...(celValue(claims) as Record<string, unknown>), rawToken: new Redacted(token) }
}

function refused(why: string): Failure {
  return { status: 401, body: `authentication failure: ${why}`, reason: 'JwtAuth' }
}

type Issuer = Pick<WrittenIssuer, 'issuer' | 'audiences' | 'jwks' | 'jwtValidationOptions'>

function compileIssuer(written: Issuer, path: Path, context: PolicyContext): TokenIssuer {
  const { issuer, audiences, jwks, jwtValidationOptions } = written
  const common = {
    issuer,
    audiences: audiences ?? undefined,
    requiredClaims: jwtValidationOptions?.requiredClaims ?? ['exp'],
  }
  if (typeof jwks === 'object' && 'url' in jwks) {
    const { url } = jwks
    const kept = context.keep(
      'jwks',
      url,
      () => new RemoteJwks(url),
      (keys, note) => keys.follow(note),
    )
    return {
      ...common,
      url: addressTold(url),
      keys: states => states.state(kept).keys(),
      renewed: states => states.state(kept).renewed(),
    }
  }
  const keys = keySet(typeof jwks === 'string' ? jwks : readKeys(jwks.file, path, context), path)
  return { ...common, url: undefined, keys: () => keys }
}

/** Throws for key sets that cannot be used; those in a file are left out where no file is to be read. */
export function judgeKeySets(value: JwtAuth, path: Path, readFile: ReadFile): void {
  const issuers: (readonly [Issuer, Path])[] =
    'providers' in value
      ? value.providers.map((one, index) => [one, [...path, 'providers', index]] as const)
      : [[value, path]]
  for (const [{ jwks }, at] of issuers) {
    if (typeof jwks === 'string') keySet(jwks, at)
    else if ('file' in jwks && readFile !== undefined) keySet(readKeys(jwks.file, at, { readFile }), at)
  }
}

function keySet(text: string, path: Path): NonNullable<ReturnType<typeof parseJwks>> {
  const keys = parseJwks(text)
  if (keys === undefined) {
    throw invalid([...path, 'jwks'], 'this is no key set', 'write {"keys": […]}, as the issuer publishes it')
  }
  if (keys.keys.some(key => typeof key.kid !== 'string')) {
    throw invalid([...path, 'jwks'], 'a key of the set has no "kid"', 'tokens name their key by it: add one')
  }
  const unfit = keys.keys.findIndex(key => !isPublicKey(key))
  if (unfit >= 0) {
    throw invalid(
      [...path, 'jwks'],
      `key ${unfit + 1} of the set is no public key that tokens can be checked with`,
      'take RSA, EC (P-256, P-384, P-521) or Ed25519 keys, and no secret that is shared with the issuer (HS256)',
    )
  }
  return keys
}

function readKeys(file: string, path: Path, { readFile }: Pick<PolicyContext, 'readFile'>): string {
  try {
    return readFile(file)
  } catch (error) {
    throw unreadable([...path, 'jwks', 'file'], file, error)
  }
}
