import type { FileContext, FileRule } from './rule.ts'
import { isSet, nodeAt, nodesAt, textAt, valueAt } from './tree.ts'
import { meant, shown } from './words.ts'

/** Policies that apply to nothing in the file. */
export const policyTargets: FileRule = context => {
  for (const [policy, index] of nodesAt(context.data, 'policies')) {
    const target = nodeAt(policy, 'target')
    const path = ['policies', index, 'target']
    judgeRoute(nodeAt(target, 'route'), [...path, 'route'], context)
    judgeBackend(nodeAt(target, 'backend', 'backend'), [...path, 'backend', 'backend'], context)
    judgeGateway(nodeAt(target, 'gateway'), [...path, 'gateway'], context)
  }
}

type Judge = (target: ReturnType<typeof nodeAt>, path: (string | number)[], context: FileContext) => void

/** Sections come to routes with names of their own. */
const MADE_ROUTES = ['internal/llm:request', 'internal/default', 'internal/ui']

const judgeRoute: Judge = (target, path, { data, scene, report }) => {
  const name = textAt(target, 'name')
  if (name === undefined || isSet(target?.['ruleName']) || isSet(target?.['kind'])) return
  const tcp = nodesAt(data, 'tcpRoutes').map(
    ([route]) => `${textAt(route, 'namespace') ?? 'default'}/${textAt(route, 'name')}`,
  )
  const served = [...scene.listeners, ...scene.groups].flatMap(listener =>
    listener.served.map(one => one.key),
  )
  const known = [...new Set([...served, ...MADE_ROUTES, ...tcp])]
  const wanted = `${textAt(target, 'namespace') ?? ''}/${name}`
  if (known.includes(wanted)) return
  report({
    code: 'POLICY_WITHOUT_TARGET',
    path,
    message: `there is no route ${shown(wanted, 'of this name')}, so the policy applies to nothing`,
    hint: meant(
      wanted,
      known,
      'write the name and the namespace of the route; without one of its own it is default',
    ),
  })
}

const judgeBackend: Judge = (target, path, { scene, report }) => {
  const name = textAt(target, 'name')
  if (name === undefined || name.startsWith('llm:') || name.includes('/')) return
  const known = [...scene.backends.keys()].map(key => key.slice(1))
  const stray = textAt(target, 'namespace') !== undefined
  if (known.includes(name) && !stray) return
  report({
    code: 'POLICY_WITHOUT_TARGET',
    path: stray && known.includes(name) ? [...path, 'namespace'] : path,
    message: known.includes(name)
      ? 'backends of the file have no namespace, so the policy applies to nothing'
      : `there is no backend ${shown(name, 'of this name')}, so the policy applies to nothing`,
    hint: known.includes(name) ? 'write namespace: ""' : meant(name, known, 'name an entry of `backends`'),
  })
}

/** All of a file belongs to one gateway of agentgateway, whatever its entries of `gateways` are called. */
const judgeGateway: Judge = (target, path, { data, report }) => {
  const name = textAt(target, 'gatewayName')
  if (name === undefined || name === 'default' || !Object.hasOwn(nodeAt(data, 'gateways') ?? {}, name)) return
  if (isSet(valueAt(data, 'config', 'gateway'))) return
  report({
    code: 'POLICY_WITHOUT_TARGET',
    path: [...path, 'gatewayName'],
    message: 'an entry of `gateways` is a listener in the eyes of policies, so this applies to nothing',
    hint: `write gatewayName: default and listenerName: ${shown(name, 'with this name')}`,
  })
}
