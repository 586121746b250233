import { at, call, pathOf, refused } from '../http.ts'
import { Secret } from '../secret.ts'
import type { Reference, SecretSource, SourceContext, SourceProblem } from '../source.ts'
import { type Cluster, findCluster } from './kubernetes-cluster.ts'

/**
 * Keys of Secrets, read one by one through the API: a role needs `get` on these names only. Inside a pod the service
 * account is used, elsewhere a kubeconfig.
 */
export const kubernetesSource: SecretSource<'kubernetes'> = {
  kind: 'kubernetes',
  timeoutMs: 10_000,
  refreshMs: 60_000,
  describe: ({ namespace, name, key }) =>
    `kubernetes ${namespace === undefined ? '' : `${namespace}/`}${name} ${key}`,
  async resolve(references, context) {
    const found = new Map<Reference<'kubernetes'>, Secret | SourceProblem>()
    // Token and authority are read for every batch: they are replaced while the process runs.
    const cluster = await findCluster(context)
    const reads = new Map<string, Promise<unknown>>()
    for (const reference of references) {
      if ('code' in cluster) {
        found.set(reference, cluster)
        continue
      }
      const { namespace = cluster.namespace, name, key } = reference.where
      const path = pathOf('/api/v1/namespaces', namespace, 'secrets', name)
      const reading = reads.get(path) ?? read(cluster, path, context)
      reads.set(path, reading)
      const outcome = fieldValue(await reading, key)
      if (outcome !== undefined) found.set(reference, outcome)
    }
    return found
  },
  async probe(context) {
    const cluster = await findCluster(context)
    if ('code' in cluster) return { ok: false, detail: cluster.message, hint: cluster.hint }
    const answer = await ask(cluster, '/version', context)
    if ('code' in answer) return { ok: false, detail: answer.message, hint: answer.hint }
    return answer.status === 200
      ? { ok: true, detail: `the cluster at ${cluster.host} answers` }
      : { ok: false, detail: `the cluster at ${cluster.host} answered with status ${answer.status}` }
  },
}

/** The Secret, a problem, or undefined where there is none. */
async function read(cluster: Cluster, path: string, context: SourceContext): Promise<unknown> {
  const answer = await ask(cluster, path, context)
  if ('code' in answer) return answer
  if (answer.status === 200) return answer.json
  // With rights on single names a Secret that is missing is answered with 403 as well, which `refused` says.
  return answer.status === 404 ? undefined : refused(answer.status, `the cluster at ${cluster.host}`)
}

function ask(cluster: Cluster, path: string, { signal }: SourceContext) {
  const headers = { authorization: `Bearer ${cluster.token.reveal()}` }
  return call({ url: cluster.server + path, headers, ca: cluster.ca, signal })
}

function fieldValue(secret: unknown, key: string): Secret | SourceProblem | undefined {
  if (at(secret, 'code') !== undefined) return secret as SourceProblem
  const encoded = at(secret, 'data', key)
  if (typeof encoded !== 'string') return undefined
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(encoded, 'base64'))
    return new Secret(text.replace(/\r?\n$/, ''))
  } catch {
    return {
      code: 'malformed',
      message: 'the value is not text in UTF-8',
      hint: 'is this the right key of it?',
    }
  }
}
