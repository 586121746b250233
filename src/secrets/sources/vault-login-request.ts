import { resolve } from 'node:path'
import type { VaultLogin } from '../../config/agw/connections.ts'
import { Secret } from '../secret.ts'
import type { SourceContext } from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import { loginFromFile } from './login-files.ts'

/** Where the projected token of a pod's service account lies. */
const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token'

/** What a login sends, and to which mount: a role and what proves it, read anew for each login. */
export async function loginRequest(
  login: VaultLogin,
  { configDir }: SourceContext,
): Promise<{ mount: string; body: Secret } | SourceProblem> {
  if (login.approle !== undefined) {
    const { roleId, secretIdFile, mount = 'approle' } = login.approle
    const id = await loginFromFile(resolve(configDir, secretIdFile))
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
  const jwt = await loginFromFile(resolve(configDir, tokenFile))
  return jwt instanceof Secret ? { mount, body: bodyOf({ role, jwt: jwt.reveal() }) } : jwt
}

function bodyOf(fields: Readonly<Record<string, string>>): Secret {
  return new Secret(JSON.stringify(fields), 'login')
}
