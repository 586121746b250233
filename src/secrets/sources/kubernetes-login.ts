import { resolve, sep } from 'node:path'
import { AgwError } from '../../errors.ts'
import { at, jsonOf } from '../json.ts'
import type { Login } from '../logins.ts'
import { runTool, type ToolResult } from '../run.ts'
import { Secret } from '../secret.ts'
import { errorProblem, type SourceContext } from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import { handedOn } from './handed-on.ts'
import { listAt, nodeAt, notConfigured, pemAt, type Section, textAt } from './kubeconfig.ts'
import { loginFromFile } from './login-files.ts'

/** What a cluster is asked with: a token, a certificate with its key, or both. */
export interface ClusterLogin extends Login {
  readonly token?: Secret | undefined
  readonly certificate?: { readonly cert: string; readonly key: Secret } | undefined
  /** A program made it for an earlier batch: it can be asked for another. */
  readonly isOld?: boolean
  /** Gives it up. */
  forget?(): void
}

const MAX_BYTES = 64 * 1024
const API = /^client\.authentication\.k8s\.io\/v1(?:beta1)?$/

/** The login of a user in a kubeconfig: a token, a client certificate, or a program that makes them. */
export async function loginOf(
  user: Section,
  server: string,
  context: SourceContext,
): Promise<ClusterLogin | SourceProblem> {
  const program = nodeAt(user.node, 'exec')
  if (program !== undefined) return fromProgram({ node: program, folder: user.folder }, server, context)
  const cert = await pemAt(user, 'client-certificate')
  if (typeof cert === 'object') return cert
  const key = await pemAt(user, 'client-key')
  if (typeof key === 'object') return key
  const token = await tokenOf(user)
  if (token !== undefined && !(token instanceof Secret)) return token
  if ((cert === undefined) !== (key === undefined)) {
    const [there, missing] = cert === undefined ? ['key', 'certificate'] : ['certificate', 'key']
    const message = `the kubeconfig has a client ${there} without its ${missing}`
    return notConfigured(message, `write client-${missing} or client-${missing}-data beside it`)
  }
  if (cert !== undefined && key !== undefined)
    return { token, certificate: { cert, key: new Secret(key, 'kubeconfig client key') } }
  if (token !== undefined) return { token }
  return notConfigured(
    'the kubeconfig has no login that agw knows: no token, no client certificate, no program',
    'use a context with one of them, or `exec: [kubectl, get, secret, …]`',
  )
}

/** A file wins: it is replaced while programs run. */
async function tokenOf({ node, folder }: Section): Promise<Secret | SourceProblem | undefined> {
  const file = textAt(node, 'tokenFile')
  if (file !== undefined) return loginFromFile(resolve(folder, file))
  const token = textAt(node, 'token')
  return token === undefined ? undefined : new Secret(token, 'kubeconfig token')
}

/** What the program gave is kept until it ends, where a gateway runs. */
async function fromProgram(
  program: Section,
  server: string,
  context: SourceContext,
): Promise<ClusterLogin | SourceProblem> {
  const { logins } = context
  if (logins === undefined) return runProgram(program, context)
  const run = (signal: AbortSignal): Promise<ClusterLogin | SourceProblem> =>
    runProgram(program, { ...context, signal })
  const parts = ['command', 'apiVersion'].map(word => textAt(program.node, word))
  const key = JSON.stringify([
    'kubernetes',
    server,
    program.folder,
    parts,
    listAt(program.node, 'args'),
    environmentOf(program.node),
  ])
  const { login, isNew } = await logins.get(key, run, context.signal)
  return 'code' in login ? login : { ...login, isOld: !isNew, forget: () => logins.forget(key, login) }
}

/** Without a shell, with a small environment and no terminal. What it says on stderr is never shown. */
async function runProgram(
  { node, folder }: Section,
  { env, configDir, signal }: SourceContext,
): Promise<ClusterLogin | SourceProblem> {
  const command = textAt(node, 'command')
  const apiVersion = textAt(node, 'apiVersion') ?? ''
  if (command === undefined || !API.test(apiVersion)) {
    const message = 'the kubeconfig names a login program that agw cannot ask'
    return notConfigured(message, 'it needs a `command`, and client.authentication.k8s.io/v1 as apiVersion')
  }
  if (textAt(node, 'interactiveMode') === 'Always')
    return notConfigured(
      'the login program of the kubeconfig wants a terminal',
      'use a login that needs none',
    )
  const info = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false } })
  const args = listAt(node, 'args').map(String)
  try {
    const result = await runTool(command.includes(sep) ? resolve(folder, command) : command, args, {
      env: {
        ...handedOn(env, 'clouds'),
        ...environmentOf(node),
        KUBERNETES_EXEC_INFO: info,
      },
      cwd: configDir,
      maxBytes: MAX_BYTES,
      signal,
    })
    return result.failed === undefined ? credentialOf(result.stdout) : failed(result)
  } catch (error) {
    if (!(error instanceof AgwError)) throw error
    return errorProblem(error)
  }
}

function environmentOf(node: unknown): Record<string, string> {
  return Object.fromEntries(
    listAt(node, 'env').flatMap(one => {
      const [name, value] = [textAt(one, 'name'), nodeAt(one, 'value')]
      return name === undefined ? [] : [[name, String(value ?? '')]]
    }),
  )
}

/** An ExecCredential. */
function credentialOf(text: string): ClusterLogin | SourceProblem {
  const status = at(jsonOf(text), 'status')
  const [token, cert, key, ends] = [
    'token',
    'clientCertificateData',
    'clientKeyData',
    'expirationTimestamp',
  ].map(name => {
    const value = at(status, name)
    return typeof value === 'string' && value !== '' ? value : undefined
  })
  if (token === undefined && (cert === undefined || key === undefined)) {
    const message = 'the login program of the kubeconfig printed no ExecCredential'
    return { code: 'malformed', message, hint: 'run it yourself: what it prints is not shown here' }
  }
  const left = ends === undefined ? Number.NaN : Date.parse(ends) - Date.now()
  return {
    ...(token !== undefined && { token: new Secret(token, 'cluster token') }),
    ...(cert !== undefined &&
      key !== undefined && { certificate: { cert, key: new Secret(key, 'client key') } }),
    ...(!Number.isNaN(left) && { goodForMs: Math.max(0, left) }),
  }
}

function failed({ failed: how, exitCode }: ToolResult): SourceProblem {
  if (how === 'timeout') {
    const hint = 'look whether it waits for you to log in'
    return { code: 'timeout', message: 'the login program of the kubeconfig did not end in time', hint }
  }
  const end =
    how === 'exit' ? `ended with status ${exitCode}` : how === 'signal' ? 'was killed' : 'printed too much'
  const hint = 'run `kubectl version` yourself: what the program says is not shown here'
  return { code: 'unreadable', message: `the login program of the kubeconfig ${end}`, hint }
}
