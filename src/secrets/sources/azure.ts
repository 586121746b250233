import { type Answer, type Call, call, pathOf, refused } from '../http.ts'
import { at } from '../json.ts'
import { Secret } from '../secret.ts'
import {
  pinned,
  problemError,
  type Reference,
  required,
  type SecretSource,
  type SourceContext,
} from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
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
  // Names of Key Vault are the same in capitals.
  storedAt: ({ where: { vault, secret } }) => ({ whole: `azure ${vault}/${secret}`.toLowerCase() }),
  async store({ where }, value, context) {
    if (where.version !== undefined) throw pinned(`azure ${where.secret}`, 'version')
    const azure = await logIn(where, context)
    const found = required(await ask(azure, where, context))
    if (found.status !== 404) requireDone(found, where)
    if (at(found.json, 'value') === value.reveal()) return { changed: false, files: [] }
    // A new version has of the one before only what it is given.
    const [contentType, tags] = [at(found.json, 'contentType'), at(found.json, 'tags')]
    const body = { value: value.reveal(), contentType, tags }
    const answer = required(await ask(azure, where, context, { method: 'PUT', body: JSON.stringify(body) }))
    if (answer.status === 409) throw problemError(deletedBefore(where))
    requireDone(answer, where)
    return { changed: true, files: [] }
  },
  /** Key Vault keeps what is deleted for a while, to be recovered or purged there. */
  async remove({ where }, context) {
    if (where.version !== undefined) throw pinned(`azure ${where.secret}`, 'version')
    const answer = required(await ask(await logIn(where, context), where, context, { method: 'DELETE' }))
    if (answer.status === 404) return { changed: false, files: [] }
    requireDone(answer, where)
    return { changed: true, files: [] }
  },
}

type Where = Reference<'azure'>['where']

interface Azure extends Reached {
  readonly token: Secret
}

async function logIn({ vault }: Where, context: SourceContext): Promise<Azure> {
  const usual = `https://${vault}.vault.azure.net`
  const reached = required(await authorityOf(context.connections.azure, usual, context))
  return { ...reached, token: required(await azureToken(context)) }
}

function ask(
  { endpoint, ca, token }: Azure,
  { secret, version }: Where,
  { signal }: SourceContext,
  change: Pick<Call, 'method' | 'body'> = {},
) {
  const path = pathOf('/secrets', secret, ...(version === undefined ? [] : [version]))
  const headers = {
    authorization: `Bearer ${token.reveal()}`,
    ...(change.body !== undefined && { 'content-type': 'application/json' }),
  }
  return call({ ...change, url: `${endpoint}${path}?api-version=${API_VERSION}`, headers, ca, signal })
}

function requireDone({ status }: Answer, { vault }: Where): void {
  if (status !== 200) throw problemError(refused(status, `the vault ${vault}`, 'write'))
}

function deletedBefore({ secret }: Where): SourceProblem {
  return {
    code: 'denied',
    message: `a secret ${secret} was deleted there and is still kept (status 409)`,
    hint: 'recover or purge it first (`az keyvault secret recover`, `az keyvault secret purge`)',
  }
}

async function read(
  { where }: Reference<'azure'>,
  reached: Reached,
  token: Secret,
  context: SourceContext,
): Promise<CloudAnswer> {
  const answer = await ask({ ...reached, token }, where, context)
  if ('code' in answer) return answer
  if (answer.status === 404) return undefined
  if (answer.status !== 200) return refused(answer.status, `the vault ${where.vault}`)
  const value = at(answer.json, 'value')
  return typeof value === 'string' ? new Secret(value) : strangeAnswer(`the vault ${where.vault}`)
}
