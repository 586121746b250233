import { resolve } from 'node:path'
import { readTextFile } from '../read.ts'
import type { SourceContext, SourceProblem } from '../source.ts'
import { fileProblem } from './file-problem.ts'

/** Where a cloud's service is reached. */
export interface Reached {
  /** Without a slash at its end. */
  readonly endpoint: string
  readonly ca: string | undefined
}

const MAX_CA_BYTES = 256 * 1024

/** The address of a service, and the authority of its certificate where agw.yaml names one. */
export async function authorityOf(
  connection: { readonly endpoint?: string | undefined; readonly ca?: string | undefined } | undefined,
  usual: string,
  { configDir }: SourceContext,
): Promise<Reached | SourceProblem> {
  const { endpoint = usual, ca } = connection ?? {}
  const read = ca === undefined ? undefined : await readTextFile(resolve(configDir, ca), MAX_CA_BYTES)
  if (read !== undefined && !read.ok) return fileProblem(read.problem)
  return { endpoint: endpoint.replace(/\/+$/, ''), ca: read?.text }
}
