import { AgwError } from '../../errors.ts'
import { pathOf, refused } from '../http.ts'
import { at } from '../json.ts'
import { Secret } from '../secret.ts'
import {
  changedMeanwhile,
  OTHER_STAYS,
  problemError,
  type Reference,
  required,
  type SecretSource,
  type SourceContext,
  type StoreResult,
} from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import { strangeAnswer, textOf } from './decode.ts'
import { askCluster, type Cluster, findCluster, namespaceOf } from './kubernetes-cluster.ts'
import { watchSecrets } from './kubernetes-watch.ts'
import { pick, readPlaces } from './read-places.ts'

/**
 * Keys of Secrets, read one by one through the API: a role needs `get` on these names only, and `watch` to see changes at
 * once, `patch` (and `create` for a Secret that is new) to write. Inside a pod the service account is used, elsewhere a kubeconfig.
 */
export const kubernetesSource: SecretSource<'kubernetes'> = {
  kind: 'kubernetes',
  timeoutMs: 10_000,
  // Beside the watch, which not every role may have.
  refreshMs: 60_000,
  describe: ({ namespace, name, key }) =>
    `kubernetes ${namespace === undefined ? '' : `${namespace}/`}${name} ${key}`,
  async resolve(references, context) {
    // Token and authority are read for every batch: they are replaced while the process runs.
    const finding = findCluster(context)
    const reading = readPlaces(references, placeOf, async ({ where: { namespace, name } }) => {
      const cluster = await finding
      if ('code' in cluster) return cluster
      return read(
        cluster,
        pathOf('/api/v1/namespaces', namespace ?? cluster.namespace, 'secrets', name),
        context,
      )
    })
    for (const reference of references) lastRead.set(reference, versionOf(reference, reading))
    return pick(await reading, (keys, { where }) => keys.value(where.key))
  },
  async storedAt({ where: { namespace, name, key } }, context) {
    return { whole: `kubernetes ${namespace ?? (await namespaceOf(context))}/${name}`, part: key }
  },
  store: ({ where }, value, context) => writeKey(where, value, context),
  remove: ({ where }, context, only) => writeKey(where, undefined, context, only),
  watch: (references, changed, context) =>
    watchSecrets(
      references.map(one => ({ ...one.where, version: () => lastRead.get(one) })),
      changed,
      context,
    ),
  async probe(context) {
    const cluster = await findCluster(context)
    if ('code' in cluster) return { ok: false, detail: cluster.message, hint: cluster.hint }
    const answer = await askCluster(cluster, '/version', context)
    if ('code' in answer) return { ok: false, detail: answer.message, hint: answer.hint }
    return answer.status === 200
      ? { ok: true, detail: `the cluster at ${cluster.host} answers` }
      : { ok: false, detail: `the cluster at ${cluster.host} answered with status ${answer.status}` }
  },
}

/** The version of the Secret that a reference was last read in, from when its reading begins; for the watch. */
const lastRead = new WeakMap<Reference<'kubernetes'>, Promise<unknown>>()

type Found = Keys | SourceProblem | undefined

async function versionOf(
  reference: Reference<'kubernetes'>,
  reading: Promise<ReadonlyMap<Reference<'kubernetes'>, Found>>,
): Promise<unknown> {
  const found = await reading.catch(() => undefined)
  const keys = found?.get(reference)
  return keys === undefined || 'code' in keys ? undefined : keys.version
}

function placeOf({ where: { namespace, name } }: Reference<'kubernetes'>): unknown {
  return [namespace, name]
}

/** The keys of one Secret. */
interface Keys {
  /** Changes with every change of the Secret. */
  readonly version: unknown
  value(key: string): Secret | SourceProblem | undefined
}

/** Undefined where there is no such Secret. */
async function read(cluster: Cluster, path: string, context: SourceContext): Promise<Found> {
  const answer = await askCluster(cluster, path, context)
  if ('code' in answer) return answer
  if (answer.status === 404) return undefined
  const who = `the cluster at ${cluster.host}`
  // With rights on single names a Secret that is missing is answered with 403 as well, which `refused` says.
  if (answer.status !== 200) return refused(answer.status, who)
  if (at(answer.json, 'kind') !== 'Secret') return strangeAnswer(who)
  return {
    version: at(answer.json, 'metadata', 'resourceVersion'),
    value: key => {
      const encoded = at(answer.json, 'data', key)
      if (encoded === undefined || encoded === null) return undefined
      return typeof encoded === 'string' ? textOf(encoded) : strangeAnswer(who)
    },
  }
}

/**
 * Sets one key of a Secret, or takes it away (`undefined`); the others stay. The API refuses it when the Secret has
 * changed since it was read. A Secret that is not there is made.
 */
async function writeKey(
  { namespace, name, key }: Reference<'kubernetes'>['where'],
  value: Secret | undefined,
  context: SourceContext,
  only?: Secret,
): Promise<StoreResult> {
  const cluster = required(await findCluster(context))
  const place = pathOf('/api/v1/namespaces', namespace ?? cluster.namespace, 'secrets')
  const path = pathOf(place, name)
  const found = await read(cluster, path, context)
  if (found !== undefined && 'code' in found) throw problemError(found)
  const before = found?.value(key)
  if (before instanceof Secret && only?.equals(before) === false) return OTHER_STAYS
  // What stands there and is no text may be written over.
  const isSame = before instanceof Secret ? value?.equals(before) === true : before === value
  if (isSame) return { changed: false, files: [] }
  const data = { [key]: value === undefined ? null : Buffer.from(value.reveal(), 'utf8').toString('base64') }
  const answer = required(
    found === undefined
      ? await askCluster(cluster, place, context, {
          method: 'POST',
          type: 'application/json',
          body: JSON.stringify({
            apiVersion: 'v1',
            kind: 'Secret',
            metadata: { name },
            type: 'Opaque',
            data,
          }),
        })
      : await askCluster(cluster, path, context, {
          method: 'PATCH',
          type: 'application/merge-patch+json',
          body: JSON.stringify({ metadata: { resourceVersion: found.version }, data }),
        }),
  )
  if (answer.status === 200 || answer.status === 201) return { changed: true, files: [] }
  if (answer.status === 409) throw changedMeanwhile(`kubernetes ${name}`)
  if (answer.status === 422) {
    throw new AgwError('WRITE_FAILED', 'the cluster does not take the key (status 422)', {
      hint: `is ${key} a name of letters, digits, - _ and ., and is the Secret not immutable?`,
    })
  }
  throw problemError(refused(answer.status, `the cluster at ${cluster.host}`, 'write'))
}
