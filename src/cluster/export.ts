import { type Config, type ConfigDocument, keySlots, type Path } from '../config/index.ts'
import {
  gatewayObject,
  type KubernetesObject,
  type ManifestProvider,
  secretName,
} from '../kubernetes/index.ts'
import { exportedClients } from './clients.ts'
import { exportedFrontend } from './frontend.ts'
import { type Certificate, type ExportedListener, exportedListeners } from './listeners.ts'
import { exportedModels } from './models.ts'
import { NamedBackends } from './named.ts'
import { Names } from './names.ts'
import { addressNotes, headerNotes, limitNotes } from './notes.ts'
import { OpenText } from './open-text.ts'
import { usedPasswords } from './passwords.ts'
import { exportedPolicies, policyObjects } from './policies.ts'
import { exportedRoutes } from './routes.ts'
import { type ExportedRoute, type ExportScene, gatewayTarget, type Passwords } from './scene.ts'
import { Taken } from './taken.ts'

/** A config as the controller of agentgateway would have it. */
export interface ExportedConfig {
  /** Gateway, backends, routes, policies: no key is in them, but the hashes of virtual keys. */
  readonly objects: readonly KubernetesObject[]
  /** Key slots whose keys the backends look for, and the Secret of each. */
  readonly secrets: readonly { readonly slot: string; readonly secret: string }[]
  /** Certificates that listeners look for, and the Secret of each. */
  readonly certificates: readonly (Certificate & { readonly secret: string })[]
  /** Password files that policies look for, and the Secret of each. */
  readonly passwords: readonly Passwords[]
  /** Every part of the config that is not written, in the order of the file. */
  readonly leftOver: readonly { readonly path: Path; readonly why: string | undefined }[]
  /** What works differently there though it is written. */
  readonly notes: readonly string[]
}

/** What the objects lie in, and what may be read for them. */
export interface ExportTarget {
  readonly namespace: string
  readonly gateway: string
  /** The text of a file that the config names and that holds no secret, by the path that stands there; undefined where it cannot be read. */
  readonly readFile?: (path: string) => string | undefined
}

/** Config → manifests. Whatever is not in them is in `leftOver`. */
export function exportConfig(
  config: Config,
  document: ConfigDocument,
  { namespace, gateway, readFile = () => undefined }: ExportTarget,
): ExportedConfig {
  const slots = keySlots(config, document)
  const taken = new Taken(document.data, new OpenText(document, slots))
  const listeners = exportedListeners(taken)
  const scene: ExportScene = {
    taken,
    names: new Names(),
    slots,
    passwords: [],
    listeners,
    namespace,
    gateway,
    readFile,
  }
  const named = new NamedBackends(scene)
  const models = exportedModels(scene)
  const routes = [...(models === undefined ? [] : [models]), ...exportedRoutes(scene, named, models)]
  const policies = listeners.flatMap(one => listenerPolicies(scene, one, models))
  const clients = exportedClients(document, scene, routes)
  const frontend = exportedFrontend(scene)
  const made = routes.flatMap(route => route.objects)
  named.leaveUnused(made)
  const providers = routes.flatMap(route => route.providers)
  const certified = listeners.flatMap(({ certificate, name }) =>
    certificate === undefined ? [] : [{ ...certificate, secret: certificateSecret(gateway, name) }],
  )
  const objects = routesLast(
    distinct([
      ...(listeners.length > 0 ? [gatewayOf(scene)] : []),
      ...made,
      ...policies,
      ...clients,
      ...frontend,
    ]),
  )
  return {
    objects,
    secrets: secretsOf(providers),
    certificates: certified,
    passwords: usedPasswords(scene.passwords, objects),
    leftOver: taken.leftOver(),
    notes: [
      ...(models?.notes ?? []),
      ...headerNotes(models, routes),
      ...limitNotes(objects),
      ...addressNotes(objects),
    ],
  }
}

function gatewayOf({ gateway, namespace, listeners }: ExportScene): KubernetesObject {
  return gatewayObject(
    gateway,
    namespace,
    listeners.map(({ name, port, hostname, certificate }) => ({
      name,
      port,
      hostname,
      ...(certificate !== undefined && { certificate: certificateSecret(gateway, name) }),
    })),
  )
}

function certificateSecret(gateway: string, listener: string): string {
  return `${gateway}-${listener}-tls`
}

/** What applies to all requests of a listener, before a route is chosen. */
function listenerPolicies(
  scene: ExportScene,
  listener: ExportedListener,
  models: ExportedRoute | undefined,
): KubernetesObject[] {
  const { policies, name } = listener
  if (policies === undefined) return []
  const wanted = `${scene.gateway}-${name}`
  const made = exportedPolicies(scene, policies, wanted)
  const isTaken = models?.readsModels === true && models.listeners.includes(listener)
  if (isTaken && made.kinds.has('transformations'))
    scene.taken.leave([...policies, 'transformations'], 'the policy that reads models takes its place there')
  const traffic = made.traffic.filter(one => !(isTaken && 'transformation' in one))
  const target = gatewayTarget(scene.gateway, name)
  return [...made.objects, ...policyObjects(scene, wanted, [target], traffic, 'PreRouting')]
}

/** Two routes may lead to one backend. */
function distinct(objects: readonly KubernetesObject[]): KubernetesObject[] {
  return [...new Map(objects.map(one => [`${one.kind}/${one.metadata.name}`, one])).values()]
}

/** They are applied one by one: no route takes requests before what guards it is there. */
function routesLast(objects: readonly KubernetesObject[]): KubernetesObject[] {
  const isRoute = ({ kind }: KubernetesObject): boolean => kind === 'HTTPRoute'
  return [...objects.filter(one => !isRoute(one)), ...objects.filter(isRoute)]
}

function secretsOf(providers: readonly ManifestProvider[]): { slot: string; secret: string }[] {
  const slots = providers.filter(one => one.auth === 'secret').map(({ name, slot = name }) => slot)
  return [...new Set(slots)].map(slot => ({ slot, secret: secretName(slot) }))
}
