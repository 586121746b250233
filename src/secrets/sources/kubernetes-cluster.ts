import { join } from 'node:path'
import { type Answer, type Call, call } from '../http.ts'
import type { SourceContext } from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import { noContext, nodeAt, notConfigured, pemAt, readKubeconfig, textAt } from './kubeconfig.ts'
import { type ClusterLogin, loginOf } from './kubernetes-login.ts'
import { loginFromFile, settingsFrom } from './login-files.ts'

/** A cluster to be asked. */
export interface Cluster {
  /** Without a slash at its end. */
  readonly server: string
  readonly host: string
  readonly ca: string | undefined
  /** The name that its certificate must have, where that is not its host's. */
  readonly serverName?: string | undefined
  readonly login: ClusterLogin
  readonly namespace: string
}

/** Where the kubelet puts what a pod needs to call the API. AGW_KUBERNETES_DIR is another place, for tests and sidecars. */
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

const USUAL_NAMESPACE = 'default'

/** Inside a pod its own cluster, unless agw.yaml or KUBECONFIG name a kubeconfig; elsewhere the kubeconfig. */
export async function findCluster(context: SourceContext): Promise<Cluster | SourceProblem> {
  return isInPod(context) ? inPod(context) : fromKubeconfig(context)
}

/** The namespace of a Secret whose place names none. Asks nobody. */
export async function namespaceOf(context: SourceContext): Promise<string> {
  if (isInPod(context)) return podNamespace(podFolder(context))
  const chosen = await readKubeconfig(context)
  return 'code' in chosen ? USUAL_NAMESPACE : (chosen.namespace ?? USUAL_NAMESPACE)
}

function isInPod({ env, connections }: SourceContext): boolean {
  const named = connections.kubernetes?.kubeconfig !== undefined || Boolean(env['KUBECONFIG'])
  return !named && Boolean(env['KUBERNETES_SERVICE_HOST'])
}

function podFolder({ env }: SourceContext): string {
  return env['AGW_KUBERNETES_DIR'] || ACCOUNT
}

async function podNamespace(folder: string): Promise<string> {
  const namespace = await settingsFrom(join(folder, 'namespace'))
  return typeof namespace === 'string' ? namespace.trim() : USUAL_NAMESPACE
}

/** What a call changes. */
type Change = Pick<Call, 'method' | 'body'> & { readonly type: string }

/** Asks the API; once more where a login that a program made has ended. */
export async function askCluster(
  cluster: Cluster,
  path: string,
  context: SourceContext,
  change?: Change,
): Promise<Answer | SourceProblem> {
  const ask = (of: Cluster) => call({ ...changing(callTo(of, path), change), signal: context.signal })
  const answer = await ask(cluster)
  const { login } = cluster
  if ('code' in answer || answer.status !== 401 || login.forget === undefined) return answer
  login.forget()
  const again = login.isOld === true ? await findCluster(context) : undefined
  return again === undefined || 'code' in again ? answer : await ask(again)
}

function changing(request: Call, change: Change | undefined): Call {
  if (change === undefined) return request
  const { type, ...rest } = change
  return { ...request, ...rest, headers: { ...request.headers, 'content-type': type } }
}

/** A call to the API, with the login. */
export function callTo({ server, ca, serverName, login }: Cluster, path: string): Call {
  const { token, certificate } = login
  return {
    url: server + path,
    headers: token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` },
    ca,
    ...(serverName !== undefined && { serverName }),
    ...(certificate && { cert: certificate.cert, key: certificate.key.reveal() }),
  }
}

async function inPod(context: SourceContext): Promise<Cluster | SourceProblem> {
  const { env } = context
  const folder = podFolder(context)
  const [token, ca, namespace] = await Promise.all([
    loginFromFile(join(folder, 'token')),
    settingsFrom(join(folder, 'ca.crt')),
    podNamespace(folder),
  ])
  if ('code' in token) return token
  const name = env['KUBERNETES_SERVICE_HOST'] ?? ''
  const host = `${name.includes(':') ? `[${name}]` : name}:${env['KUBERNETES_SERVICE_PORT'] || '443'}`
  return {
    server: `https://${host}`,
    host,
    ca: typeof ca === 'string' ? ca : undefined,
    login: { token },
    namespace,
  }
}

async function fromKubeconfig(context: SourceContext): Promise<Cluster | SourceProblem> {
  const chosen = await readKubeconfig(context)
  if ('code' in chosen) return chosen
  const { cluster, user, namespace = USUAL_NAMESPACE } = chosen
  const server = textAt(cluster.node, 'server')?.replace(/\/+$/, '')
  if (server === undefined || !URL.canParse(server)) return noContext()
  if (nodeAt(cluster.node, 'insecure-skip-tls-verify') === true) {
    return notConfigured(
      'the kubeconfig says not to verify the certificate of the cluster, and agw always does',
      'name its authority instead: certificate-authority or certificate-authority-data',
    )
  }
  if (nodeAt(cluster.node, 'proxy-url') !== undefined) {
    const message = 'the kubeconfig reaches the cluster through a proxy (proxy-url), which agw cannot'
    return notConfigured(message, 'use `exec: [kubectl, get, secret, …]`')
  }
  const ca = await pemAt(cluster, 'certificate-authority')
  if (typeof ca === 'object') return ca
  const login = await loginOf(user, server, context)
  if ('code' in login) return login
  const serverName = textAt(cluster.node, 'tls-server-name')
  return { server, host: new URL(server).host, ca, serverName, login, namespace }
}
