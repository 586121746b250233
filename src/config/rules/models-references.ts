import { namesMatching, resolveModel } from './model-patterns.ts'
import type { FileRule } from './rule.ts'
import { nodesAt, textAt } from './tree.ts'
import { meant, shown } from './words.ts'

/** Providers and models that are referred to and are not there. */
export const modelReferences: FileRule = ({ data, report }) => {
  const providers = nodesAt(data, 'llm', 'providers').map(([one]) => textAt(one, 'name') ?? '')
  for (const [model, index] of nodesAt(data, 'llm', 'models')) {
    const name = textAt(model, 'provider', 'reference')
    if (name === undefined || providers.includes(name)) continue
    report({
      code: 'UNKNOWN_PROVIDER',
      path: ['llm', 'models', index, 'provider', 'reference'],
      message: `there is no provider ${shown(name, 'of this name')} in llm.providers`,
      hint: meant(
        name,
        providers,
        'add it to llm.providers, or name a provider itself, as in provider: openAI',
      ),
    })
  }
  const models = namesMatching(data)
  for (const [virtual, index] of nodesAt(data, 'llm', 'virtualModels')) {
    for (const strategy of ['weighted', 'failover', 'conditional']) {
      for (const [target, at] of nodesAt(virtual, 'routing', strategy, 'targets')) {
        const name = textAt(target, 'model')
        if (name === undefined || resolveModel(models, name) !== undefined) continue
        report({
          code: 'UNKNOWN_MODEL',
          path: ['llm', 'virtualModels', index, 'routing', strategy, 'targets', at, 'model'],
          message: `no entry of llm.models takes the name ${shown(name, 'of this target')}`,
          hint: meant(
            name,
            models.map(one => one.name),
            'add a model of this name, with visibility: internal if only this shall reach it',
          ),
        })
      }
    }
  }
}
