import { type Answer, call, pathOf, refused } from '../http.ts'
import { at } from '../json.ts'
import { Secret } from '../secret.ts'
import type { SourceContext } from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import { loginFromFile } from './login-files.ts'

const RESOURCE = 'https://vault.azure.net'

/**
 * A token for Key Vault: of a service principal (AZURE_TENANT_ID and AZURE_CLIENT_ID with AZURE_CLIENT_SECRET, or with
 * AZURE_FEDERATED_TOKEN_FILE as workload identity sets it), else of the machine's managed identity.
 */
export async function azureToken(context: SourceContext): Promise<Secret | SourceProblem> {
  const { env } = context
  const [tenant, client] = [env['AZURE_TENANT_ID'], env['AZURE_CLIENT_ID']]
  const [secret, file] = [env['AZURE_CLIENT_SECRET'], env['AZURE_FEDERATED_TOKEN_FILE']]
  if (!tenant || !client || !(secret || file)) return await managed(context)
  const federated = secret ? undefined : await loginFromFile(file ?? '')
  if (federated !== undefined && 'code' in federated) return federated
  const proof = federated === undefined ? { client_secret: secret ?? '' } : assertion(federated)
  const authority = (env['AZURE_AUTHORITY_HOST'] || 'https://login.microsoftonline.com').replace(/\/+$/, '')
  const fields = {
    grant_type: 'client_credentials',
    client_id: client,
    scope: `${RESOURCE}/.default`,
    ...proof,
  }
  return tokenFrom(
    await call({
      url: `${authority}/${pathOf(tenant)}/oauth2/v2.0/token`,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields).toString(),
      signal: context.signal,
    }),
  )
}

function assertion(token: Secret): Readonly<Record<string, string>> {
  const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
  return { client_assertion_type: type, client_assertion: token.reveal() }
}

/** The machine's own identity: an address of App Service and Functions, or that of every virtual machine. */
async function managed({ env, signal }: SourceContext): Promise<Secret | SourceProblem> {
  const { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: header, AZURE_CLIENT_ID: client } = env
  const own = endpoint !== undefined && header !== undefined
  const query = new URLSearchParams({
    resource: RESOURCE,
    'api-version': own ? '2019-08-01' : '2018-02-01',
    ...(client && { client_id: client }),
  })
  const url = own ? endpoint : 'http://169.254.169.254/metadata/identity/oauth2/token'
  const headers = own ? { 'x-identity-header': header } : { metadata: 'true' }
  const answer = await call({ url: `${url}?${query}`, headers, signal }, true)
  if ('code' in answer && answer.code === 'unreachable') return noLogin()
  return tokenFrom(answer)
}

function tokenFrom(answer: Answer | SourceProblem): Secret | SourceProblem {
  if ('code' in answer) return answer
  const token = at(answer.json, 'access_token')
  if (answer.status === 200 && typeof token === 'string') return new Secret(token, 'azure token')
  return answer.status === 400 ? noLogin() : refused(answer.status, 'Azure, asked for a login,')
}

function noLogin(): SourceProblem {
  return {
    code: 'not-configured',
    message: 'there is no login for Azure that is accepted',
    hint: 'set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or give the machine a managed identity',
  }
}
