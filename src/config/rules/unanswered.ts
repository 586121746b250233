import type { Path } from '../diagnostic.ts'
import type { FileContext, FileRule } from './rule.ts'
import type { ListenerScene } from './scene-listeners.ts'
import { isSet, listAt, type Node, nodeAt, nodesAt, textAt } from './tree.ts'

/** Ports that nothing stands behind, and configs that open none: agentgateway starts with them, and answers no request. */
export const unanswered: FileRule = context => {
  const { scene } = context
  if (scene.listeners.length === 0) noListener(context)
  for (const listener of scene.listeners) if (!hasAnswer(listener, context)) tellListener(listener, context)
  noModels(context)
}

/** Where it says that requests shall come in; the whole file, where nothing does. */
function noListener({ data, report }: FileContext): void {
  const [bind] = nodesAt(data, 'binds')
  const place = ['binds', 'gateways'].find(key => isSet(data[key]))
  report({
    code: 'NOTHING_ANSWERS',
    path: bind !== undefined ? ['binds', bind[1], 'listeners'] : place === undefined ? [] : [place],
    message: 'this config has no listener, so there is no port to send a request to',
    hint: `add ${bind === undefined ? 'an `llm` section with models, or a gateway with routes' : 'a listener with `routes`'}`,
  })
}

function hasAnswer({ path, kind, served }: ListenerScene, { data, scene }: FileContext): boolean {
  if (served.length > 0) return true
  const node = nodeAt(data, ...path) ?? {}
  if (isTunnel(node, path, data)) return true
  if (path[0] === 'binds') return listAt(node, 'tcpRoutes').length > 0
  const isHere = (route: Node): boolean => scene.serving.at(route, [], 'tcp').some(one => one.path === path)
  return kind === 'tcp' && nodesAt(data, 'tcpRoutes').some(([route]) => isHere(route))
}

/** What leads on by itself, with no route. */
function isTunnel(listener: Node, path: Path, data: Node): boolean {
  const tunnel = textAt(nodeAt(data, ...path.slice(0, 2)), 'tunnelProtocol') ?? 'direct'
  const connect = textAt(data, 'frontendPolicies', 'connect', 'mode') ?? 'deny'
  return textAt(listener, 'protocol') === 'HBONE' || tunnel !== 'direct' || connect !== 'deny'
}

function tellListener({ path, name, kind }: ListenerScene, { report }: FileContext): void {
  const isBind = path[0] === 'binds'
  const list = kind === 'tcp' ? 'tcpRoutes' : 'routes'
  const whose = kind === 'tcp' ? 'an entry of tcpRoutes' : 'a route, or of llm'
  report({
    code: 'NOTHING_ANSWERS',
    path,
    at: isBind ? 'value' : 'key',
    message: `nothing answers at this ${path.length === 2 ? 'gateway' : 'listener'}: no route leads away from it`,
    hint: `${isBind ? `add \`${list}\` to it` : `name it in \`gateways\` of ${whose}, as in gateways: ${name}`}; or remove it`,
  })
}

/** Virtual models stand for others. */
function noModels({ data, report }: FileContext): void {
  if (!isSet(data['llm']) || nodesAt(data, 'llm', 'models').length > 0) return
  report({
    code: 'NOTHING_ANSWERS',
    path: ['llm', 'models'],
    message: 'there is no model, so every request for one is answered with 404',
    hint: 'add one, as in - { name: "*", provider: openAI }',
  })
}
