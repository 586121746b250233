import { setTimeout as sleep } from 'node:timers/promises'
import { pathOf, streamLines } from '../http.ts'
import { at, jsonOf } from '../json.ts'
import type { SourceContext } from '../source.ts'
import { callTo, findCluster } from './kubernetes-cluster.ts'

/** A use of one Secret. */
export interface SecretUse {
  /** That of the cluster's context unless told. */
  readonly namespace?: string | undefined
  readonly name: string
  /** The version that it was last read in; undefined where that is not known. */
  version(): Promise<unknown> | undefined
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
  uses: readonly SecretUse[],
  changed: () => void,
  context: SourceContext,
): Disposable {
  const stop = new AbortController()
  const secrets = new Map<string, SecretUse[]>()
  for (const use of uses) {
    const key = JSON.stringify([use.namespace, use.name])
    secrets.set(key, [...(secrets.get(key) ?? []), use])
  }
  for (const same of secrets.values()) void follow(same, changed, { ...context, signal: stop.signal })
  return { [Symbol.dispose]: () => stop.abort() }
}

/** Follows one Secret, for all its uses. */
async function follow(
  uses: readonly SecretUse[],
  changed: () => void,
  context: SourceContext,
): Promise<void> {
  const [name] = uses
  if (name === undefined) return
  const tell = async (version: unknown): Promise<void> => {
    const read = await Promise.all(uses.map(use => use.version()))
    if (read.some(one => one === undefined || one !== version) && context.signal?.aborted !== true) changed()
  }
  const seen: Seen = { version: undefined, tell }
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
  /** Tells of a change, unless this version has been read already: a watch begins with what is there. */
  readonly tell: (version: unknown) => Promise<void>
}

async function watchOnce(
  { namespace, name }: SecretUse,
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
  const event = jsonOf(line)
  if (event === undefined) return
  const type = at(event, 'type')
  const version = at(event, 'object', 'metadata', 'resourceVersion')
  if (type === 'ERROR') {
    // 410 Gone above all: what happened in between is not known any more, so the next watch begins anew.
    seen.version = undefined
    return
  }
  if (typeof version === 'string') seen.version = version
  if (type !== 'BOOKMARK') void seen.tell(version)
}
