import { applySecret, secretName } from '../kubernetes/index.ts'
import type { Secret } from '../secrets/secret.ts'

/** A key, and the cluster it goes to. */
export interface ClusterKey {
  /** The name of the slot; the Secret is called after it. */
  readonly slot: string
  readonly key: Secret
  readonly namespace: string
  readonly context?: string | undefined
  /** kubectl's environment. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** As in `Secret agentgateway-system/openai-secret, through kubectl`. */
export function describeCluster(slot: string, namespace: string): string {
  return `Secret ${namespace}/${secretName(slot)}, through kubectl`
}

/** Sends a key to a cluster; says what was done, and what is to be cleared up there. Throws as `applySecret`. */
export async function sendToCluster(
  to: ClusterKey,
): Promise<{ secret: string; done: string; warning: string | undefined }> {
  const { namespace, context, key, env } = to
  const name = secretName(to.slot)
  const { oldCopyInAnnotation } = await applySecret({ name, namespace, context, key, env })
  const clear = `kubectl annotate -n ${namespace} secret/${name} kubectl.kubernetes.io/last-applied-configuration-`
  const secret = `${namespace}/${name}`
  return {
    secret,
    done: `sent Secret ${secret} through kubectl, on its standard input`,
    warning: oldCopyInAnnotation
      ? `an annotation of it holds an older key in clear text: remove it with \`${clear}\`, and change that key at the provider`
      : undefined,
  }
}
