import { type Answer, call } from '../http.ts'
import type { Secret } from '../secret.ts'
import type { SourceContext } from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import { authorityFrom } from './login-files.ts'

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
  const ca = await authorityFrom(vault.ca ?? env['VAULT_CACERT'], { configDir })
  if (typeof ca === 'object') return ca
  return {
    address,
    host: new URL(address).host,
    // Without it Vault may answer a request that a browser was tricked into.
    headers: { 'x-vault-request': 'true', ...(namespace && { 'x-vault-namespace': namespace }) },
    ca,
  }
}

/** Hands in a body, with a token where there is one. */
export function postVault(
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
