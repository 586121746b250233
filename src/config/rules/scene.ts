import type { Path } from '../diagnostic.ts'
import {
  type ListenerScene,
  listenersOf,
  type RouteScene,
  type Serving,
  servingOf,
} from './scene-listeners.ts'
import { type NamedBackend, namedBackends, type Upstream, upstreamsOf } from './scene-upstreams.ts'
import { type Node, nodeAt, nodesAt } from './tree.ts'

/** What the parts of a config come to when agentgateway has put them together. */
export interface Scene {
  /** Where requests come in, with all that answers there. */
  readonly listeners: readonly ListenerScene[]
  /** Route groups, which answer like listeners. */
  readonly groups: readonly ListenerScene[]
  /** Every HTTP route of the file, once. */
  readonly routes: readonly RouteScene[]
  readonly serving: Serving
  /** Named backends by the name they are referred to, with a slash in front. */
  readonly backends: ReadonlyMap<string, NamedBackend>
  /** Every way from a route or the llm section to a provider or host. */
  readonly upstreams: readonly Upstream[]
  readonly targeted: readonly Targeted[]
}

/** A policy of the list that names what it applies to. What exactly that is, is not followed. */
export interface Targeted {
  readonly path: Path
  readonly policy: Node
}

/** Reads a config of sound shape. Everything is in the order of the file. */
export function sceneOf(data: Node): Scene {
  const targeted = nodesAt(data, 'policies').map(([one, index]) => ({
    path: ['policies', index, 'policy'],
    policy: nodeAt(one, 'policy') ?? {},
  }))
  const serving = servingOf(data)
  const { listeners, groups, routes } = listenersOf(data, serving)
  const backends = namedBackends(data)
  const upstreams = upstreamsOf({ data, listeners, routes, backends, targeted })
  return { listeners, groups, routes, serving, backends, upstreams, targeted }
}
