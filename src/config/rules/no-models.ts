import type { Path } from '../diagnostic.ts'
import { isSet, type Node, nodeAt, nodesAt, textAt } from './tree.ts'

/** The variables that are there for requests to models only. */
const OF_MODELS = /(?<![\w.])llmRequest(?!\w)/
const TEXTS = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g
const ASKED_FIRST = /llmRequest\s*[!=]=\s*null/

/** Whether an expression reads a model's request on a route that leads to no model, where there is none. */
export function readsNoModel(source: string, path: Path, data: Node): boolean {
  const code = source.replace(TEXTS, '""')
  if (!OF_MODELS.test(code) || ASKED_FIRST.test(code)) return false
  const at = path.lastIndexOf('routes')
  const index = path[at + 1]
  // Not under `ai`, whose `routes` are paths.
  if (at === -1 || typeof index !== 'number') return false
  const backends = nodesAt(nodeAt(data, ...path.slice(0, at + 2)), 'backends')
  return backends.length > 0 && backends.every(([backend]) => !leadsToModel(backend, data))
}

function leadsToModel(backend: Node, data: Node): boolean {
  const name = textAt(backend, 'backend')
  if (name === undefined) return isSet(backend['ai'])
  const named = nodesAt(data, 'backends').find(
    ([one]) => `/${textAt(one, 'name')}` === `/${name.replace(/^\//, '')}`,
  )
  // What is not found here is told of by itself.
  return named === undefined || isSet(named[0]['ai'])
}
