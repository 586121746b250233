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

/** Read from this machine alone; every other source is asked over a network, or by a program that may use one. */
const LOCAL: ReadonlySet<SourceKind> = new Set([
  ...(['env', 'dotenv', 'file', 'credential', 'keychain', 'encrypted', 'sops'] as const),
])

/** Whether a source can be read without a call that may leave the machine. */
export function isLocal(kind: SourceKind): boolean {
  return LOCAL.has(kind)
}

/** The source behind a word of agw.yaml. */
export function loadSource<K extends SourceKind>(kind: K): Promise<SecretSource<K>> {
  return SOURCES[kind]()
}
