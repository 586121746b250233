import type { Path } from '../../config/diagnostic.ts'
import type { VirtualModel as Written } from '../../config/schema.ts'
import type { Destination } from '../destination.ts'
import { nameCovers } from '../llm/allowed-models.ts'
import type { VirtualModel, VirtualRouting } from '../runtime.ts'
import { invalid } from './invalid.ts'
import { type ModelPlace, targetDestination } from './llm-model.ts'
import type { RouteContext } from './route-context.ts'

/** `llm.virtualModels` by name; of two with the same name the first counts. */
export function compileVirtualModels(
  place: ModelPlace,
  context: RouteContext,
): ReadonlyMap<string, VirtualModel> {
  const models = new Map<string, VirtualModel>()
  for (const [index, written] of (place.llm.virtualModels ?? []).entries()) {
    const path = ['llm', 'virtualModels', index]
    const own = { ...place, backendName: `/llm:virtual-model:${written.name}:${index}` }
    const routing = compileRouting(written.routing, [...path, 'routing'], own, context)
    if (!models.has(written.name)) models.set(written.name, { name: written.name, path, routing })
  }
  return models
}

function compileRouting(
  { weighted, conditional, failover }: Written['routing'],
  path: Path,
  place: ModelPlace,
  context: RouteContext,
): VirtualRouting {
  if (weighted) {
    const thresholds: number[] = []
    for (const { weight = 1 } of weighted.targets) thresholds.push((thresholds.at(-1) ?? 0) + weight)
    return { kind: 'weighted', models: weighted.targets.map(target => target.model), thresholds }
  }
  if (conditional) {
    const targets = conditional.targets.map(({ model, when }, index) => ({
      model,
      when: when ? context.cel.compile(when, [...path, 'conditional', 'targets', index, 'when']) : undefined,
    }))
    return { kind: 'conditional', targets }
  }
  if (!failover) throw invalid(path, 'no way of routing is given', 'add weighted, conditional or failover')
  return { kind: 'failover', groups: compileGroups(failover.targets, path, place, context) }
}

type Targets = NonNullable<Written['routing']['failover']>['targets']

/** One group for each priority, the lowest number first. */
function compileGroups(
  targets: Targets,
  path: Path,
  place: ModelPlace,
  context: RouteContext,
): readonly (readonly Destination[])[] {
  const groups = new Map<number, Destination[]>()
  for (const [index, { model, priority }] of targets.entries()) {
    const here = [...path, 'failover', 'targets', index, 'model']
    const group = groups.get(priority) ?? []
    groups.set(priority, group)
    group.push(compileTarget(model, here, place, context))
  }
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group)
}

/** The first model in the order of the router whose name fits; what else it asks of a request does not count. */
function compileTarget(asked: string, path: Path, place: ModelPlace, context: RouteContext): Destination {
  const found = place.ordered.find(({ model }) => nameCovers(model.name, asked))
  if (found === undefined) throw invalid(path, 'no model takes this name', 'name one of llm.models')
  return targetDestination(found.model, found.path, asked, place, context)
}
