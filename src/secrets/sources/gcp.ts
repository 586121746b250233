import { at, call, pathOf, refused } from '../http.ts'
import { Secret } from '../secret.ts'
import type { Reference, SecretSource, SourceContext } from '../source.ts'
import { askForEach, authorityOf, type CloudAnswer, type Reached } from './cloud.ts'
import { strangeAnswer, textOf } from './decode.ts'
import { googleToken } from './gcp-token.ts'

/** Versions of secrets in Google Cloud Secret Manager, through its REST interface. */
export const gcpSource: SecretSource<'gcp'> = {
  kind: 'gcp',
  timeoutMs: 10_000,
  refreshMs: 5 * 60_000,
  describe: ({ project, secret }) => `gcp ${project === undefined ? '' : `${project}/`}${secret}`,
  async resolve(references, context) {
    const usual = 'https://secretmanager.googleapis.com'
    const reached = await authorityOf(context.connections.gcp, usual, context)
    const token = 'code' in reached ? reached : await googleToken(context)
    return askForEach(
      references,
      token,
      () => reached,
      (reference, at, bearer) => read(reference, at, bearer, context),
    )
  },
}

async function read(
  { where }: Reference<'gcp'>,
  { endpoint, ca }: Reached,
  token: Secret,
  { env, signal }: SourceContext,
): Promise<CloudAnswer> {
  const { secret, version = 'latest', project = env['GOOGLE_CLOUD_PROJECT'] } = where
  if (!project) {
    return {
      code: 'not-configured',
      message: 'nothing says in which project it is',
      hint: 'set GOOGLE_CLOUD_PROJECT, or write `project:` beside `secret:`',
    }
  }
  const path = pathOf('/v1/projects', project, 'secrets', secret, 'versions', String(version))
  const headers = { authorization: `Bearer ${token.reveal()}` }
  const answer = await call({ url: `${endpoint}${path}:access`, headers, ca, signal })
  if ('code' in answer) return answer
  if (answer.status === 404) return undefined
  // A version that was disabled or destroyed.
  if (answer.status === 400 && at(answer.json, 'error', 'status') === 'FAILED_PRECONDITION') {
    return {
      code: 'missing',
      message: 'this version is disabled or destroyed',
      hint: 'enable it, or name another version',
    }
  }
  if (answer.status !== 200) return refused(answer.status, 'Google Secret Manager')
  const data = at(answer.json, 'payload', 'data')
  // An empty value is left out of the answer.
  if (data === undefined && at(answer.json, 'payload') !== undefined) return new Secret('')
  return typeof data === 'string' ? textOf(data) : strangeAnswer('Google Secret Manager')
}
