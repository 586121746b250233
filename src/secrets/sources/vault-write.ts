import { AgwError } from '../../errors.ts'
import { type Answer, pathOf } from '../http.ts'
import { at } from '../json.ts'
import type { Secret } from '../secret.ts'
import {
  changedMeanwhile,
  OTHER_STAYS,
  pinned,
  problemError,
  type Reference,
  type SourceContext,
  type StoreResult,
} from '../source.ts'
import { apiPath, askVault, vaultProblem } from './vault-call.ts'
import { logIn } from './vault-login.ts'
import { type VaultSession, vaultSession } from './vault-session.ts'

type Where = Reference<'vault'>['where']
type Data = Readonly<Record<string, unknown>>

/** A secret as it is before it is changed. */
interface Before {
  readonly session: VaultSession
  readonly token: Secret
  readonly path: string
  readonly data: Data
  /** The newest version of KV 2, 0 where there was none yet; undefined for KV 1, which has no versions. */
  readonly version: number | undefined
}

/**
 * Sets one field of a secret, or takes it away (`undefined`); the others stay. KV 2 refuses the write when the secret has
 * changed since it was read; KV 1 cannot.
 */
export async function writeField(
  where: Where,
  value: Secret | undefined,
  context: SourceContext,
  only?: Secret,
): Promise<StoreResult> {
  if (where.version !== undefined) throw pinned(`vault ${where.path}`, 'version')
  const before = await readBefore(where, context)
  const { [where.field]: old, ...others } = before.data
  if (typeof old === 'string' && only !== undefined && old !== only.reveal()) return OTHER_STAYS
  if (old === value?.reveal()) return { changed: false, files: [] }
  const data = value === undefined ? others : { ...before.data, [where.field]: value.reveal() }
  // A secret without fields would be found, and be of no use.
  const method = Object.keys(data).length === 0 ? 'DELETE' : 'POST'
  const body = before.version === undefined ? data : { options: { cas: before.version }, data }
  const answer = await ask(before, method, method === 'DELETE' ? undefined : body, context)
  if (answer.status === 200 || answer.status === 204) return { changed: true, files: [] }
  const errors = at(answer.json, 'errors')
  if (answer.status === 400 && Array.isArray(errors) && /check-and-set/.test(errors.join()))
    throw changedMeanwhile(`vault ${where.path}`)
  throw problemError(vaultProblem(answer, before.session, 'write'))
}

async function readBefore(where: Where, context: SourceContext): Promise<Before> {
  const session = await vaultSession(context)
  if ('code' in session) throw problemError(session)
  const login = await logIn(session, context)
  if ('code' in login) throw problemError(login)
  const place = { session, token: login.token, path: apiPath(where.path) }
  const found = await ask(place, 'GET', undefined, context)
  if (found.status !== 200 && found.status !== 404) throw problemError(vaultProblem(found, session))
  // A deleted version is answered with 404 too, and has its number with it.
  const number = at(found.json, 'data', 'metadata', 'version')
  const isVersioned = typeof number === 'number'
  const data = isVersioned ? at(found.json, 'data', 'data') : at(found.json, 'data')
  const there = found.status === 200 && typeof data === 'object' && data !== null ? (data as Data) : {}
  if (isVersioned || found.status === 200)
    return { ...place, data: there, version: isVersioned ? number : undefined }
  return { ...place, data: {}, version: (await isKv2(place, context)) ? 0 : undefined }
}

/** Asks which engine is mounted there, as the `vault` program does; a path without `data/` would not be one of KV 2. */
async function isKv2(
  place: Pick<Before, 'session' | 'token' | 'path'>,
  context: SourceContext,
): Promise<boolean> {
  const path = `sys/internal/ui/mounts/${place.path}`
  const answer = await ask({ ...place, path }, 'GET', undefined, context)
  const mount = at(answer.json, 'data', 'path')
  if (answer.status !== 200 || typeof mount !== 'string') return place.path.split('/').includes('data')
  if (at(answer.json, 'data', 'options', 'version') !== '2') return false
  if (place.path.startsWith(`${mount}data/`)) return true
  throw new AgwError('SLOT_NOT_WRITABLE', `vault ${place.path} is no path of a secret`, {
    hint: `${mount} is a KV engine of version 2: write the path as ${mount}data/…`,
  })
}

async function ask(
  { session, token, path }: Pick<Before, 'session' | 'token' | 'path'>,
  method: 'GET' | 'POST' | 'DELETE',
  body: object | undefined,
  context: SourceContext,
): Promise<Answer> {
  const answer = await askVault(session, token, `/v1/${pathOf(path)}`, context, { method, body })
  if ('code' in answer) throw problemError(answer)
  return answer
}
