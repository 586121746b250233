import { type Node, nodesAt, textAt } from './tree.ts'

/** A name of `llm.models` and where it stands in the list. */
export interface ModelName {
  readonly name: string
  readonly index: number
}

/** How many letters of a pattern are fixed: the more, the sooner it is tried. */
export function specificity(pattern: string): number {
  return pattern.replaceAll('*', '').length
}

/** Whether a pattern of `llm.models` takes a model: exact, `*`, `prefix*` or `*suffix`. */
export function matchesModel(pattern: string, model: string): boolean {
  if (pattern.endsWith('*')) return model.startsWith(pattern.slice(0, -1))
  return pattern.startsWith('*') ? model.endsWith(pattern.slice(1)) : pattern === model
}

/** The names of `llm.models` in the order in which they are tried. */
export function namesMatching(data: Node): ModelName[] {
  return nodesAt(data, 'llm', 'models')
    .map(([model, index]) => ({ name: textAt(model, 'name') ?? '', index }))
    .sort((a, b) => specificity(b.name) - specificity(a.name) || a.index - b.index)
}

/** The place in the list of the model that a target of a virtual model comes to. */
export function resolveModel(models: readonly ModelName[], target: string): number | undefined {
  return models.find(({ name }) => matchesModel(name, target))?.index
}
