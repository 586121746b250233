import { type ModelName, matchesModel, namesMatching, specificity } from './model-patterns.ts'
import type { FileContext, FileRule } from './rule.ts'
import { isSet, listAt, type Node, nodeAt, nodesAt, textAt, valueAt } from './tree.ts'
import { lineOf, shown } from './words.ts'

/** Models that no request reaches, and names that a provider does not know. */
export const modelNames: FileRule = context => {
  shadowed(context)
  unused(context)
  prefixes(context)
  virtualStars(context)
}

/** Virtual models are looked up by their whole name. */
function virtualStars({ data, report }: FileContext): void {
  for (const [model, index] of nodesAt(data, 'llm', 'virtualModels')) {
    if (textAt(model, 'name')?.includes('*') !== true) continue
    report({
      code: 'MATCH_NEVER',
      path: ['llm', 'virtualModels', index, 'name'],
      message: 'a star stands for nothing in the name of a virtual model: it is compared letter by letter',
      hint: 'write one whole name, and make one virtual model for each',
    })
  }
}

/** Of two models that take the same names, the first is used, unless it asks for headers or rights. */
function shadowed({ data, document, report }: FileContext): void {
  const models = nodesAt(data, 'llm', 'models').map(([model]) => model)
  const byCore = new Map<string, ModelName[]>()
  for (const later of namesMatching(data)) {
    const core = later.name.replaceAll('*', '')
    const before = byCore.get(core) ?? []
    const winner = before.find(earlier => {
      const isOpen = isAlwaysTaken(models[earlier.index] ?? {})
      return (
        isOpen && specificity(earlier.name) === specificity(later.name) && covers(earlier.name, later.name)
      )
    })
    byCore.set(core, [...before, later])
    if (winner === undefined) continue
    report({
      code: 'MODEL_SHADOWED',
      path: ['llm', 'models', later.index, 'name'],
      message: `the model in ${lineOf(document, ['llm', 'models', winner.index])} takes every request for ${shown(later.name, 'this name')}, so this one is never used`,
      hint: 'remove one of them, or tell them apart by `matches`',
    })
  }
}

function isAlwaysTaken(model: Node): boolean {
  const matches = listAt(model, 'matches')
  const anyRequest = matches.length === 0 || matches.some(match => listAt(match, 'headers').length === 0)
  return anyRequest && model['visibility'] !== 'internal' && !isSet(model['authorization'])
}

function covers(wider: string, narrower: string): boolean {
  if (wider === narrower) return true
  return wider.includes('*') && !narrower.includes('*') && matchesModel(wider, narrower)
}

/** An internal model is there for virtual ones. */
function unused({ data, report }: FileContext): void {
  const targets = nodesAt(data, 'llm', 'virtualModels').flatMap(([virtual]) =>
    ['weighted', 'failover', 'conditional'].flatMap(strategy =>
      nodesAt(virtual, 'routing', strategy, 'targets').map(([target]) => textAt(target, 'model') ?? ''),
    ),
  )
  for (const [model, index] of nodesAt(data, 'llm', 'models')) {
    const name = textAt(model, 'name')
    if (model['visibility'] !== 'internal' || name === undefined) continue
    if (targets.some(target => matchesModel(name, target))) continue
    report({
      code: 'INTERNAL_MODEL_UNUSED',
      path: ['llm', 'models', index, 'visibility'],
      message: 'an internal model is reached by virtual models only, and none has it as a target',
      hint: 'make it a target of a virtual model, or remove visibility to let clients use it',
    })
  }
}

/** Providers whose models have no slash in their names. */
const PLAIN_NAMES = new Set([
  'openai',
  'openAI',
  'anthropic',
  'azure',
  'mistral',
  'cohere',
  'xai',
  'deepseek',
  'cerebras',
  'copilot',
])

/** `openai/gpt-5` is sent to the provider as it stands: no prefix is taken off by itself. */
function prefixes({ data, scene, report }: FileContext): void {
  for (const { path, provider, settings, address } of scene.upstreams) {
    // Another host may know names that the provider itself does not.
    if (path[0] !== 'llm' || !PLAIN_NAMES.has(provider) || address !== undefined) continue
    if (isSet(settings['model'])) continue
    const model = nodeAt(data, ...path)
    const name = textAt(model, 'name')
    const prefix = name === undefined ? undefined : /^([^*]+\/)/.exec(name)?.[1]
    if (name === undefined || prefix === undefined || model === undefined || setsModel(model, data)) continue
    const target = name.endsWith('*')
    report({
      code: 'MODEL_PREFIX_KEPT',
      path: [...path, 'name'],
      message: `the provider is asked for the whole name, with ${shown(prefix, 'the prefix')} in front, and knows no such model`,
      hint: target
        ? `add transformation: {model: 'llmRequest.model.stripPrefix(${shown(prefix, '…')})'}`
        : 'add params: {model: …} with the name that the provider knows',
    })
  }
}

function setsModel(model: Node, data: Node): boolean {
  const reference = textAt(model, 'provider', 'reference')
  const source = nodesAt(data, 'llm', 'providers').find(([one]) => one['name'] === reference)?.[0]
  const places = [model, reference === undefined ? undefined : nodeAt(source, 'defaults')]
  return places.some(place =>
    ['transformation', 'finalTransformation', 'overrides'].some(key => isSet(valueAt(place, key, 'model'))),
  )
}
