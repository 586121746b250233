import { join } from 'node:path'
import { AGW_FILE } from '../config/index.ts'
import type { Runtime } from '../gateway/index.ts'
import type { ServedConfig } from '../load.ts'

/**
 * Every file whose change a served config has to take in, whether it is there or not, each with the SHA-256, in hex, of
 * what was read of it; undefined where nobody kept that.
 */
export function watchedFiles(
  { path, folder, dotenv, digest, agw, variables, slots }: ServedConfig,
  compiled: Runtime['files'],
): Map<string, string | undefined> {
  const files = new Map<string, string | undefined>()
  for (const { file, facts } of slots) if (file !== undefined) files.set(file, facts?.hash)
  for (const [file, { hash }] of compiled) files.set(file, hash)
  files.set(join(folder, AGW_FILE), agw?.hash)
  files.set(dotenv ?? join(folder, '.env'), variables.dotenv?.facts.hash)
  return files.set(path, digest)
}
