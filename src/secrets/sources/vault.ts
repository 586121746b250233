import { type Answer, at, call, pathOf, refused } from '../http.ts'
import { Secret } from '../secret.ts'
import type { Reference, SecretSource, SourceContext, SourceProblem } from '../source.ts'
import { logIn, type VaultSession, vaultSession } from './vault-login.ts'

type Path = Pick<Reference<'vault'>['where'], 'path' | 'version'>

/**
 * Fields of secrets in the KV engine, version 1 or 2, of HashiCorp Vault or OpenBao. The path is that of the API, as in
 * `secret/data/llm` for version 2. A secret that several variables use is read once.
 */
export const vaultSource: SecretSource<'vault'> = {
  kind: 'vault',
  timeoutMs: 10_000,
  refreshMs: 5 * 60_000,
  describe: ({ path, field }) => `vault ${path} ${field}`,
  async resolve(references, context) {
    const found = new Map<Reference<'vault'>, Secret | SourceProblem>()
    const session = await vaultSession(context)
    const token = 'code' in session ? session : await logIn(session, context)
    const reads = new Map<string, Promise<Fields | SourceProblem | undefined>>()
    for (const reference of references) {
      if ('code' in session) found.set(reference, session)
      else if (!(token instanceof Secret)) found.set(reference, token)
      else {
        const key = `${reference.where.path} ${reference.where.version ?? ''}`
        const reading = reads.get(key) ?? read(session, token, reference.where, context)
        reads.set(key, reading)
        const value = await reading
        const outcome = value === undefined || 'code' in value ? value : value.field(reference.where.field)
        if (outcome !== undefined) found.set(reference, outcome)
      }
    }
    return found
  },
  async probe(context) {
    const session = await vaultSession(context)
    if ('code' in session) return { ok: false, detail: session.message, hint: session.hint }
    const token = await logIn(session, context)
    if (!(token instanceof Secret)) return { ok: false, detail: token.message, hint: token.hint }
    const answer = await ask(session, token, '/v1/auth/token/lookup-self', context)
    if ('code' in answer) return { ok: false, detail: answer.message, hint: answer.hint }
    const problem = answer.status === 200 ? undefined : statusProblem(answer, session)
    if (problem !== undefined) return { ok: false, detail: problem.message, hint: problem.hint }
    return { ok: true, detail: `${session.host} answers, and the login is good` }
  },
}

/** The fields of one secret. */
interface Fields {
  field(name: string): Secret | SourceProblem | undefined
}

/** Undefined where there is no such secret, or its newest version was deleted. */
async function read(
  session: VaultSession,
  token: Secret,
  { path, version }: Path,
  context: SourceContext,
): Promise<Fields | SourceProblem | undefined> {
  const query = version === undefined ? '' : `?version=${version}`
  const answer = await ask(session, token, `/v1/${pathOf(path.replace(/^\/+/, ''))}${query}`, context)
  if ('code' in answer) return answer
  if (answer.status === 404) return await whyNotFound(session, token, path, context)
  if (answer.status !== 200) return statusProblem(answer, session)
  const data = at(answer.json, 'data')
  const versioned = at(data, 'metadata', 'version') !== undefined
  const fields = versioned ? at(data, 'data') : data
  return { field: name => fieldValue(at(fields, name)) }
}

/** Version 2 keeps its secrets under `data/`: a path without it is answered as if nothing were there. */
async function whyNotFound(
  session: VaultSession,
  token: Secret,
  path: string,
  context: SourceContext,
): Promise<SourceProblem | undefined> {
  const [mount = '', next, ...rest] = path.replace(/^\/+/, '').split('/')
  if (next === undefined || next === 'data') return undefined
  const other = [mount, 'data', next, ...rest].join('/')
  const answer = await ask(session, token, `/v1/${pathOf(other)}`, context)
  if ('code' in answer || answer.status !== 200) return undefined
  return {
    code: 'missing',
    message: 'nothing is stored there, but there is a secret under data/',
    hint: `${mount} is a KV engine of version 2: write the path as ${other}`,
  }
}

function fieldValue(value: unknown): Secret | SourceProblem | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' || typeof value === 'number') return new Secret(String(value))
  return {
    code: 'malformed',
    message: 'the field is not text',
    hint: 'name a field that holds the key itself',
  }
}

function ask(
  session: VaultSession,
  token: Secret,
  path: string,
  { signal }: SourceContext,
): Promise<Answer | SourceProblem> {
  const { address, headers, ca } = session
  return call({ url: address + path, headers: { ...headers, 'x-vault-token': token.reveal() }, ca, signal })
}

function statusProblem({ status }: Answer, { host }: VaultSession): SourceProblem {
  if (status === 503) {
    return {
      code: 'locked',
      message: `the Vault at ${host} is sealed or on standby (status 503)`,
      hint: 'unseal it, or wait until another node has taken over',
    }
  }
  // Vault answers 403 to a bad token and to a path the token may not read, be there something or not.
  return refused(status, `the Vault at ${host}`)
}
