import { resolve } from 'node:path'
import { readSecretFile, readTextFile } from '../read.ts'
import type { Secret } from '../secret.ts'
import type { SourceContext } from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import { fileProblem } from './file-problem.ts'

/** Files that say how a store is reached. One that is not there is something to set right, and no secret that is missing. */

const MAX_BYTES = 1024 * 1024

/** A login out of a file, trimmed. */
export async function loginFromFile(path: string): Promise<Secret | SourceProblem> {
  const read = await readSecretFile(path)
  return read.ok ? read.secret : { ...fileProblem(read.problem), code: 'not-configured' }
}

/** The text of a file with settings or certificates. */
export async function settingsFrom(path: string): Promise<string | SourceProblem> {
  const read = await readTextFile(path, MAX_BYTES)
  return read.ok ? read.text : { ...fileProblem(read.problem), code: 'not-configured' }
}

/** The authority of a server's certificate, as PEM, where a file of it is named, relative to agw.yaml. */
export async function authorityFrom(
  file: string | undefined,
  { configDir }: Pick<SourceContext, 'configDir'>,
): Promise<string | SourceProblem | undefined> {
  return file ? settingsFrom(resolve(configDir, file)) : undefined
}
