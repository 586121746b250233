import { at, call, pathOf, refused } from '../http.ts'
import { Secret } from '../secret.ts'
import type { Reference, SecretSource, SourceContext, SourceProblem } from '../source.ts'
import { azureToken } from './azure-token.ts'
import { authorityOf, type Reached } from './cloud.ts'

const API_VERSION = '7.4'

/** Secrets in Azure Key Vault, through its REST interface. */
export const azureSource: SecretSource<'azure'> = {
  kind: 'azure',
  timeoutMs: 10_000,
  refreshMs: 5 * 60_000,
  describe: ({ vault, secret }) => `azure ${vault}/${secret}`,
  async resolve(references, context) {
    const found = new Map<Reference<'azure'>, Secret | SourceProblem>()
    const token = await azureToken(context)
    await Promise.all(
      references.map(async reference => {
        const usual = `https://${reference.where.vault}.vault.azure.net`
        const reached = await authorityOf(context.connections.azure, usual, context)
        const outcome =
          'code' in reached
            ? reached
            : token instanceof Secret
              ? await read(reference, reached, token, context)
              : token
        if (outcome !== undefined) found.set(reference, outcome)
      }),
    )
    return found
  },
}

async function read(
  { where }: Reference<'azure'>,
  { endpoint, ca }: Reached,
  token: Secret,
  { signal }: SourceContext,
): Promise<Secret | SourceProblem | undefined> {
  const { secret, version } = where
  const path = pathOf('/secrets', secret, ...(version === undefined ? [] : [version]))
  const headers = { authorization: `Bearer ${token.reveal()}` }
  const answer = await call({ url: `${endpoint}${path}?api-version=${API_VERSION}`, headers, ca, signal })
  if ('code' in answer) return answer
  if (answer.status === 404) return undefined
  if (answer.status !== 200) return refused(answer.status, `the vault ${where.vault}`)
  const value = at(answer.json, 'value')
  return typeof value === 'string' ? new Secret(value.replace(/\r?\n$/, '')) : undefined
}
