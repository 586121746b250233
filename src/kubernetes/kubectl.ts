import { AgwError } from '../errors.ts'
import { type Run, runWith, type ToolResult } from '../secrets/index.ts'
import type { Secret } from '../secrets/secret.ts'
import { isDnsLabel, isDnsSubdomain } from './names.ts'
import { secretObject } from './objects.ts'

/** The Secret to write, and the cluster to write it to. */
export interface ApplySecretOptions {
  readonly name: string
  readonly namespace: string
  /** A context of the kubeconfig; its current one unless told. */
  readonly context?: string | undefined
  readonly key: Secret
  /** kubectl's environment: `PATH`, `HOME`, `KUBECONFIG` and what its login plugins need. */
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface AppliedSecret {
  /**
   * An earlier client-side `kubectl apply` has left a copy of an older key in an annotation, where tools that hide
   * Secrets do not look for it.
   */
  readonly oldCopyInAnnotation: boolean
}

const LAST_APPLIED = 'kubectl\\.kubernetes\\.io/last-applied-configuration'

/**
 * Writes the Secret of a provider key through kubectl: server-side apply, which keeps no copy in annotations, the
 * object on standard input, nothing of it in arguments. Throws TOOL_MISSING without kubectl, else TOOL_FAILED with the
 * reason; kubectl's own output is never repeated.
 */
export async function applySecret(options: ApplySecretOptions): Promise<AppliedSecret> {
  requireNames(options)
  const run = runWith({ env: options.env, timeoutMs: 60_000 })
  const where = [
    ...(options.context === undefined ? [] : ['--context', options.context]),
    ...['-n', options.namespace],
  ]
  const apply = ['apply', '--server-side', '--field-manager=agw', '-f', '-', '-o', 'name']
  const input = JSON.stringify(secretObject(options.name, options.namespace, options.key))
  const result = await run('kubectl', [...where, ...apply], { input })
  if (result.failed !== undefined) throw failure(result, options)
  return { oldCopyInAnnotation: await hasOldCopy(options.name, where, run) }
}

function requireNames({ name, namespace }: ApplySecretOptions): void {
  const wrong = isDnsLabel(namespace) ? (isDnsSubdomain(name) ? undefined : 'Secret') : 'namespace'
  if (wrong === undefined) return
  throw new AgwError('USAGE', `this cannot be the name of a ${wrong}`, {
    hint: 'use lower-case letters, digits and dashes',
  })
}

/** A cluster that lets us write but not read cannot tell. */
async function hasOldCopy(name: string, where: readonly string[], run: Run): Promise<boolean> {
  const path = `jsonpath={.metadata.annotations.${LAST_APPLIED}}`
  const result = await run('kubectl', [...where, 'get', 'secret', name, '-o', path])
  return result.failed === undefined && result.stdout.trim() !== ''
}

/** What kubectl says when it fails → what is wrong and what to do. The first match is told. */
function reasons({
  name,
  namespace,
  context,
}: ApplySecretOptions): readonly (readonly [RegExp, string, string])[] {
  return [
    [
      /context "?.*"? does not exist|no context exists/i,
      `kubectl knows no context ${JSON.stringify(context ?? '')}`,
      'see `kubectl config get-contexts`',
    ],
    [
      /error loading config file/i,
      'kubectl cannot read its kubeconfig',
      'run `kubectl config view` to see why',
    ],
    [
      /namespaces? "?[^"]*"? not found/i,
      `the namespace ${namespace} does not exist`,
      `make it with \`kubectl create namespace ${namespace}\`, or name another`,
    ],
    [/immutable/i, `the Secret ${namespace}/${name} is immutable`, 'delete it, then try again'],
    [
      /forbidden/i,
      `you may not write Secrets in the namespace ${namespace}`,
      `ask for create and patch on secrets; \`kubectl auth can-i patch secrets -n ${namespace}\` tells`,
    ],
    [
      /conflict/i,
      `the Secret ${namespace}/${name} was made by another tool, which owns its key`,
      `delete it with \`kubectl delete secret ${name} -n ${namespace}\` if that tool no longer needs it, then try again`,
    ],
    [
      /unauthorized|must be logged in|credential plugin|getting credentials|please enter/i,
      'the cluster does not take your login',
      'log in again: `kubectl auth whoami` must work first',
    ],
    [
      /connection to the server|connection refused|no such host|i\/o timeout|unable to connect|deadline exceeded|tls handshake|no route to host|certificate/i,
      'kubectl reaches no cluster',
      'check `kubectl cluster-info`, or name a context',
    ],
    [/unknown flag/i, 'this kubectl is too old for server-side apply', 'install a newer one (1.20 or later)'],
  ]
}

function failure(result: ToolResult, options: ApplySecretOptions): AgwError {
  const target = `cannot write the Secret ${options.namespace}/${options.name}`
  if (result.failed === 'timeout') {
    return new AgwError('TOOL_FAILED', `${target}: kubectl did not answer within a minute`, {
      hint: 'check `kubectl cluster-info`, or name a context',
    })
  }
  const [, why, hint] = reasons(options).find(([pattern]) => pattern.test(result.stderr)) ?? [
    undefined,
    `kubectl ended with status ${result.exitCode ?? 'unknown'}`,
    `see whether \`kubectl auth can-i patch secrets -n ${options.namespace}\` works`,
  ]
  return new AgwError('TOOL_FAILED', `${target}: ${why}`, { hint })
}
