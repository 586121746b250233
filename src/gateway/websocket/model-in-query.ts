import { parametersOf } from '../../query.ts'

/** Parameters in which a handshake names its model: OpenAI's, and Azure's, which reads names in any case. */
const NAMES = new Set(['model', 'deployment'])

/** Every model that a query names, decoded, each as often as it stands there. */
export function modelsInQuery(query: string): string[] {
  const models: string[] = []
  for (const [name, value] of parametersOf(query)) if (NAMES.has(name.toLowerCase())) models.push(value)
  return models
}

/** The query with that model in place of the one it names, or behind it where it names none. */
export function withModelInQuery(query: string, model: string): string {
  const pairs = query === '' ? [] : query.split('&')
  let name = 'model'
  const others = pairs.filter(pair => {
    const [[written = ''] = []] = parametersOf(pair)
    if (!NAMES.has(written.toLowerCase())) return true
    name = written
    return false
  })
  return [...others, `${name}=${encodeURIComponent(model)}`].join('&')
}
