import { formatPath, type Path } from '../config/index.ts'
import { isSet, listAt, type Node, nodesAt, textAt } from '../config/rules/tree.ts'
import { toDnsName } from '../kubernetes/index.ts'
import { type ExportedBackend, exportedBackend } from './backends.ts'
import { changesOf, type RouteChanges } from './changes.ts'
import { attachedTo, type ExportedListener, isHostname } from './listeners.ts'
import { exportedMatch } from './matches.ts'
import type { NamedBackends } from './named.ts'
import { exportedPolicies, policyObjects } from './policies.ts'
import { type Contender, contenderOfModels, rivalOf } from './precedence.ts'
import { backendRef, type ExportedRoute, type ExportScene, routeObject, routeTarget } from './scene.ts'
import { unwritten } from './unwritten.ts'
import { MOST_ITEMS, type Words } from './words.ts'

const MOST_PARENTS = 32
const MOST_MATCHES = 64
const HEAVIEST = 1_000_000

/** Every route whose backends can be written, be it of gateways or of binds. `models` are beside them. */
export function exportedRoutes(
  scene: ExportScene,
  named: NamedBackends,
  models: ExportedRoute | undefined,
): ExportedRoute[] {
  const { taken, listeners } = scene
  const found: ExportedRoute[] = []
  const contenders: Contender[] = models === undefined ? [] : [contenderOfModels(models)]
  let count = 0
  const add = (
    route: Node,
    path: Path,
    listenersOf: () => readonly ExportedListener[],
    replaced: Replaced,
  ): void => {
    count += 1
    const name = textAt(route, 'name')
    const wanted = toDnsName(name ?? `route-${count}`)
    const made = taken.attempt(path, () => {
      if (replaced.has(route)) unwritten('a later route has its name, and takes its place')
      const on = listenersOf()
      if (on.length === 0) unwritten('it is for no listener that is written')
      if (on.length > MOST_PARENTS) unwritten(`a route is for no more than ${MOST_PARENTS} listeners`)
      const exported = exportedRoute(scene, named, path, wanted, on)
      const contender = { route: exported, key: `default/${name ?? `route${path.at(-1)}`}` }
      const rival = rivalOf(contender, contenders)
      if (rival !== undefined)
        unwritten(
          `it and ${rival.route.place} fit the same requests, and there the other one of them would come first: tell them apart by path or host name`,
        )
      contenders.push(contender)
      return exported
    })
    if (made !== undefined) found.push(made)
  }
  const attached = nodesAt({ routes: taken.look('routes') }, 'routes')
  const replaced = replacedIn(attached)
  for (const [route, index] of attached)
    add(route, ['routes', index], () => attachedTo(taken, ['routes', index], listeners), replaced)
  for (const [bind, at] of nodesAt({ binds: taken.look('binds') }, 'binds')) {
    for (const [listener, index] of nodesAt(bind, 'listeners')) {
      const place: Path = ['binds', at, 'listeners', index]
      const on = listeners.filter(one => one.places.includes(formatPath(place)))
      const own = nodesAt(listener, 'routes')
      const gone = replacedIn(own)
      for (const [route, number] of own) add(route, [...place, 'routes', number], () => on, gone)
    }
  }
  return found
}

type Replaced = ReadonlySet<Node>

/** Routes of a list of which a later one at the same gateway has the name: they get no request. */
function replacedIn(routes: readonly (readonly [Node, number])[]): Replaced {
  const gone = new Set<Node>()
  const later = new Set<string>()
  for (const [route] of routes.toReversed()) {
    const name = textAt(route, 'name')
    if (name === undefined) continue
    const gateways = typeof route['gateways'] === 'string' ? [route['gateways']] : listAt(route, 'gateways')
    const keys = (gateways.length > 0 ? gateways : ['default']).map(gateway =>
      JSON.stringify([String(gateway).split('/', 1), textAt(route, 'namespace') ?? 'default', name]),
    )
    if (keys.some(key => later.has(key))) gone.add(route)
    for (const key of keys) later.add(key)
  }
  return gone
}

