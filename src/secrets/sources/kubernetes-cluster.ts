import { homedir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { readYamlTree } from '../../config/yaml-tree.ts'
import { readSecretFile, readTextFile } from '../read.ts'
import { Secret } from '../secret.ts'
import type { SourceContext, SourceProblem } from '../source.ts'
import { fileProblem } from './file-problem.ts'

/** A cluster to be asked. */
export interface Cluster {
  /** Without a slash at its end. */
  readonly server: string
  readonly host: string
  readonly ca: string | undefined
  readonly token: Secret
  readonly namespace: string
}

/** Where the kubelet puts what a pod needs to call the API. AGW_KUBERNETES_DIR is another place, for tests and sidecars. */
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'
const MAX_BYTES = 1024 * 1024

/** Inside a pod its own cluster, unless agw.yaml or KUBECONFIG name a kubeconfig; elsewhere the kubeconfig. */
export async function findCluster(context: SourceContext): Promise<Cluster | SourceProblem> {
  const { env, connections, configDir } = context
  const named = connections.kubernetes?.kubeconfig
  if (named !== undefined) return fromKubeconfig(resolve(configDir, named), context)
  if (env['KUBECONFIG']) return fromKubeconfig(env['KUBECONFIG'].split(delimiter)[0] ?? '', context)
  if (env['KUBERNETES_SERVICE_HOST']) return inPod(context)
  return fromKubeconfig(join(env['HOME'] ?? homedir(), '.kube', 'config'), context)
}

async function inPod({ env }: SourceContext): Promise<Cluster | SourceProblem> {
  const folder = env['AGW_KUBERNETES_DIR'] || ACCOUNT
  const [token, ca, namespace] = await Promise.all(
    ['token', 'ca.crt', 'namespace'].map(name => readTextFile(join(folder, name), MAX_BYTES)),
  )
  if (!token?.ok) return { ...fileProblem(token?.problem ?? NOTHING), code: 'not-configured' }
  const name = env['KUBERNETES_SERVICE_HOST'] ?? ''
  const host = `${name.includes(':') ? `[${name}]` : name}:${env['KUBERNETES_SERVICE_PORT'] || '443'}`
  return {
    server: `https://${host}`,
    host,
    ca: ca?.ok ? ca.text : undefined,
    token: new Secret(token.text.trim(), 'service account token'),
    namespace: namespace?.ok ? namespace.text.trim() : 'default',
  }
}

const NOTHING = { code: 'missing', message: 'there is no token', hint: '' } as const

async function fromKubeconfig(file: string, context: SourceContext): Promise<Cluster | SourceProblem> {
  const read = await readTextFile(file, MAX_BYTES)
  if (!read.ok) {
    if (read.problem.code !== 'missing') return fileProblem(read.problem)
    return notConfigured(
      'there is no cluster: this is no pod, and there is no kubeconfig',
      'run it in the cluster, or name a kubeconfig with KUBECONFIG or in agw.yaml',
    )
  }
  const config = readYamlTree(read.text)
  const current = context.connections.kubernetes?.context ?? textAt(config, 'current-context')
  const chosen = named(config, 'contexts', current, 'context')
  const cluster = named(config, 'clusters', textAt(chosen, 'cluster'), 'cluster')
  const user = named(config, 'users', textAt(chosen, 'user'), 'user')
  const server = textAt(cluster, 'server')?.replace(/\/+$/, '')
  if (server === undefined || !URL.canParse(server)) {
    return notConfigured(
      'the kubeconfig has no such context, or no server for it',
      'see `kubectl config get-contexts`',
    )
  }
  const folder = dirname(file)
  const token = await tokenOf(user, folder)
  if (!(token instanceof Secret)) return token
  const inline = textAt(cluster, 'certificate-authority-data')
  const caFile = textAt(cluster, 'certificate-authority')
  const ca = caFile === undefined ? undefined : await readTextFile(resolve(folder, caFile), MAX_BYTES)
  if (ca !== undefined && !ca.ok) return fileProblem(ca.problem)
  return {
    server,
    host: new URL(server).host,
    ca: inline === undefined ? ca?.text : Buffer.from(inline, 'base64').toString('utf8'),
    token,
    namespace: textAt(chosen, 'namespace') ?? 'default',
  }
}

async function tokenOf(user: unknown, folder: string): Promise<Secret | SourceProblem> {
  const file = textAt(user, 'tokenFile')
  if (file !== undefined) {
    const read = await readSecretFile(resolve(folder, file))
    return read.ok ? read.secret : fileProblem(read.problem)
  }
  const token = textAt(user, 'token')
  if (token !== undefined) return new Secret(token, 'kubeconfig token')
  return notConfigured(
    'the kubeconfig logs in by a certificate or a program, and agw takes tokens only',
    'use a context with a token, or `exec: [kubectl, get, secret, …]`',
  )
}

function named(config: unknown, list: string, name: string | undefined, inner: string): unknown {
  const entries = config instanceof Map ? config.get(list) : undefined
  if (!Array.isArray(entries) || name === undefined) return undefined
  const entry: unknown = entries.find(one => textAt(one, 'name') === name)
  return entry instanceof Map ? entry.get(inner) : undefined
}

function textAt(node: unknown, key: string): string | undefined {
  const value: unknown = node instanceof Map ? node.get(key) : undefined
  return typeof value === 'string' && value !== '' ? value : undefined
}

function notConfigured(message: string, hint: string): SourceProblem {
  return { code: 'not-configured', message, hint }
}
