import { pathOf } from '../http.ts'
import { at } from '../json.ts'
import { Secret } from '../secret.ts'
import type { Reference, SecretSource, SourceContext } from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import { fieldOf, strangeAnswer } from './decode.ts'
import { pick, readPlaces } from './read-places.ts'
import { apiPath, askVault, vaultProblem } from './vault-call.ts'
import { logIn } from './vault-login.ts'
import { type VaultSession, vaultSession } from './vault-session.ts'
import { lookUp } from './vault-token.ts'
import { writeField } from './vault-write.ts'

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
    const session = await vaultSession(context)
    if ('code' in session) return new Map(references.map(reference => [reference, session]))
    const { found, ended } = await readAll(session, references, context)
    // A login that has ended since an earlier batch: another one, once.
    return ended ? (await readAll(session, references, context)).found : found
  },
  storedAt: ({ where: { path, field } }) => ({ whole: `vault ${apiPath(path)}`, part: field }),
  store: ({ where }, value, context) => writeField(where, value, context),
  remove: ({ where }, context, only) => writeField(where, undefined, context, only),
  async probe(context) {
    const session = await vaultSession(context)
    if ('code' in session) return { ok: false, detail: session.message, hint: session.hint }
    const login = await logIn(session, context)
    if ('code' in login) return { ok: false, detail: login.message, hint: login.hint }
    const answer = await lookUp(session, login.token, context)
    if ('code' in answer) return { ok: false, detail: answer.message, hint: answer.hint }
    const problem = answer.status === 200 ? undefined : vaultProblem(answer, session)
    if (problem !== undefined) return { ok: false, detail: problem.message, hint: problem.hint }
    return { ok: true, detail: `${session.host} answers, and the login is good` }
  },
}

type Found = Map<Reference<'vault'>, Secret | SourceProblem>

/** `ended` says that nothing was read because the login has come to its end, and that another one can be had. */
async function readAll(
  session: VaultSession,
  references: readonly Reference<'vault'>[],
  context: SourceContext,
): Promise<{ found: Found; ended: boolean }> {
  const login = await logIn(session, context)
  if ('code' in login) return { found: new Map(references.map(one => [one, login])), ended: false }
  const secrets = await readPlaces(
    references,
    ({ where }) => [where.path, where.version],
    ({ where }) => read(session, login.token, where, context),
  )
  const found: Found = pick(secrets, (fields, { where }) => fields.field(where.field))
  // Vault answers 403 to a token that has ended and to a path it may not read: it is asked which.
  const refusedOnes = [...found].filter(
    ([, outcome]) => !(outcome instanceof Secret) && outcome.code === 'denied',
  )
  if (refusedOnes.length === 0) return { found, ended: false }
  const answer = await lookUp(session, login.token, context)
  if ('code' in answer || answer.status !== 403) return { found, ended: false }
  login.forget()
  for (const [reference] of refusedOnes) found.set(reference, tokenEnded(session))
  return { found, ended: login.isOld }
}

function tokenEnded({ host }: VaultSession): SourceProblem {
  return {
    code: 'denied',
    message: `the Vault at ${host} does not accept the token (status 403): it has ended, or was revoked`,
    hint: 'log in again with `vault login`, or let agw log in: sources.vault.login in agw.yaml',
  }
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
  const answer = await askVault(session, token, `/v1/${pathOf(apiPath(path))}${query}`, context)
  if ('code' in answer) return answer
  if (answer.status === 404) return await whyNotFound(session, token, path, context)
  if (answer.status !== 200) return vaultProblem(answer, session)
  const data = at(answer.json, 'data')
  if (data === undefined) return strangeAnswer(`the Vault at ${session.host}`)
  const versioned = at(data, 'metadata', 'version') !== undefined
  const fields = versioned ? at(data, 'data') : data
  return { field: name => fieldOf(at(fields, name)) }
}

/** Version 2 keeps its secrets under `data/`: a path without it is answered as if nothing were there. */
async function whyNotFound(
  session: VaultSession,
  token: Secret,
  path: string,
  context: SourceContext,
): Promise<SourceProblem | undefined> {
  const [mount = '', next, ...rest] = apiPath(path).split('/')
  if (next === undefined || next === 'data') return undefined
  const other = [mount, 'data', next, ...rest].join('/')
  const answer = await askVault(session, token, `/v1/${pathOf(other)}`, context)
  if ('code' in answer || answer.status !== 200) return undefined
  return {
    code: 'missing',
    message: 'nothing is stored there, but there is a secret under data/',
    hint: `${mount} is a KV engine of version 2: write the path as ${other}`,
  }
}
