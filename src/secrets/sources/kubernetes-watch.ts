import { setTimeout as sleep } from 'node:timers/promises'
import { at, pathOf, streamLines } from '../http.ts'
import type { SourceContext } from '../source.ts'
import { callTo, findCluster } from './kubernetes-cluster.ts'

/** One Secret. */
export interface SecretName {
  /** That of the cluster's context unless told. */
  readonly namespace: string | undefined
  readonly name: string
}

/** The API is told to end a watch after this time, so that a connection that died is not waited for. Seconds. */
const LASTS_S = 290
/** Between two watches, and the longest that is waited after failures. Milliseconds. */
const SHORTEST_MS = 1000
const LONGEST_MS = 60_000

/**
 * Follows Secrets through the API and calls back when one of them may have changed, until it is disposed of. Needs the
 * right to `watch` them; without it nothing is told, and trying goes on, a minute apart.
 */
export function watchSecrets(
  names: readonly SecretName[],
  changed: () => void,
  context: SourceContext,
): Disposable {
  const stop = new AbortController()
  const distinct = new Map(names.map(name => [JSON.stringify([name.namespace, name.name]), name]))
  for (const name of distinct.values()) void follow(name, changed, { ...context, signal: stop.signal })
  return { [Symbol.dispose]: () => stop.abort() }
}

async function follow(name: SecretName, changed: () => void, context: SourceContext): Promise<void> {
  const seen: Seen = { version: undefined, changed }
  for (let failures = 0; context.signal?.aborted !== true; ) {
    const how = await watchOnce(name, seen, context)
    failures = how === 'failed' ? failures + 1 : 0
    const wait = Math.min(SHORTEST_MS * 2 ** failures, LONGEST_MS) * (0.5 + Math.random())
    await sleep(wait, undefined, { ref: false, signal: context.signal }).catch(() => undefined)
  }
}

/** Where a watch goes on from. */
interface Seen {
  /** Undefined where the next watch has to begin with what is there now. */
  version: string | undefined
  readonly changed: () => void
}

async function watchOnce(
  { namespace, name }: SecretName,
  seen: Seen,
  context: SourceContext,
): Promise<'ended' | 'failed'> {
  // Token and authority are read anew: they are replaced while the process runs.
  const cluster = await findCluster(context)
  if ('code' in cluster) return 'failed'
  const query = new URLSearchParams({
    watch: 'true',
    // The right to single names is enough for this, and for no list.
    fieldSelector: `metadata.name=${name}`,
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(LASTS_S),
    ...(seen.version !== undefined && { resourceVersion: seen.version }),
  })
  const path = `${pathOf('/api/v1/namespaces', namespace ?? cluster.namespace, 'secrets')}?${query}`
  const time = AbortSignal.timeout((LASTS_S + 30) * 1000)
  const signal = context.signal === undefined ? time : AbortSignal.any([context.signal, time])
  const answer = await streamLines({ ...callTo(cluster, path), signal }, line => take(line, seen))
  if ('code' in answer) return 'failed'
  if (answer.status === 200) return 'ended'
  if (answer.status === 401) cluster.login.forget?.()
  if (answer.status === 410) seen.version = undefined
  return 'failed'
}

/** One event of a watch. */
function take(line: string, seen: Seen): void {
  let event: unknown
  try {
    event = JSON.parse(line)
  } catch {
    return
  }
  const type = at(event, 'type')
  const version = at(event, 'object', 'metadata', 'resourceVersion')
  if (type === 'ERROR') {
    // 410 Gone above all: what happened in between is not known any more, so the next watch begins anew.
    seen.version = undefined
    return
  }
  if (typeof version === 'string') seen.version = version
  if (type !== 'BOOKMARK') seen.changed()
}
