import { type Config, type ConfigDocument, keySlots, type Path } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import {
  gatewayObject,
  type KubernetesObject,
  type ManifestProvider,
  routeNotes,
  secretName,
} from '../kubernetes/index.ts'
import { exportedClients } from './clients.ts'
import { exportedListeners } from './listeners.ts'
import { exportedModels, exportedRoutes } from './routes.ts'
import { Taken } from './taken.ts'

/** A config as the controller of agentgateway would have it. */
export interface ExportedConfig {
  /** Gateway, backends, routes, policies: no key is in them, but the hashes of virtual keys. */
  readonly objects: readonly KubernetesObject[]
  /** Key slots whose keys the backends look for, and the Secret of each. */
  readonly secrets: readonly { readonly slot: string; readonly secret: string }[]
  /** Every part of the config that is not written, in the order of the file. */
  readonly leftOver: readonly { readonly path: Path; readonly why: string | undefined }[]
  /** What works differently there though it is written. */
  readonly notes: readonly string[]
}

/** Config → manifests. Whatever is not in them is in `leftOver`. */
export function exportConfig(
  config: Config,
  document: ConfigDocument,
  { namespace, gateway }: { readonly namespace: string; readonly gateway: string },
): ExportedConfig {
  const taken = new Taken(document.data)
  const slots = keySlots(config, document)
  const listeners = exportedListeners(taken)
  const scene = { taken, slots, listeners, namespace, gateway }
  const models = exportedModels(scene)
  const routes = [...(models === undefined ? [] : [models]), ...exportedRoutes(scene)]
  const clients = exportedClients(document, scene, routes)
  const providers = routes.flatMap(route => route.providers)
  const objects = [
    ...(listeners.length > 0
      ? [
          gatewayObject(
            gateway,
            namespace,
            listeners.map(({ name, port, hostname }) => ({ name, port, hostname })),
          ),
        ]
      : []),
    ...routes.flatMap(route => route.objects),
    ...clients,
  ]
  return {
    objects: distinct(objects),
    secrets: secretsOf(providers),
    leftOver: taken.leftOver(),
    notes: [
      ...(models === undefined ? [] : modelNotes(models.providers.length > 1)),
      ...routeNotes(providers),
    ],
  }
}

/** Two routes may lead to one backend; two backends of one name would be one there. */
function distinct(objects: readonly KubernetesObject[]): KubernetesObject[] {
  const found = new Map<string, KubernetesObject>()
  for (const one of objects) {
    const { name } = one.metadata
    const before = found.get(`${one.kind}/${name}`)
    found.set(`${one.kind}/${name}`, one)
    if (before === undefined || JSON.stringify(before) === JSON.stringify(one)) continue
    throw new AgwError('CONFIG_INVALID', `two parts of the config would be the ${one.kind} ${name}`, {
      hint: 'give them names of their own in the config',
    })
  }
  return [...found.values()]
}

function secretsOf(providers: readonly ManifestProvider[]): { slot: string; secret: string }[] {
  const slots = providers.filter(one => one.auth === 'secret').map(({ name, slot = name }) => slot)
  return [...new Set(slots)].map(slot => ({ slot, secret: secretName(slot) }))
}

function modelNotes(several: boolean): string[] {
  return [
    '/v1/models is not answered there: the controller knows no list of models',
    ...(several
      ? [
          'the model of a request is read from its body by a policy, into the header that the rules look at: a request without a body, or for a model without an entry, gets 404 in other words',
        ]
      : []),
  ]
}
