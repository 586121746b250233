import { type Alias, type Document, isAlias, isNode, type Node, visit } from 'yaml'

/** What each alias of a file stands for: the last node above it with that anchor; absent where there is none. */
export type AliasTargets = ReadonlyMap<Alias, Node>

/** All aliases in one pass; the library goes through the whole file for each of them. */
export function aliasTargets(yaml: Document): AliasTargets {
  const anchors = new Map<string, Node>()
  const targets = new Map<Alias, Node>()
  visit(yaml, {
    Node: (_, node) => {
      if (isAlias(node)) {
        const target = anchors.get(node.source)
        if (target !== undefined) targets.set(node, target)
      } else if (isNode(node) && 'anchor' in node && typeof node.anchor === 'string') {
        anchors.set(node.anchor, node)
      }
    },
  })
  return targets
}
