import type { Path } from '../diagnostic.ts'
import type { FileRule } from './rule.ts'
import { isAttached } from './scene-listeners.ts'
import { isNode, type Node, nodeAt, nodesAt } from './tree.ts'
import { lineOf } from './words.ts'

/** Where the sections listen that name no port. */
export const DEFAULT_PORTS = { llm: 4000, mcp: 3000 } as const

interface Claim {
  readonly port: number
  readonly path: Path
  readonly who: string
}

/** Binds, gateways, llm and mcp each need a port of their own. */
export const ports: FileRule = ({ data, scene, document, report }) => {
  const first = new Map<number, Claim>()
  const inOrder = claims(data, section => scene.serving.wanted(section, [], 'http').length > 0)
  for (const claim of inOrder) {
    const rival = first.get(claim.port)
    if (rival === undefined) {
      first.set(claim.port, claim)
      continue
    }
    const unsaid = claim.path.length === 1
    report({
      code: 'PORT_TAKEN',
      path: claim.path,
      at: unsaid ? 'key' : 'value',
      message: `port ${claim.port}${unsaid ? `, which ${claim.who} takes when none is given,` : ''} is taken by ${rival.who} in ${lineOf(document, rival.path)} already`,
      hint:
        claim.path[0] === 'llm' || claim.path[0] === 'mcp'
          ? 'name a gateway in `gateways`, or give it another port'
          : 'use another port, or make both listeners of the same one',
    })
  }
}

function claims(data: Node, attaches: (section: Node) => boolean): Claim[] {
  const out: Claim[] = []
  for (const [bind, index] of nodesAt(data, 'binds')) {
    const { port } = bind
    if (typeof port !== 'number' || (bind['mode'] === 'internal' && port === 0)) continue
    out.push({ port, path: ['binds', index, 'port'], who: `binds[${index}]` })
  }
  for (const [name, gateway] of Object.entries(nodeAt(data, 'gateways') ?? {})) {
    const port = isNode(gateway) ? gateway['port'] : undefined
    if (typeof port === 'number') out.push({ port, path: ['gateways', name, 'port'], who: 'a gateway' })
  }
  for (const what of ['llm', 'mcp'] as const) {
    const section = nodeAt(data, what)
    if (section === undefined || (attaches(section) && isAttached(section, what))) continue
    const port = section['port']
    const given = typeof port === 'number'
    out.push({ port: given ? port : DEFAULT_PORTS[what], path: given ? [what, 'port'] : [what], who: what })
  }
  return out
}
