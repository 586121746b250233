import { type Answer, call, refused } from '../http.ts'
import { at } from '../json.ts'
import type { Login } from '../logins.ts'
import { Secret } from '../secret.ts'
import type { SourceContext } from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import { postVault, type VaultSession } from './vault-session.ts'

/** How long Vault has to renew a token. Milliseconds. */
const RENEWAL_MS = 10_000

/** A token of Vault. */
export interface TokenLogin extends Login {
  readonly token: Secret
}

/** What a login and a renewal answer with. */
export function loginFrom({ json }: Answer, session: VaultSession): TokenLogin | undefined {
  const token = at(json, 'auth', 'client_token')
  if (typeof token !== 'string') return undefined
  return lasting(new Secret(token, 'vault token'), at(json, 'auth'), session, 'lease_duration')
}

/** What Vault says of a token; one that may not even ask that is used as it is. */
export async function looked(
  session: VaultSession,
  token: Secret,
  context: SourceContext,
): Promise<TokenLogin | SourceProblem> {
  const answer = await lookUp(session, token, context)
  if ('code' in answer) return answer
  return answer.status === 200 ? lasting(token, at(answer.json, 'data'), session, 'ttl') : { token }
}

/** Asks Vault for the token it is asked with. */
export function lookUp(
  session: VaultSession,
  token: Secret,
  { signal }: SourceContext,
): Promise<Answer | SourceProblem> {
  const headers = { ...session.headers, 'x-vault-token': token.reveal() }
  return call({ url: `${session.address}/v1/auth/token/lookup-self`, headers, ca: session.ca, signal })
}

/** Zero seconds stand for a token that does not end. */
function lasting(
  token: Secret,
  about: unknown,
  session: VaultSession,
  word: 'ttl' | 'lease_duration',
): TokenLogin {
  const seconds = at(about, word)
  if (typeof seconds !== 'number' || seconds <= 0) return { token }
  const goodForMs = seconds * 1000
  if (at(about, 'renewable') !== true) return { token, goodForMs }
  return { token, goodForMs, renew: signal => renewed(session, token, signal) }
}

async function renewed(
  session: VaultSession,
  token: Secret,
  signal: AbortSignal,
): Promise<TokenLogin | SourceProblem> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(RENEWAL_MS)])
  const answer = await postVault(session, '/v1/auth/token/renew-self', new Secret('{}'), within, token)
  if ('code' in answer) return answer
  const login = answer.status === 200 ? loginFrom(answer, session) : undefined
  return login ?? refused(answer.status, `the Vault at ${session.host}, asked to renew the token,`)
}
