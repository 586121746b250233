import type { SourceKind } from '../../config/agw/places.ts'
import type { SecretSource } from '../source.ts'

/** Each source is loaded when agw.yaml names it, and never before. */
const SOURCES: { readonly [K in SourceKind]: () => Promise<SecretSource<K>> } = {
  env: async () => (await import('./environment.ts')).environmentSource,
  dotenv: async () => (await import('./dotenv.ts')).dotenvSource,
  file: async () => (await import('./file.ts')).fileSource,
  credential: async () => (await import('./file.ts')).credentialSource,
  keychain: async () => (await import('./keychain.ts')).keychainSource,
  encrypted: async () => (await import('./encrypted.ts')).encryptedSource,
  sops: async () => (await import('./sops.ts')).sopsSource,
  exec: async () => (await import('./exec.ts')).execSource,
  kubernetes: async () => (await import('./kubernetes.ts')).kubernetesSource,
  vault: async () => (await import('./vault.ts')).vaultSource,
  'aws-secretsmanager': async () => (await import('./aws.ts')).secretsManagerSource,
  'aws-ssm': async () => (await import('./aws.ts')).parameterSource,
  gcp: async () => (await import('./gcp.ts')).gcpSource,
  azure: async () => (await import('./azure.ts')).azureSource,
  op: async () => (await import('./onepassword.ts')).onePasswordSource,
}

/** The source behind a word of agw.yaml. */
export function loadSource<K extends SourceKind>(kind: K): Promise<SecretSource<K>> {
  return SOURCES[kind]()
}
