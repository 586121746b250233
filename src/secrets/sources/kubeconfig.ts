import { homedir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { readYamlTree } from '../../config/yaml-tree.ts'
import { readTextFile } from '../read.ts'
import type { SourceContext } from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import { fileProblem } from './file-problem.ts'
import { settingsFrom } from './login-files.ts'

/** One map of a kubeconfig, and the folder of its file, where its relative paths start. */
export interface Section {
  readonly node: unknown
  readonly folder: string
}

/** What a context names, out of one file or several. */
export interface KubeContext {
  readonly cluster: Section
  readonly user: Section
  readonly namespace: string | undefined
}

const MAX_BYTES = 1024 * 1024

/** Several files count as one, as kubectl takes them: for each name the first that has it. */
export async function readKubeconfig(context: SourceContext): Promise<KubeContext | SourceProblem> {
  const files: Section[] = []
  for (const path of pathsOf(context)) {
    const read = await readTextFile(path, MAX_BYTES)
    if (!read.ok && read.problem.code !== 'missing') return fileProblem(read.problem)
    if (read.ok) files.push({ node: readYamlTree(read.text), folder: dirname(path) })
  }
  if (files.length === 0) {
    return notConfigured(
      'there is no cluster: this is no pod, and there is no kubeconfig',
      'run it in the cluster, or name a kubeconfig with KUBECONFIG or in agw.yaml',
    )
  }
  const texts = files.map(({ node }) => textAt(node, 'current-context')).filter(text => text !== undefined)
  const current = context.connections.kubernetes?.context ?? texts[0]
  const chosen = named(files, 'contexts', current, 'context')?.node
  const cluster = named(files, 'clusters', textAt(chosen, 'cluster'), 'cluster')
  const user = named(files, 'users', textAt(chosen, 'user'), 'user')
  if (cluster === undefined) return noContext()
  return {
    cluster,
    user: user ?? { node: undefined, folder: cluster.folder },
    namespace: textAt(chosen, 'namespace'),
  }
}

export function noContext(): SourceProblem {
  const message = 'the kubeconfig has no such context, or no server for it'
  return notConfigured(message, 'see `kubectl config get-contexts`')
}

export function notConfigured(message: string, hint: string): SourceProblem {
  return { code: 'not-configured', message, hint }
}

/** A text in a map; undefined where it is none, or empty. */
export function textAt(node: unknown, key: string): string | undefined {
  const value = nodeAt(node, key)
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function nodeAt(node: unknown, key: string): unknown {
  return node instanceof Map ? node.get(key) : undefined
}

export function listAt(node: unknown, key: string): readonly unknown[] {
  const value = nodeAt(node, key)
  return Array.isArray(value) ? value : []
}

/** A PEM of a kubeconfig: within it as base64 (`NAME-data`), which wins, or a file. */
export async function pemAt(
  { node, folder }: Section,
  name: string,
): Promise<string | SourceProblem | undefined> {
  const inline = textAt(node, `${name}-data`)
  if (inline !== undefined) return Buffer.from(inline, 'base64').toString('utf8')
  const file = textAt(node, name)
  if (file === undefined) return undefined
  return settingsFrom(resolve(folder, file))
}

function pathsOf({ env, connections, configDir }: SourceContext): string[] {
  const inAgw = connections.kubernetes?.kubeconfig
  if (inAgw !== undefined) return [resolve(configDir, inAgw)]
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter(Boolean)
  return listed.length > 0 ? listed : [join(env['HOME'] ?? homedir(), '.kube', 'config')]
}

function named(
  files: readonly Section[],
  list: string,
  name: string | undefined,
  inner: string,
): Section | undefined {
  for (const { node, folder } of files) {
    const entry = listAt(node, list).find(one => name !== undefined && textAt(one, 'name') === name)
    if (entry !== undefined) return { node: nodeAt(entry, inner), folder }
  }
  return undefined
}
