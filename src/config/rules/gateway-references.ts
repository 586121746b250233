import type { Path } from '../diagnostic.ts'
import type { FileContext, FileRule } from './rule.ts'
import type { Kind } from './scene-listeners.ts'
import { isAttached } from './scene-listeners.ts'
import { isSet, type Node, nodeAt, nodesAt } from './tree.ts'
import { listed, meant, shown } from './words.ts'

/** What attaches to gateways must name some that are there, and that speak its language. */
export const gatewayReferences: FileRule = context => {
  const { data } = context
  for (const [route, index] of nodesAt(data, 'routes')) judge(route, ['routes', index], 'http', context)
  for (const [route, index] of nodesAt(data, 'tcpRoutes')) judge(route, ['tcpRoutes', index], 'tcp', context)
  for (const what of ['llm', 'mcp', 'ui'] as const) {
    const section = nodeAt(data, what)
    if (section !== undefined && isAttached(section, what)) judge(section, [what], 'http', context)
  }
}

function judge(section: Node, path: Path, kind: Kind, { scene, report }: FileContext): void {
  const { references, wanted, at: listenersAt } = scene.serving
  if (!isSet(section['gateways']) && listenersAt(section, path, kind).length > 0) return
  const names = wanted(section, path, kind)
  const word = kind === 'http' ? 'HTTP' : 'TCP'
  // llm and mcp take a port of their own when there is no gateway.
  if (names.length === 0 && path[0] !== 'llm' && path[0] !== 'mcp') {
    report({
      code: 'NO_GATEWAY',
      path,
      at: path.length === 1 ? 'key' : 'value',
      message: `this attaches to the gateway called "default" unless it names others, and there is none with ${word} listeners`,
      hint:
        references.size === 0
          ? 'add gateways: {default: {port: 8080}}'
          : 'name one of the gateways in `gateways`',
    })
  }
  for (const { name, path: at } of names) {
    const found = references.get(name)
    if (found?.some(listener => listener.kind === kind)) continue
    const known = [...references.keys()]
    report({
      code: 'UNKNOWN_GATEWAY',
      path: at,
      message:
        found === undefined
          ? `there is no gateway or listener ${shown(name, 'of this name')}`
          : `the gateway ${shown(name, 'of this name')} has no ${word} listener`,
      hint:
        found !== undefined
          ? `name a gateway of protocol ${kind === 'http' ? 'HTTP or HTTPS' : 'TCP or TLS'}`
          : meant(name, known, known.length === 0 ? 'add it to `gateways`' : `there is: ${listed(known)}`),
    })
  }
}
