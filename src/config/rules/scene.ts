import { type Targeted, targetedOf } from './scene-levels.ts'
import {
  type ListenerScene,
  listenersOf,
  type RouteScene,
  type Serving,
  servingOf,
} from './scene-listeners.ts'
import { type NamedBackend, namedBackends, type Upstream, upstreamsOf } from './scene-upstreams.ts'
import type { Node } from './tree.ts'

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

/** Reads a config of sound shape. Everything is in the order of the file. */
export function sceneOf(data: Node): Scene {
  const targeted = targetedOf(data)
  const serving = servingOf(data)
  const { listeners, groups, routes } = listenersOf(data, serving)
  const backends = namedBackends(data)
  const upstreams = upstreamsOf({ data, listeners, routes, backends, targeted })
  return { listeners, groups, routes, serving, backends, upstreams, targeted }
}
