import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { VaultLogin } from '../../config/agw/connections.ts'
import { type Answer, at, call, pathOf, refused } from '../http.ts'
import type { Login } from '../logins.ts'
import { readSecretFile, readTextFile } from '../read.ts'
import { Secret } from '../secret.ts'
import type { SourceContext, SourceProblem } from '../source.ts'
import { fileProblem } from './file-problem.ts'

/** Where the projected token of a pod's service account lies. */
export const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token'

const MAX_CA_BYTES = 256 * 1024
/** How long Vault has to renew a token. Milliseconds. */
const RENEWAL_MS = 10_000

/** A Vault to be asked. */
export interface VaultSession {
  /** Without a slash at its end. */
  readonly address: string
  readonly host: string
  readonly headers: Readonly<Record<string, string>>
  readonly ca: string | undefined
}

/** What agw.yaml and the environment say of the server; VAULT_ADDR and its like, as the vault program has them. */
export async function vaultSession({
  env,
  configDir,
  connections,
}: SourceContext): Promise<VaultSession | SourceProblem> {
  const { vault = {} } = connections
  const address = (vault.address ?? env['VAULT_ADDR'] ?? '').replace(/\/+$/, '')
  if (!URL.canParse(address)) {
    return {
      code: 'not-configured',
      message: 'nothing says where Vault is',
      hint: 'set VAULT_ADDR, or write sources: { vault: { address: https://… } } into agw.yaml',
    }
  }
  const namespace = vault.namespace ?? env['VAULT_NAMESPACE']
  const file = vault.ca ?? env['VAULT_CACERT']
  const ca = file ? await readTextFile(resolve(configDir, file), MAX_CA_BYTES) : undefined
  if (ca !== undefined && !ca.ok) return fileProblem(ca.problem)
  return {
    address,
    host: new URL(address).host,
    // Without it Vault may answer a request that a browser was tricked into.
    headers: { 'x-vault-request': 'true', ...(namespace && { 'x-vault-namespace': namespace }) },
    ca: ca?.text,
  }
}

/** A token of Vault. */
interface TokenLogin extends Login {
  readonly token: Secret
}

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
  const make = (): Promise<TokenLogin | SourceProblem> =>
    given === undefined
      ? loginByRequest(session, context)
      : logins === undefined
        ? Promise.resolve({ token: given })
        : looked(session, given, context)
  if (logins === undefined) {
    const made = await make()
    return 'code' in made ? made : { ...made, isOld: false, forget: () => undefined }
  }
  const { address, headers, ca } = session
  const known = given === undefined ? '' : createHash('sha256').update(given.reveal()).digest('hex')
  const key = JSON.stringify(['vault', address, headers, ca, connections.vault?.login, configDir, known])
  const { login, isNew } = await logins.get(key, make)
  if ('code' in login) return login
  return { ...login, isOld: !isNew && given === undefined, forget: () => logins.forget(key) }
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
  return login.token === undefined ? undefined : fromFile(resolve(configDir, login.token.file))
}

async function loginByRequest(
  session: VaultSession,
  context: SourceContext,
): Promise<TokenLogin | SourceProblem> {
  const request = await loginRequest(context.connections.vault?.login ?? {}, context)
  if ('code' in request) return request
  const { mount, body } = request
  const answer = await post(session, `/v1/auth/${pathOf(mount)}/login`, body, context.signal)
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

/** What a login and a renewal answer with. */
function loginFrom({ json }: Answer, session: VaultSession): TokenLogin | undefined {
  const token = at(json, 'auth', 'client_token')
  if (typeof token !== 'string') return undefined
  return lasting(new Secret(token, 'vault token'), at(json, 'auth'), session, 'lease_duration')
}

/** What Vault says of a token; one that may not even ask that is used as it is. */
async function looked(
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
  const answer = await post(session, '/v1/auth/token/renew-self', new Secret('{}'), within, token)
  if ('code' in answer) return answer
  const login = answer.status === 200 ? loginFrom(answer, session) : undefined
  return login ?? refused(answer.status, `the Vault at ${session.host}, asked to renew the token,`)
}

function post(
  session: VaultSession,
  path: string,
  body: Secret,
  signal: AbortSignal | undefined,
  token?: Secret,
): Promise<Answer | SourceProblem> {
  const login = token === undefined ? {} : { 'x-vault-token': token.reveal() }
  return call({
    url: session.address + path,
    method: 'POST',
    headers: { ...session.headers, ...login, 'content-type': 'application/json' },
    body: body.reveal(),
    ca: session.ca,
    signal,
  })
}

async function loginRequest(
  login: VaultLogin,
  { configDir }: SourceContext,
): Promise<{ mount: string; body: Secret } | SourceProblem> {
  if (login.approle !== undefined) {
    const { roleId, secretIdFile, mount = 'approle' } = login.approle
    const id = await fromFile(resolve(configDir, secretIdFile))
    if (!(id instanceof Secret)) return id
    return { mount, body: bodyOf({ role_id: roleId, secret_id: id.reveal() }) }
  }
  const pod = login.kubernetes
  const { role, mount, tokenFile } =
    pod !== undefined
      ? {
          role: pod.role,
          mount: pod.mount ?? 'kubernetes',
          tokenFile: pod.tokenFile ?? SERVICE_ACCOUNT_TOKEN,
        }
      : {
          role: login.jwt?.role ?? '',
          mount: login.jwt?.mount ?? 'jwt',
          tokenFile: login.jwt?.tokenFile ?? '',
        }
  // Such tokens are replaced every hour: it is read anew for each login.
  const jwt = await fromFile(resolve(configDir, tokenFile))
  return jwt instanceof Secret ? { mount, body: bodyOf({ role, jwt: jwt.reveal() }) } : jwt
}

function bodyOf(fields: Readonly<Record<string, string>>): Secret {
  return new Secret(JSON.stringify(fields), 'login')
}

async function fromFile(file: string): Promise<Secret | SourceProblem> {
  const read = await readSecretFile(file)
  return read.ok ? read.secret : { ...fileProblem(read.problem), code: 'not-configured' }
}

function noLogin(): SourceProblem {
  return {
    code: 'not-configured',
    message: 'there is no login for Vault',
    hint: 'set VAULT_TOKEN, run `vault login`, or write sources: { vault: { login: … } } into agw.yaml',
  }
}
