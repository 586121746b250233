import { at, pathOf, refused } from '../http.ts'
import type { Secret } from '../secret.ts'
import type { Reference, SecretSource, SourceContext, SourceProblem } from '../source.ts'
import { strangeAnswer, textOf } from './decode.ts'
import { askCluster, type Cluster, findCluster } from './kubernetes-cluster.ts'
import { watchSecrets } from './kubernetes-watch.ts'

/**
 * Keys of Secrets, read one by one through the API: a role needs `get` on these names only, and `watch` to see changes at
 * once. Inside a pod the service account is used, elsewhere a kubeconfig.
 */
export const kubernetesSource: SecretSource<'kubernetes'> = {
  kind: 'kubernetes',
  timeoutMs: 10_000,
  // Beside the watch, which not every role may have.
  refreshMs: 60_000,
  describe: ({ namespace, name, key }) =>
    `kubernetes ${namespace === undefined ? '' : `${namespace}/`}${name} ${key}`,
  async resolve(references, context) {
    const found = new Map<Reference<'kubernetes'>, Secret | SourceProblem>()
    // Token and authority are read for every batch: they are replaced while the process runs.
    const cluster = await findCluster(context)
    const reads = new Map<string, ReturnType<typeof read>>()
    for (const reference of references) {
      if ('code' in cluster) {
        found.set(reference, cluster)
        continue
      }
      const { namespace = cluster.namespace, name, key } = reference.where
      const path = pathOf('/api/v1/namespaces', namespace, 'secrets', name)
      const reading = reads.get(path) ?? read(cluster, path, context)
      reads.set(path, reading)
      const keys = await reading
      const outcome = keys === undefined || 'code' in keys ? keys : keys.value(key)
      if (outcome !== undefined) found.set(reference, outcome)
    }
    return found
  },
  instead: ({ name, key }) =>
    `write it with kubectl, from standard input: kubectl create secret generic ${name} --from-file=${key}=/dev/stdin --dry-run=client -o yaml | kubectl apply -f - (which replaces the whole Secret)`,
  watch: (references, changed, context) =>
    watchSecrets(
      references.map(({ where: { namespace, name } }) => ({ namespace, name })),
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

/** The keys of one Secret. */
interface Keys {
  value(key: string): Secret | SourceProblem | undefined
}

/** Undefined where there is no such Secret. */
async function read(
  cluster: Cluster,
  path: string,
  context: SourceContext,
): Promise<Keys | SourceProblem | undefined> {
  const answer = await askCluster(cluster, path, context)
  if ('code' in answer) return answer
  if (answer.status === 404) return undefined
  const who = `the cluster at ${cluster.host}`
  // With rights on single names a Secret that is missing is answered with 403 as well, which `refused` says.
  if (answer.status !== 200) return refused(answer.status, who)
  if (at(answer.json, 'kind') !== 'Secret') return strangeAnswer(who)
  return {
    value: key => {
      const encoded = at(answer.json, 'data', key)
      if (encoded === undefined || encoded === null) return undefined
      return typeof encoded === 'string' ? textOf(encoded) : strangeAnswer(who)
    },
  }
}
