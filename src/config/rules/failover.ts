import type { Path } from '../diagnostic.ts'
import { namesMatching, resolveModel } from './model-patterns.ts'
import type { FileContext, FileRule } from './rule.ts'
import type { Upstream } from './scene-upstreams.ts'
import { isSet, type Node, nodesAt, pathKey, textAt, valueAt } from './tree.ts'

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
  const retries = scene.targeted.some(({ policy }) => isSet(policy['retry']))
  for (const upstreams of byGroups.values()) {
    const [first] = upstreams
    if (first?.group === undefined) continue
    const { path, count } = first.group
    for (let index = 0; index < count - 1; index += 1) {
      const members = upstreams.filter(({ group }) => group?.index === index)
      const stays = members.find(({ levels }) => !levels.some(level => level.evicts))
      if (stays === undefined) continue
      report({ ...withoutEviction('group'), path: [...path, index] })
    }
    if (first.route === undefined || retries || isSet(valueAt(first.route.node, 'policies', 'retry')))
      continue
    report({
      code: 'FAILOVER_WITHOUT_RETRY',
      path,
      at: 'key',
      message: 'the request that fails is not sent to the next group: its client gets the failure',
      hint: 'add a retry policy with codes to the route',
    })
  }
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
  const evicts = (target: string): boolean => {
    const index = resolveModel(models, target)
    const upstream = scene.upstreams.find(one => one.path[0] === 'llm' && one.path[2] === index)
    return index === undefined || upstream?.levels.some(level => level.evicts) === true
  }
  for (const [model, at] of nodesAt(data, 'llm', 'virtualModels')) {
    const targets = nodesAt(model, 'routing', 'failover', 'targets')
    const last = Math.max(...targets.map(([target]) => priority(target)))
    const path: Path = ['llm', 'virtualModels', at, 'routing', 'failover', 'targets']
    const earlier = targets.filter(([target]) => priority(target) < last)
    for (const [target, index] of earlier) {
      if (evicts(textAt(target, 'model') ?? '')) continue
      report({ ...withoutEviction('target'), path: [...path, index] })
    }
  }
}

function priority(target: Node): number {
  return Number(target['priority'] ?? 0)
}
