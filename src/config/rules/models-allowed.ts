import type { Path } from '../diagnostic.ts'
import { matchesModel } from './model-patterns.ts'
import type { FileContext, FileRule } from './rule.ts'
import { isNode, listAt, type Node, nodesAt, pathOf, textAt } from './tree.ts'
import { listed, meant, shown } from './words.ts'

/** What virtual keys may use: models that are not there, and lists that nobody reads. */
export const allowedModels: FileRule = context => {
  const { data, scene } = context
  const models = [
    ...nodesAt(data, 'llm', 'models').map(([model]) => textAt(model, 'name') ?? ''),
    ...nodesAt(data, 'llm', 'virtualModels').map(([model]) => textAt(model, 'name') ?? ''),
  ]
  const gateways = scene.listeners.filter(({ served }) => served.some(one => one.what === 'llm'))
  const toModels = (path: Path): boolean =>
    path[0] === 'llm' || gateways.some(listener => path.join('.').startsWith(`${listener.path.join('.')}.`))
  for (const place of context.placesOf('apiKey')) {
    const path = pathOf(place)
    if (!isNode(place.value) || path[0] === 'policies') continue
    for (const [key, index] of nodesAt(place.value, 'keys')) {
      const list = [...path, 'keys', index, 'allowedModels']
      if (!toModels(path)) unread(key, list, context)
      else if (models.length > 0) judge(key, list, models, context)
    }
  }
}

function unread(key: Node, path: Path, { report }: FileContext): void {
  if (!Array.isArray(key['allowedModels'])) return
  report({
    code: 'ALLOWED_MODELS_UNREAD',
    path,
    at: 'key',
    message: 'only the llm section looks at this list: here the key may use any model',
    hint: 'check the models with authorization rules, or serve them from the llm section',
  })
}

function judge(key: Node, path: Path, models: readonly string[], { report }: FileContext): void {
  for (const [index, allowed] of listAt(key, 'allowedModels').entries()) {
    if (typeof allowed !== 'string' || allowed === '' || models.some(model => meet(allowed, model))) continue
    report({
      code: 'ALLOWED_MODEL_UNKNOWN',
      path: [...path, index],
      message: `no model or virtual model of llm takes the name ${shown(allowed, 'of this entry')}`,
      hint: meant(allowed, models, `there is: ${listed(models)}`),
    })
  }
}

/** Whether some name fits both patterns. */
function meet(a: string, b: string): boolean {
  if (!a.includes('*')) return matchesModel(b, a)
  if (!b.includes('*')) return matchesModel(a, b)
  if (a.endsWith('*') !== b.endsWith('*')) return true
  const [one, other] = [a.replace('*', ''), b.replace('*', '')]
  return a.endsWith('*')
    ? one.startsWith(other) || other.startsWith(one)
    : one.endsWith(other) || other.endsWith(one)
}
