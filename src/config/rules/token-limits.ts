import type { Path } from '../diagnostic.ts'
import type { FileRule } from './rule.ts'
import type { Scene } from './scene.ts'
import type { RouteScene } from './scene-listeners.ts'
import { isNode, isSet, type Node, nodeAt, nodesAt, textAt } from './tree.ts'

/** Limits of tokens on routes that have no model behind them. */
export const tokenLimits: FileRule = ({ data, scene, document, report }) => {
  if (!document.text.includes('tokens')) return
  const judge = (policies: Node | undefined, path: Path): void => {
    for (const [limit, at] of limitsOf(policies?.['localRateLimit'], [...path, 'localRateLimit'])) {
      if (textAt(limit, 'type') !== 'tokens') continue
      report({
        code: 'RATE_LIMIT_UNCOUNTED',
        path: [...at, 'type'],
        message: 'there is no model behind this, so no tokens are ever counted and nothing is limited',
        hint: 'write type: requests, or put the limit where requests go to a model',
      })
    }
  }
  for (const route of scene.routes) {
    const policies = nodeAt(route.node, 'policies')
    if (!isSet(policies?.['localRateLimit']) || !isWithoutModel(route, scene)) continue
    judge(policies, [...route.path, 'policies'])
  }
  judge(nodeAt(data, 'mcp', 'policies'), ['mcp', 'policies'])
}

function limitsOf(limits: unknown, path: Path): [Node, Path][] {
  const [list, at] = isNode(limits) ? [limits['conditional'], [...path, 'conditional']] : [limits, path]
  return nodesAt(list).map(([limit, index]) => [limit, [...at, index]])
}

/** All its backends are known, and none is a model. */
function isWithoutModel({ node }: RouteScene, { backends }: Scene): boolean {
  const all = nodesAt(node, 'backends')
  return (
    all.length > 0 &&
    all.every(([backend]) => {
      const name = textAt(backend, 'backend')
      const known = name === undefined ? backend : backends.get(`/${name.replace(/^\//, '')}`)?.node
      return known !== undefined && (isSet(known['host']) || isSet(known['mcp']))
    })
  )
}
