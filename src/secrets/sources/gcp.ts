import { type Answer, call, pathOf, refused } from '../http.ts'
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
import { askForEach, authorityOf, type CloudAnswer, type Reached } from './cloud.ts'
import { strangeAnswer, textOf } from './decode.ts'
import { googleToken } from './gcp-token.ts'

const ENDPOINT = 'https://secretmanager.googleapis.com'

/** Versions of secrets in Google Cloud Secret Manager, through its REST interface. */
export const gcpSource: SecretSource<'gcp'> = {
  kind: 'gcp',
  timeoutMs: 10_000,
  refreshMs: 5 * 60_000,
  describe: ({ project, secret }) => `gcp ${project === undefined ? '' : `${project}/`}${secret}`,
  async resolve(references, context) {
    const reached = await authorityOf(context.connections.gcp, ENDPOINT, context)
    const token = 'code' in reached ? reached : await googleToken(context)
    return askForEach(
      references,
      token,
      () => reached,
      (reference, at, bearer) => read(reference, at, bearer, context),
    )
  },
  storedAt: ({ where }, context) => ({
    whole: `gcp ${where.project ?? context.env['GOOGLE_CLOUD_PROJECT']}/${where.secret}`,
  }),
  async store(reference, value, context) {
    const { where } = reference
    requireNewest(where)
    const google = await logIn(context)
    const before = await read(reference, google, google.token, context)
    // A disabled version is no reason not to add another.
    if (before !== undefined && 'code' in before && before.code !== 'missing') throw problemError(before)
    if (before instanceof Secret && before.equals(value)) return { changed: false, files: [] }
    const project = required(projectOf(where, context))
    const secrets = pathOf('/v1/projects', project, 'secrets')
    const version = { payload: { data: Buffer.from(value.reveal(), 'utf8').toString('base64') } }
    const add = () => ask(google, `${pathOf(secrets, where.secret)}:addVersion`, context, version)
    let answer = required(await add())
    if (answer.status === 404) {
      const made = `${secrets}?secretId=${encodeURIComponent(where.secret)}`
      requireDone(required(await ask(google, made, context, { replication: { automatic: {} } })))
      answer = required(await add())
    }
    requireDone(answer)
    return { changed: true, files: [] }
  },
  /** Destroys the newest version: those before it are not read, and stay. */
  async remove({ where }, context) {
    requireNewest(where)
    const google = await logIn(context)
    const project = required(projectOf(where, context))
    const newest = pathOf('/v1/projects', project, 'secrets', where.secret, 'versions', 'latest')
    const found = required(await ask(google, newest, context))
    if (found.status === 404 || at(found.json, 'state') === 'DESTROYED') return { changed: false, files: [] }
    requireDone(found)
    const name = at(found.json, 'name')
    const path = typeof name === 'string' ? pathOf('/v1', name) : newest
    requireDone(required(await ask(google, `${path}:destroy`, context, {})))
    return { changed: true, files: [] }
  },
}

type Where = Reference<'gcp'>['where']

interface Google extends Reached {
  readonly token: Secret
}

async function logIn(context: SourceContext): Promise<Google> {
  const reached = required(await authorityOf(context.connections.gcp, ENDPOINT, context))
  const token = await googleToken(context)
  return { ...reached, token: required(token) }
}

function ask({ endpoint, ca, token }: Google, path: string, { signal }: SourceContext, body?: object) {
  return call({
    url: `${endpoint}${path}`,
    headers: {
      authorization: `Bearer ${token.reveal()}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { method: 'POST' as const, body: JSON.stringify(body) }),
    ca,
    signal,
  })
}

function projectOf({ project }: Where, { env }: SourceContext): string | SourceProblem {
  const found = project ?? env['GOOGLE_CLOUD_PROJECT']
  if (found) return found
  return {
    code: 'not-configured',
    message: 'nothing says in which project it is',
    hint: 'set GOOGLE_CLOUD_PROJECT, or write `project:` beside `secret:`',
  }
}

function requireNewest({ secret, version = 'latest' }: Where): void {
  if (version !== 'latest') throw pinned(`gcp ${secret}`, 'version')
}

function requireDone({ status }: Answer): void {
  if (status !== 200) throw problemError(refused(status, 'Google Secret Manager', 'write'))
}

async function read(
  { where }: Reference<'gcp'>,
  reached: Reached,
  token: Secret,
  context: SourceContext,
): Promise<CloudAnswer> {
  const { secret, version = 'latest' } = where
  const project = projectOf(where, context)
  if (typeof project !== 'string') return project
  const path = pathOf('/v1/projects', project, 'secrets', secret, 'versions', String(version))
  const answer = await ask({ ...reached, token }, `${path}:access`, context)
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
