import type { FileContext, FileRule, RuleFinding } from './rule.ts'
import type { Scene } from './scene.ts'
import { isSet, nodeAt, nodesAt, textAt, valueAt } from './tree.ts'
import { listed, meant, shown } from './words.ts'

/** Policies that apply to nothing in the file. */
export const policyTargets: FileRule = context => {
  // A control plane adds routes and listeners that stand in no file.
  if (['xdsAddress', 'localXdsPath'].some(key => isSet(valueAt(context.data, 'config', key)))) return
  for (const [policy, index] of nodesAt(context.data, 'policies')) {
    const target = nodeAt(policy, 'target')
    const path = ['policies', index, 'target']
    const isCheck = Object.keys(nodeAt(policy, 'policy') ?? {}).some(key => CHECKS.has(key))
    const code = isCheck ? 'CHECK_WITHOUT_TARGET' : 'POLICY_WITHOUT_TARGET'
    const judged: Judged = {
      data: context.data,
      scene: context.scene,
      report: finding => context.report({ code, ...finding }),
    }
    judgeRoute(nodeAt(target, 'route'), [...path, 'route'], judged)
    judgeBackend(nodeAt(target, 'backend', 'backend'), [...path, 'backend', 'backend'], judged)
    judgeGateway(nodeAt(target, 'gateway'), [...path, 'gateway'], judged)
  }
}

/** Policies that refuse requests: where they apply to nothing, everybody gets in. */
const CHECKS: ReadonlySet<string> = new Set([
  'apiKey',
  'basicAuth',
  'jwtAuth',
  'oidc',
  'authorization',
  'mcpAuthentication',
  'mcpAuthorization',
  'extAuthz',
  'csrf',
])

interface Judged extends Pick<FileContext, 'data' | 'scene'> {
  report(finding: Omit<RuleFinding, 'code'>): void
}

type Judge = (target: ReturnType<typeof nodeAt>, path: (string | number)[], context: Judged) => void

/** Sections come to routes with names of their own. */
const MADE_ROUTES = ['internal/llm:request', 'internal/default', 'internal/ui']

const judgeRoute: Judge = (target, path, { data, scene, report }) => {
  const name = textAt(target, 'name')
  if (name === undefined) return
  for (const key of ['ruleName', 'kind']) {
    if (!isSet(target?.[key])) continue
    const message = `agentgateway knows no ${key} of routes in a file, so there the policy applies to nothing`
    report({ path: [...path, key], message, hint: 'remove it, and target the route by its name' })
    return
  }
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
    path: stray && known.includes(name) ? [...path, 'namespace'] : path,
    message: known.includes(name)
      ? 'backends of the file have no namespace, so the policy applies to nothing'
      : `there is no backend ${shown(name, 'of this name')}, so the policy applies to nothing`,
    hint: known.includes(name) ? 'write namespace: ""' : meant(name, known, 'name an entry of `backends`'),
  })
}

/** All of a file belongs to one gateway of agentgateway; entries of `gateways` are listeners of it. */
const judgeGateway: Judge = (target, path, { data, scene, report }) => {
  const name = textAt(target, 'gatewayName')
  if (name === undefined || isSet(valueAt(data, 'config', 'gateway'))) return
  const namespace = textAt(target, 'gatewayNamespace')
  const listeners = listenerNames(scene)
  const wanted = textAt(target, 'listenerName')
  const nothing = 'so the policy applies to nothing'
  if (name !== 'default') {
    const entry = listeners.filter(one => one === name || one.startsWith(`${name}/`))
    report({
      path: [...path, 'gatewayName'],
      message:
        entry.length > 0
          ? `an entry of \`gateways\` is a listener in the eyes of policies, ${nothing}`
          : `all of a file belongs to the gateway "default", and there is no ${shown(name, 'other')}, ${nothing}`,
      hint: `write gatewayName: default${entry.length > 0 ? ` and listenerName: ${listed(entry)}` : ''}`,
    })
  } else if (namespace !== 'default') {
    report({
      path: [...path, 'gatewayNamespace'],
      message: `the gateway is in the namespace "default", ${nothing}`,
      hint: 'write gatewayNamespace: default',
    })
  } else if (wanted !== undefined && !listeners.includes(wanted)) {
    const below = listeners.filter(one => one.startsWith(`${wanted}/`))
    report({
      path: [...path, 'listenerName'],
      message: `there is no listener ${shown(wanted, 'of this name')}, ${nothing}`,
      hint:
        below.length > 0
          ? `name a listener of it: ${listed(below)}`
          : meant(wanted, listeners, `name one of ${listed(listeners)}, or remove listenerName`),
    })
  }
}

/** As targets name them. Listeners of a bind are numbered where they have no name; a section has its own. */
function listenerNames({ listeners }: Scene): string[] {
  const names = listeners.map(({ name, path }) => {
    if (name !== undefined) return name
    return path[0] === 'binds' ? `listener${path[3]}` : String(path[0])
  })
  return [...new Set(names)]
}
