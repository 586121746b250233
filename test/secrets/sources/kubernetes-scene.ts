import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const V1 = 'client.authentication.k8s.io/v1'
export const PATH = '/api/v1/namespaces/prod/secrets/agw-keys'

/** A kubeconfig with a token in a file beside it, which is replaced while the process runs. */
export function kubeconfig(dir: string, server: string, user = '{ tokenFile: token }'): string {
  const file = join(dir, 'kubeconfig')
  writeFileSync(
    file,
    `apiVersion: v1
kind: Config
current-context: here
contexts:
- name: here
  context: { cluster: one, user: me, namespace: prod }
- name: other
  context: { cluster: one, user: me }
clusters:
- name: one
  cluster: { server: "${server}" }
users:
- name: me
  user: ${user}
`,
  )
  return file
}

export const entry = (name: string, key: string, namespace?: string) =>
  ({
    variable: key,
    kind: 'kubernetes',
    where: { name, key, ...(namespace && { namespace }) },
    refreshMs: undefined,
    timeoutMs: 2000,
  }) as const
