import type { Path } from '../diagnostic.ts'
import { namesMatching, resolveModel } from './model-patterns.ts'
import type { FileContext, FileRule } from './rule.ts'
import type { Scene } from './scene.ts'
import type { Upstream } from './scene-upstreams.ts'
import { isNode, isSet, type Node, nodeAt, nodesAt, pathKey, textAt } from './tree.ts'

/** Groups of providers that never hand over to the next, and those that hand over too late. */
export const failover: FileRule = context => {
  groupsOfProviders(context)
  virtualModels(context)
}

function groupsOfProviders({ scene, report }: FileContext): void {
  const byGroups = new Map<string, Upstream[]>()
  for (const upstream of scene.upstreams) {
    const { group } = upstream
    if (group === undefined || group.count < 2) continue
    const key = pathKey([...group.path, ...(upstream.route?.path ?? [])])
    byGroups.set(key, [...(byGroups.get(key) ?? []), upstream])
  }
  for (const upstreams of byGroups.values()) {
    const [first] = upstreams
    if (first?.group === undefined) continue
    const { path, count } = first.group
    const retries = retriesOf(scene, first.route?.node)
    for (let index = 0; index < count - 1; index += 1) {
      const members = upstreams.filter(({ group }) => group?.index === index)
      if (members.every(member => canBeEvicted(member, retries))) continue
      report({ ...withoutEviction('group'), path: [...path, index] })
    }
    if (first.route === undefined || retries.length > 0) continue
    report({
      code: 'FAILOVER_WITHOUT_RETRY',
      path,
      at: 'key',
      message: 'the request that fails is not sent to the next group: its client gets the failure',
      hint: 'add a retry policy with codes to the route',
    })
  }
}

function retriesOf({ targeted }: Scene, route?: Node): Node[] {
  const policies = [nodeAt(route, 'policies'), ...targeted.map(({ policy }) => policy)]
  return policies.map(one => nodeAt(one, 'retry')).filter(isNode)
}

/** By the strongest `health` alone. */
function canBeEvicted({ levels }: Upstream, retries: readonly Node[]): boolean {
  const health = levels.find(level => level.health !== undefined)?.health
  return health !== undefined && evicts(health, retries)
}

/** Without `eviction` the backoff of retries says how long, or a Retry-After with 429, which takes an expression to be unhealthy. */
function evicts(health: Node, retries: readonly Node[]): boolean {
  const eviction = nodeAt(health, 'eviction')
  if (eviction === undefined)
    return isSet(health['unhealthyExpression']) || retries.some(retry => isSet(retry['backoff']))
  const limits = [eviction['consecutiveFailures'], eviction['healthThreshold']].filter(isSet)
  return limits.length === 0 || limits.some(limit => Number(limit) > 0)
}

function withoutEviction(what: 'group' | 'target') {
  return {
    code: 'FAILOVER_WITHOUT_EVICTION',
    message: `nothing ever takes this ${what} out of use, so the next one never gets a request`,
    hint: `add ${what === 'group' ? 'policies: {health: {eviction: {…}}} to each of its providers' : 'health: {eviction: {…}} to its model'}, as in {consecutiveFailures: 3, duration: 30s}`,
  } as const
}

function virtualModels({ data, scene, report }: FileContext): void {
  const models = namesMatching(data)
  const retries = retriesOf(scene)
  const isLeft = (target: string): boolean => {
    const index = resolveModel(models, target)
    const upstream = scene.upstreams.find(one => one.path[0] === 'llm' && one.path[2] === index)
    return index === undefined || (upstream !== undefined && canBeEvicted(upstream, retries))
  }
  for (const [model, at] of nodesAt(data, 'llm', 'virtualModels')) {
    const targets = nodesAt(model, 'routing', 'failover', 'targets')
    const last = targets.reduce((most, [target]) => Math.max(most, priority(target)), -Infinity)
    const path: Path = ['llm', 'virtualModels', at, 'routing', 'failover', 'targets']
    const earlier = targets.filter(([target]) => priority(target) < last)
    for (const [target, index] of earlier) {
      if (isLeft(textAt(target, 'model') ?? '')) continue
      report({ ...withoutEviction('target'), path: [...path, index] })
    }
  }
}

function priority(target: Node): number {
  return Number(target['priority'] ?? 0)
}