function exportedRoute(
  scene: ExportScene,
  named: NamedBackends,
  path: Path,
  wanted: string,
  on: readonly ExportedListener[],
): ExportedRoute {
  const { taken, names } = scene
  const hostnames = hostnamesOf(scene, path)
  const matches = matchesOf(scene, path)
  taken.take(...path, 'name')
  const policies: Path = [...path, 'policies']
  const changes = changesOf(scene, policies, matches)
  const name = names.once('HTTPRoute', wanted)
  const backends = nodesAt(taken.look(...path), 'backends').map(([, index]) =>
    referenceTo(scene, named, path, index, name),
  )
  if (backends.length > MOST_ITEMS) unwritten(`a rule has no room for more than ${MOST_ITEMS} backends`)
  const made = exportedPolicies(scene, policies, name)
  if (backends.length === 0 && !changes.redirects && !made.kinds.has('directResponse'))
    unwritten('it leads to no backend')
  if (backends.length > 0 && changes.redirects)
    unwritten('the Gateway API has no route that redirects and leads to a backend')
  const rule = {
    ...(changes.filters.length > 0 && { filters: changes.filters }),
    ...(backends.length > 0 && { backendRefs: backends.map(({ ref }) => ref) }),
    ...(changes.timeouts !== undefined && { timeouts: changes.timeouts }),
  }
  return {
    place: formatPath(path),
    name,
    listeners: on,
    objects: [
      ...backends.map(({ object }) => object),
      ...made.objects,
      routeObject(name, scene, on, {
        ...(hostnames.length > 0 && { hostnames }),
        rules: rulesOf(rule, matches, changes),
      }),
      ...policyObjects(scene, name, [routeTarget(name)], [...made.traffic, ...changes.traffic]),
    ],
    providers: backends.flatMap(({ providers }) => providers),
  }
}

function hostnamesOf({ taken }: ExportScene, path: Path): string[] {
  const hostnames = listAt({ at: taken.take(...path, 'hostnames') }, 'at').map(String)
  if (hostnames.length > MOST_ITEMS || !hostnames.every(isHostname))
    unwritten('a host name of it is none that the Gateway API takes')
  return hostnames
}

function matchesOf({ taken }: ExportScene, path: Path): Words[] {
  const matches = listAt({ at: taken.takeFree(...path, 'matches') }, 'at').map(exportedMatch)
  const known = matches.filter(match => match !== undefined)
  if (known.length < matches.length) unwritten('a match of it has no word in the Gateway API')
  if (known.length > MOST_MATCHES) unwritten(`a rule has no room for more than ${MOST_MATCHES} matches`)
  return known
}

/** A prefix is rewritten in a rule with one match alone. */
function rulesOf(rule: Words, matches: readonly Words[], { splits }: RouteChanges): Words[] {
  if (!splits) return [{ ...(matches.length > 0 && { matches }), ...rule }]
  if (matches.length > MOST_ITEMS) unwritten(`an HTTPRoute has no room for more than ${MOST_ITEMS} rules`)
  return matches.map(match => ({ matches: [match], ...rule }))
}

interface Reference extends ExportedBackend {
  readonly ref: Words
}

function referenceTo(
  scene: ExportScene,
  named: NamedBackends,
  route: Path,
  index: number,
  name: string,
): Reference {
  const { taken } = scene
  const path: Path = [...route, 'backends', index]
  const weight = taken.take(...path, 'weight')
  if (isSet(weight) && !(typeof weight === 'number' && weight >= 0 && weight <= HEAVIEST))
    unwritten('a weight of it is none that the Gateway API takes')
  const levels: Path[] = [
    [...path, 'policies'],
    [...route, 'policies'],
  ]
  const made = named.isReference(path)
    ? named.referredTo(path, levels)
    : exportedBackend(scene, path, levels, `${name}-${index + 1}`)
  return { ...made, ref: { ...backendRef(made.object.metadata.name), ...(isSet(weight) && { weight }) } }
}
