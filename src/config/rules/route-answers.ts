import type { Path } from '../diagnostic.ts'
import { PROVIDER_PRESETS } from '../schema/llm-params.ts'
import type { FileContext, FileRule } from './rule.ts'
import type { Upstream } from './scene-upstreams.ts'
import { isSet, listAt, type Node, nodeAt, nodesAt } from './tree.ts'

/** Policies that answer without a backend. */
const ANSWERS = ['directResponse', 'requestRedirect']

/** Routes that no backend can answer, and providers that cannot be called. */
export const routeAnswers: FileRule = context => {
  const { data, scene } = context
  const targeted = scene.targeted.some(({ policy }) => ANSWERS.some(key => isSet(policy[key])))
  for (const { node, path } of scene.routes) {
    const answers = targeted || ANSWERS.some(key => isSet(nodeAt(node, 'policies')?.[key]))
    judgeBackends(node, path, answers, context)
  }
  for (const [path, list] of tcpRoutes(data)) {
    for (const [route, index] of nodesAt(list)) judgeBackends(route, [...path, index], false, context)
  }
  for (const [model, index] of nodesAt(data, 'llm', 'virtualModels')) {
    const path = ['llm', 'virtualModels', index, 'routing', 'weighted', 'targets']
    judgeWeights(nodesAt(model, 'routing', 'weighted', 'targets'), path, context)
  }
  for (const upstream of scene.upstreams) {
    const { provider, address, path, kind } = upstream
    if (kind !== 'ai' || address !== undefined) continue
    if (path[0] === 'llm') judgePreset(upstream, context)
    else if (provider === 'custom') {
      context.report({
        code: 'CUSTOM_WITHOUT_HOST',
        path,
        message: 'a custom provider has no host of its own, so every request to it ends in an error',
        hint: 'add hostOverride: host:port, and `backendTLS: {}` to its policies for TLS',
      })
    }
  }
}

/** agentgateway takes the address of a preset only where no part of one is written. A custom provider's is missed by the schema. */
function judgePreset({ provider, settings, path }: Upstream, { report }: FileContext): void {
  if (!PROVIDER_PRESETS.some(preset => preset === provider) || !isSet(settings['pathOverride'])) return
  report({
    code: 'CUSTOM_WITHOUT_HOST',
    path,
    message: `with "pathOverride" alone ${provider} has no host, so every request to it ends in an error`,
    hint: 'take pathOverride out, or write baseUrl with the address of the provider beside it',
  })
}

function tcpRoutes(data: Node): [Path, readonly unknown[]][] {
  const out: [Path, readonly unknown[]][] = [[['tcpRoutes'], listAt(data, 'tcpRoutes')]]
  for (const [bind, index] of nodesAt(data, 'binds')) {
    for (const [listener, at] of nodesAt(bind, 'listeners')) {
      out.push([['binds', index, 'listeners', at, 'tcpRoutes'], listAt(listener, 'tcpRoutes')])
    }
  }
  return out
}

function judgeBackends(route: Node, path: Path, answers: boolean, context: FileContext): void {
  const backends = nodesAt(route, 'backends')
  if (backends.length > 0) {
    if (!answers) judgeWeights(backends, [...path, 'backends'], context)
    return
  }
  if (answers) return
  context.report({
    code: 'ROUTE_WITHOUT_BACKEND',
    path: isSet(route['backends']) ? [...path, 'backends'] : path,
    message: 'this route has no backend and no answer of its own, so every request to it ends in a 500',
    hint: 'add `backends`, or a directResponse or requestRedirect to its policies',
  })
}

function judgeWeights(entries: readonly [Node, number][], path: Path, { report }: FileContext): void {
  if (entries.length === 0 || entries.some(([entry]) => entry['weight'] !== 0)) return
  report({
    code: 'NO_WEIGHT',
    path: [...path, entries[0]?.[1] ?? 0, 'weight'],
    message: 'every entry has weight 0, so none is ever chosen and every request ends in an error',
    hint: 'give at least one of them a weight of 1 or more',
  })
}
