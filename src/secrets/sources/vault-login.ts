import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathOf, refused } from '../http.ts'
import { readSecretFile } from '../read.ts'
import { Secret } from '../secret.ts'
import type { SourceContext } from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import { loginFromFile } from './login-files.ts'
import { loginRequest } from './vault-login-request.ts'
import { postVault, type VaultSession } from './vault-session.ts'
import { loginFrom, looked, type TokenLogin } from './vault-token.ts'

/** A login at Vault, and whether it may have ended since it was made. */
export interface VaultLoggedIn extends TokenLogin {
  /** It is of an earlier batch: another one may be had. */
  readonly isOld: boolean
  /** Gives it up: the next batch logs in anew. */
  forget(): void
}

/**
 * A token: VAULT_TOKEN, else the login of agw.yaml, else what `vault login` left in ~/.vault-token. A gateway that runs
 * keeps it between batches, and renews it where Vault allows that.
 */
export async function logIn(
  session: VaultSession,
  context: SourceContext,
): Promise<VaultLoggedIn | SourceProblem> {
  const { logins, connections, configDir } = context
  const given = await givenToken(context)
  if (given !== undefined && !(given instanceof Secret)) return given
  if (logins === undefined) {
    const made = given === undefined ? await loginByRequest(session, context) : { token: given }
    return 'code' in made ? made : { ...made, isOld: false, forget: () => undefined }
  }
  const make = (signal: AbortSignal): Promise<TokenLogin | SourceProblem> =>
    given === undefined
      ? loginByRequest(session, { ...context, signal })
      : looked(session, given, { ...context, signal })
  const { address, headers, ca } = session
  const known = given === undefined ? '' : createHash('sha256').update(given.reveal()).digest('hex')
  const key = JSON.stringify(['vault', address, headers, ca, connections.vault?.login, configDir, known])
  const { login, isNew } = await logins.get(key, make, context.signal)
  if ('code' in login) return login
  return { ...login, isOld: !isNew && given === undefined, forget: () => logins.forget(key, login) }
}

/** A token that is there already; undefined where agw.yaml says how to log in. */
async function givenToken({
  env,
  configDir,
  connections,
}: SourceContext): Promise<Secret | SourceProblem | undefined> {
  const inEnvironment = env['VAULT_TOKEN']
  if (inEnvironment) return new Secret(inEnvironment, 'VAULT_TOKEN')
  const login = connections.vault?.login
  if (login === undefined) {
    const read = await readSecretFile(join(env['HOME'] ?? homedir(), '.vault-token'))
    return read.ok ? read.secret : noLogin()
  }
  return login.token === undefined ? undefined : loginFromFile(resolve(configDir, login.token.file))
}

async function loginByRequest(
  session: VaultSession,
  context: SourceContext,
): Promise<TokenLogin | SourceProblem> {
  const request = await loginRequest(context.connections.vault?.login ?? {}, context)
  if ('code' in request) return request
  const { mount, body } = request
  const answer = await postVault(session, `/v1/auth/${pathOf(mount)}/login`, body, context.signal)
  if ('code' in answer) return answer
  const login = answer.status === 200 ? loginFrom(answer, session) : undefined
  if (login !== undefined) return login
  if (answer.status !== 400) return refused(answer.status, `the Vault at ${session.host}, asked for a login,`)
  return {
    code: 'denied',
    message: `the Vault at ${session.host} does not accept the login (status 400)`,
    hint: 'check the role, the mount and what it is given under sources.vault.login',
  }
}

function noLogin(): SourceProblem {
  return {
    code: 'not-configured',
    message: 'there is no login for Vault',
    hint: 'set VAULT_TOKEN, run `vault login`, or write sources: { vault: { login: … } } into agw.yaml',
  }
}
