import type { Path } from '../config/index.ts'
import { isNode, isSet, nodesAt, textAt } from '../config/rules/tree.ts'
import { backendObject, type KubernetesObject, type ManifestProvider } from '../kubernetes/index.ts'
import { headerWords } from './filters.ts'
import { attachedTo, type ExportedListener } from './listeners.ts'
import { modelMatch } from './matches.ts'
import { leaveUnusedProviders, modelProvider } from './model-providers.ts'
import { modelRules } from './model-rules.ts'
import { modelNotes } from './notes.ts'
import { exportedPolicies, policyObjects } from './policies.ts'
import {
  backendRef,
  type ExportedRoute,
  type ExportScene,
  gatewayTarget,
  MODEL_HEADER,
  policyObject,
  routeObject,
  routeTarget,
} from './scene.ts'
import { unwritten } from './unwritten.ts'
import { MOST_ITEMS, type Words } from './words.ts'

/** More rules an HTTPRoute does not have. */
const MOST_RULES = 16
const ANY_PATH = { type: 'PathPrefix', value: '/' } as const

interface Model {
  readonly pattern: string
  readonly index: number
  readonly provider: ManifestProvider
  readonly object: KubernetesObject
  /** Who may use it. */
  readonly rules: readonly Words[]
  readonly changes: { readonly request?: Words | undefined; readonly response?: Words | undefined }
}

/** The models of the `llm` section: a rule each, the more exact name first, as agentgateway chooses. */
export function exportedModels(scene: ExportScene): ExportedRoute | undefined {
  const { taken, names } = scene
  const entries = nodesAt({ models: taken.look('llm', 'models') }, 'models')
  const listeners = taken.attempt(['llm'], () => listenersOf(scene)) ?? []
  if (entries.length === 0 || listeners.length === 0) return undefined
  const made: Model[] = []
  for (const [, index] of entries) {
    const path: Path = ['llm', 'models', index]
    const model = taken.attempt(path, () => {
      if (made.length === MOST_RULES) unwritten(`an HTTPRoute has no room for more than ${MOST_RULES} models`)
      return modelAt(scene, path, index)
    })
    if (model !== undefined) made.push(model)
  }
  leaveUnusedProviders(
    scene,
    made.map(({ index }) => ['llm', 'models', index]),
  )
  if (made.length === 0) return undefined
  const exactness = (pattern: string): number => pattern.replaceAll('*', '').length
  const sorted = made.toSorted((a, b) => exactness(b.pattern) - exactness(a.pattern) || a.index - b.index)
  const isOne = sorted.length === 1 && sorted[0]?.pattern === '*'
  const name = names.once('HTTPRoute', 'llm')
  const policies = exportedPolicies(scene, ['llm', 'policies'], name)
  // A browser asks without a body, and so without a model.
  const asks = policies.kinds.has('cors') && !isOne
  const isUnasked = asks && sorted.length === MOST_RULES
  if (isUnasked)
    taken.leave(['llm', 'policies', 'cors'], 'an HTTPRoute has no room for a rule that answers browsers')
  const rules = [
    ...sorted.map(model => ruleOf(model, isOne)),
    ...(asks && !isUnasked ? [{ matches: [{ path: ANY_PATH, method: 'OPTIONS' }] }] : []),
  ]
  const traffic = isUnasked ? policies.traffic.filter(one => !('cors' in one)) : policies.traffic
  const providers = sorted.map(({ provider }) => provider)
  return {
    place: 'llm',
    name,
    listeners,
    objects: [
      ...sorted.map(({ object }) => object),
      ...policies.objects,
      routeObject(name, scene, listeners, { rules }),
      ...(isOne ? [] : [modelPolicy(scene, listeners)]),
      ...policyObjects(scene, name, [routeTarget(name)], traffic),
      ...sorted.flatMap(model => {
        const sectionName = nameOf(model)
        return policyObjects(
          scene,
          `${name}-${sectionName}`,
          [{ ...routeTarget(name), sectionName }],
          model.rules,
        )
      }),
    ],
    providers,
    readsModels: !isOne,
    notes: modelNotes(providers, isOne),
  }
}

function modelAt(scene: ExportScene, path: Path, index: number): Model {
  const { taken, names, namespace } = scene
  const model = taken.look(...path)
  if (textAt(model, 'visibility') === 'internal')
    unwritten('it is for virtual models alone, and there everybody could use it')
  if (isNode(model) && isSet(model['matches']))
    unwritten('its matches have no word there: it would take requests that are not for it')
  taken.take(...path, 'visibility')
  const provider = modelProvider(scene, path)
  const change = (key: string): Words | undefined =>
    taken.attempt([...path, key], () => headerWords(taken.takeFree(...path, key)))
  return {
    pattern: textAt(model, 'name') ?? '*',
    index,
    provider,
    object: names.place(backendObject(provider, namespace)),
    rules: modelRules(scene, path),
    changes: { request: change('requestHeaders'), response: change('responseHeaders') },
  }
}

/** Of its rule, for policies that are for this rule alone: two models may have one backend. */
function nameOf({ index }: Model): string {
  return `model-${index + 1}`
}

function ruleOf(model: Model, isOne: boolean): Words {
  const { pattern, object, rules, changes } = model
  // That of all models, too: a request whose model is not read goes to none, as here, and around no guard of another.
  const headers = isOne ? undefined : [modelMatch(MODEL_HEADER, pattern)]
  const { remove = [], ...more } = (changes.request ?? {}) as { remove?: string[] }
  // The provider need not see it.
  const removed = isOne ? remove : [...remove, MODEL_HEADER]
  const request = { ...more, ...(removed.length > 0 && { remove: removed }) }
  const filters = [
    ...(Object.keys(request).length > 0
      ? [{ type: 'RequestHeaderModifier', requestHeaderModifier: request }]
      : []),
    ...(changes.response === undefined
      ? []
      : [{ type: 'ResponseHeaderModifier', responseHeaderModifier: changes.response }]),
  ]
  return {
    ...(rules.length > 0 && { name: nameOf(model) }),
    matches: [{ path: ANY_PATH, ...(headers !== undefined && { headers }) }],
    ...(filters.length > 0 && { filters }),
    backendRefs: [backendRef(object.metadata.name)],
  }
}

function listenersOf({ taken, listeners }: ExportScene): readonly ExportedListener[] {
  const own = listeners.filter(one => one.places.includes('llm'))
  // A port or a certificate of its own is another listener than those of gateways.
  const isApart = ['port', 'tls'].some(key => isSet(taken.look('llm', key)))
  const on = own.length > 0 || isApart ? own : attachedTo(taken, ['llm'], listeners)
  if (on.length > MOST_ITEMS) unwritten(`a policy is for no more than ${MOST_ITEMS} listeners`)
  return on
}

/** Before a route is chosen, the model is read from the body. */
function modelPolicy(scene: ExportScene, listeners: readonly ExportedListener[]): KubernetesObject {
  return policyObject(`${scene.gateway}-model`, scene, {
    targetRefs: listeners.map(({ name }) => gatewayTarget(scene.gateway, name)),
    traffic: {
      phase: 'PreRouting',
      transformation: { request: { set: [{ name: MODEL_HEADER, value: 'json(request.body).model' }] } },
    },
  })
}
