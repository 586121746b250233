import { join } from 'node:path'
import { toYaml } from '../config/index.ts'
import {
  controllerManifests,
  type ManifestProvider,
  type ProviderSettings,
  podManifests,
} from '../kubernetes/index.ts'
import { SECRET_MANIFEST } from '../secrets/key-homes.ts'
import type { Secret } from '../secrets/secret.ts'
import type { ChosenProvider, NewConfigChoices } from './new-config.ts'
import { baseUrlOf, settingsOf, slotNames } from './new-config.ts'
import { type PlannedFile, SECRET_MODE } from './planned-file.ts'

/** Files of the Kubernetes method, beside the config. */
export const MANIFESTS = {
  controller: 'kubernetes.yaml',
  pod: 'kubernetes-pod.yaml',
  secret: SECRET_MANIFEST,
} as const

/** The image of agentgateway for the pod form, at the release whose manifests are written. */
const IMAGE = 'cr.agentgateway.dev/agentgateway:v1.4.1'

export interface ManifestPlace {
  /** Absolute path of the config. */
  readonly config: string
  readonly namespace: string
}

/** The manifests of a new set-up, and what they cannot say. */
export interface PlannedManifests {
  readonly files: readonly PlannedFile[]
  readonly notes: readonly string[]
}

/**
 * Manifests for agentgateway's controller, and for a pod that runs the config itself; Secrets apart, owner only. The
 * text of the config goes into the pod's ConfigMap.
 */
export function planManifests(
  choices: NewConfigChoices,
  config: string,
  place: ManifestPlace,
): PlannedManifests {
  const names = slotNames(choices)
  const providers = choices.providers.map((chosen, index) =>
    manifestProvider(chosen, names[index] ?? chosen.provider.id),
  )
  const keys = new Map<string, Secret>()
  for (const [index, { key }] of choices.providers.entries())
    if (key !== undefined) keys.set(names[index] ?? '', key)
  const made = controllerManifests({ namespace: place.namespace, port: choices.port, providers, keys })
  const pod = podManifests({
    namespace: place.namespace,
    port: choices.port,
    config,
    variables: choices.providers.map((chosen, index) => ({
      variable: chosen.variable ?? chosen.provider.variable,
      slot: names[index] ?? chosen.provider.id,
    })),
    image: IMAGE,
  })
  const file = (name: string, objects: readonly object[], what: string): PlannedFile => ({
    path: join(place.config, '..', name),
    content: toYaml(objects),
    what,
    secret: false,
    keyless: true,
  })
  const files = [
    file(MANIFESTS.controller, made.objects, 'for the controller'),
    file(MANIFESTS.pod, pod, 'for a pod that runs the config'),
  ]
  if (made.secrets.length > 0) {
    files.push({
      ...file(MANIFESTS.secret, made.secrets, 'the Secret'),
      mode: SECRET_MODE,
      secret: true,
      keyless: false,
    })
  }
  return { files, notes: made.notes }
}

function manifestProvider(chosen: ChosenProvider, name: string): ManifestProvider {
  const { provider } = chosen
  const baseUrl = baseUrlOf(chosen) ?? provider.endpoint?.url
  return {
    name,
    provider: providerSettings(chosen),
    ...(baseUrl !== undefined && { baseUrl }),
    auth: chosen.method === 'passthrough' ? 'passthrough' : 'secret',
    ...(provider.keyHeader !== undefined && { header: provider.keyHeader }),
    routes: provider.routes,
  }
}

function providerSettings(chosen: ChosenProvider): ProviderSettings {
  const { provider, model } = chosen
  const kind = provider.words.ai
  // Manifests have the words of `ai.provider`, and the table has all that these kinds need.
  if (provider.settings !== undefined) return { kind, ...settingsOf(chosen, 'ai'), model } as ProviderSettings
  return { kind: kind === 'anthropic' || kind === 'gemini' ? kind : 'openAI', model }
}
