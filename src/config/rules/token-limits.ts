import type { FileRule } from './rule.ts'
import { isNode, isSet, type Node, nodeAt, nodesAt, pathKey, textAt } from './tree.ts'

/** Limits of tokens on routes that have no model behind them. */
export const tokenLimits: FileRule = ({ data, scene, report }) => {
  const plain = new Set<string>()
  const ai = new Set<string>()
  for (const { kind, route } of scene.upstreams) {
    if (route !== undefined) (kind === 'ai' ? ai : plain).add(pathKey(route.path))
  }
  const judge = (policies: Node | undefined, path: readonly (string | number)[]): void => {
    const limits = policies?.['localRateLimit']
    const conditional = isNode(limits)
    const list = [...path, 'localRateLimit', ...(conditional ? ['conditional'] : [])]
    for (const [limit, index] of nodesAt(conditional ? limits['conditional'] : limits)) {
      if (textAt(limit, 'type') !== 'tokens') continue
      report({
        code: 'RATE_LIMIT_UNCOUNTED',
        path: [...list, index, 'type'],
        message: 'there is no model behind this, so no tokens are ever counted and nothing is limited',
        hint: 'write type: requests, or put the limit where requests go to a model',
      })
    }
  }
  for (const { node, path } of scene.routes) {
    const known = nodesAt(node, 'backends').every(([backend]) =>
      ['host', 'mcp', 'backend'].some(key => isSet(backend[key])),
    )
    if (known && plain.has(pathKey(path)) && !ai.has(pathKey(path))) {
      judge(nodeAt(node, 'policies'), [...path, 'policies'])
    }
  }
  judge(nodeAt(data, 'mcp', 'policies'), ['mcp', 'policies'])
}
