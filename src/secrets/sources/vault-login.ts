import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { VaultLogin } from '../../config/agw/connections.ts'
import { at, call, pathOf, refused } from '../http.ts'
import { readSecretFile, readTextFile } from '../read.ts'
import { Secret } from '../secret.ts'
import type { SourceContext, SourceProblem } from '../source.ts'
import { fileProblem } from './file-problem.ts'

/** Where the projected token of a pod's service account lies. */
export const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token'

const MAX_CA_BYTES = 256 * 1024

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

/** A token: VAULT_TOKEN, else the login of agw.yaml, else what `vault login` left in ~/.vault-token. */
export async function logIn(session: VaultSession, context: SourceContext): Promise<Secret | SourceProblem> {
  const { env, configDir, connections } = context
  const given = env['VAULT_TOKEN']
  if (given) return new Secret(given, 'VAULT_TOKEN')
  const login = connections.vault?.login
  if (login === undefined) {
    const file = join(env['HOME'] ?? homedir(), '.vault-token')
    const read = await readSecretFile(file)
    return read.ok ? read.secret : noLogin()
  }
  if (login.token !== undefined) return fromFile(resolve(configDir, login.token.file))
  const request = await loginRequest(login, context)
  if ('code' in request) return request
  const { mount, body } = request
  const answer = await call({
    url: `${session.address}/v1/auth/${pathOf(mount)}/login`,
    method: 'POST',
    headers: { ...session.headers, 'content-type': 'application/json' },
    body: body.reveal(),
    ca: session.ca,
    signal: context.signal,
  })
  if ('code' in answer) return answer
  const token = at(answer.json, 'auth', 'client_token')
  if (answer.status === 200 && typeof token === 'string') return new Secret(token, 'vault token')
  if (answer.status !== 400) return refused(answer.status, `the Vault at ${session.host}, asked for a login,`)
  return {
    code: 'denied',
    message: `the Vault at ${session.host} does not accept the login (status 400)`,
    hint: 'check the role, the mount and what it is given under sources.vault.login',
  }
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
