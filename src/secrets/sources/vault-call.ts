import { type Answer, call, refused } from '../http.ts'
import type { Secret } from '../secret.ts'
import type { SourceContext } from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import type { VaultSession } from './vault-session.ts'

/** One call of the HTTP interface, with the token of a login. */
export function askVault(
  { address, headers, ca }: VaultSession,
  token: Secret,
  path: string,
  { signal }: SourceContext,
  {
    method = 'GET',
    body,
  }: { readonly method?: 'GET' | 'POST' | 'DELETE'; readonly body?: object | undefined } = {},
): Promise<Answer | SourceProblem> {
  return call({
    url: address + path,
    method,
    headers: { ...headers, 'x-vault-token': token.reveal() },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ca,
    signal,
  })
}

/** The path of a secret as the interface has it: a slash at its start is one too many. */
export function apiPath(path: string): string {
  return path.replace(/^\/+/, '')
}

/** What a status says, other than success and not found. */
export function vaultProblem(
  { status }: Answer,
  { host }: VaultSession,
  what: 'read' | 'write' = 'read',
): SourceProblem {
  if (status === 503) {
    return {
      code: 'locked',
      message: `the Vault at ${host} is sealed or on standby (status 503)`,
      hint: 'unseal it, or wait until another node has taken over',
    }
  }
  // Vault answers 403 to a bad token and to a path the token may not read, be there something or not.
  return refused(status, `the Vault at ${host}`, what)
}
