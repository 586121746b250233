import { resolve } from 'node:path'
import { readTextFile } from '../read.ts'
import { Secret } from '../secret.ts'
import type { Reference, SourceContext, SourceProblem } from '../source.ts'
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

/** What a cloud says of one value; `undefined` where it has none. */
export type CloudAnswer = Secret | SourceProblem | undefined

/** Asks for each value apart, all at once, with the token of one login. */
export async function askForEach<K extends 'azure' | 'gcp'>(
  references: readonly Reference<K>[],
  token: Secret | SourceProblem,
  reach: (reference: Reference<K>) => Reached | SourceProblem | Promise<Reached | SourceProblem>,
  read: (reference: Reference<K>, reached: Reached, token: Secret) => Promise<CloudAnswer>,
): Promise<Map<Reference<K>, Secret | SourceProblem>> {
  const found = new Map<Reference<K>, Secret | SourceProblem>()
  const ask = async (reference: Reference<K>): Promise<CloudAnswer> => {
    const reached = await reach(reference)
    if ('code' in reached) return reached
    return token instanceof Secret ? read(reference, reached, token) : token
  }
  await Promise.all(
    references.map(async reference => {
      const answer = await ask(reference)
      if (answer !== undefined) found.set(reference, answer)
    }),
  )
  return found
}
