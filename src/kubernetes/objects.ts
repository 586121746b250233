import type { Secret } from '../secrets/secret.ts'

/** A Kubernetes object as plain data, ready to be printed as YAML or JSON. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly labels: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly [section: string]: unknown
}

/** The agentgateway release whose shapes are written: all its releases share one `apiVersion`. */
export const TARGET_VERSION = '1.4'

/** The group of Gateways and routes. */
export const GATEWAY_API = 'gateway.networking.k8s.io'

const LABELS = { 'app.kubernetes.io/managed-by': 'agw' }

/** The key under which agentgateway's controller looks for a provider key in a Secret. */
export const SECRET_KEY = 'Authorization'

/** The same for passwords of clients. */
export const PASSWORDS_KEY = '.htaccess'

/** The Secret of a provider key: the bare key, in base64 `data`. Holds the key: write it to 0600 files and stdin only. */
export function secretObject(
  name: string,
  namespace: string,
  key: Secret,
  under: string = SECRET_KEY,
): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels: LABELS },
    type: 'Opaque',
    // Never stringData: with server-side apply it is not pruned, and client-side apply copies it in clear text.
    data: { [under]: Buffer.from(key.reveal(), 'utf8').toString('base64') },
  }
}

/** An object of the set, with agw's label; `target` notes the agentgateway release for kinds that depend on it. */
export function object(
  type: { readonly apiVersion: string; readonly kind: string; readonly target?: boolean },
  name: string,
  namespace: string,
  sections: Readonly<Record<string, unknown>>,
): KubernetesObject {
  const annotations = { 'agw.dev/target-agentgateway': TARGET_VERSION }
  return {
    apiVersion: type.apiVersion,
    kind: type.kind,
    metadata: { name, namespace, labels: LABELS, ...(type.target === true && { annotations }) },
    ...sections,
  }
}

/** The Secret of a listener's certificate. Holds its key: write it to 0600 files and stdin only. */
export function certificateObject(
  name: string,
  namespace: string,
  { cert, key }: { readonly cert: string; readonly key: Secret },
): KubernetesObject {
  const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64')
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels: LABELS },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(cert), 'tls.key': base64(key.reveal()) },
  }
}
