export {
  authPolicy,
  backendObject,
  groupsObject,
  isNewerType,
  type ManifestProvider,
  type ProviderSettings,
  staticBackend,
} from './backend.ts'
export { type AppliedSecret, type ApplySecretOptions, applySecret } from './kubectl.ts'
export { controllerManifests, gatewayObject, type ManifestOptions, type Manifests } from './manifests.ts'
export { isDnsLabel, secretName, toDnsName } from './names.ts'
export {
  certificateObject,
  GATEWAY_API,
  type KubernetesObject,
  object,
  PASSWORDS_KEY,
  secretObject,
} from './objects.ts'
export { type PodOptions, podManifests } from './pod.ts'
