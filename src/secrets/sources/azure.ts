import { at, call, pathOf, refused } from '../http.ts'
import { Secret } from '../secret.ts'
import type { Reference, SecretSource, SourceContext } from '../source.ts'
import { azureToken } from './azure-token.ts'
import { askForEach, authorityOf, type CloudAnswer, type Reached } from './cloud.ts'
import { strangeAnswer } from './decode.ts'

const API_VERSION = '7.4'

/** Secrets in Azure Key Vault, through its REST interface. */
export const azureSource: SecretSource<'azure'> = {
  kind: 'azure',
  timeoutMs: 10_000,
  refreshMs: 5 * 60_000,
  describe: ({ vault, secret }) => `azure ${vault}/${secret}`,
  async resolve(references, context) {
    const reach = ({ where }: Reference<'azure'>) =>
      authorityOf(context.connections.azure, `https://${where.vault}.vault.azure.net`, context)
    return askForEach(references, await azureToken(context), reach, (reference, reached, token) =>
      read(reference, reached, token, context),
    )
  },
}

async function read(
  { where }: Reference<'azure'>,
  { endpoint, ca }: Reached,
  token: Secret,
  { signal }: SourceContext,
): Promise<CloudAnswer> {
  const { secret, version } = where
  const path = pathOf('/secrets', secret, ...(version === undefined ? [] : [version]))
  const headers = { authorization: `Bearer ${token.reveal()}` }
  const answer = await call({ url: `${endpoint}${path}?api-version=${API_VERSION}`, headers, ca, signal })
  if ('code' in answer) return answer
  if (answer.status === 404) return undefined
  if (answer.status !== 200) return refused(answer.status, `the vault ${where.vault}`)
  const value = at(answer.json, 'value')
  return typeof value === 'string' ? new Secret(value) : strangeAnswer(`the vault ${where.vault}`)
}
