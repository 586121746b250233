import { resolve } from 'node:path'
import { type Dotenv, parseDotenv, setInDotenv } from '../dotenv.ts'
import { withLock } from '../lock.ts'
import { type FileFacts, type FileProblem, readTextFile, toError } from '../read.ts'
import { Secret } from '../secret.ts'
import type { Reference, SecretSource, SourceProblem } from '../source.ts'
import { watchFiles } from '../watch.ts'
import { type WriteResult, writeFileAtomic } from '../write.ts'

/** A dotenv file may hold more than keys. Bytes. */
const MAX_DOTENV_BYTES = 1024 * 1024

/** A dotenv file as read: its variables as secrets, its findings, and what is known of the file. */
export interface DotenvFile {
  readonly file: string
  readonly values: ReadonlyMap<string, Secret>
  readonly findings: Dotenv['findings']
  readonly facts: FileFacts
}

/** Reads a dotenv file; a problem where it cannot be read. Never throws on what the file is or holds. */
export async function readDotenvFile(file: string): Promise<DotenvFile | FileProblem> {
  const read = await readTextFile(file, MAX_DOTENV_BYTES)
  if (!read.ok) return read.problem
  const { values, findings } = parseDotenv(read.text)
  const secrets = new Map([...values].map(([name, value]) => [name, new Secret(value, `$${name}`)]))
  return { file, values: secrets, findings, facts: read.facts }
}

/** The variables of one dotenv file; `path` is relative to the folder of the config. */
export function dotenvSource(path = '.env'): SecretSource {
  return {
    scheme: 'dotenv',
    async resolve(references, { configDir }) {
      const read = await readDotenvFile(resolve(configDir, path))
      const found = new Map<Reference, Secret | SourceProblem>()
      for (const reference of references) {
        const value = 'code' in read ? read : read.values.get(reference.name)
        if (value !== undefined) found.set(reference, value)
      }
      return found
    },
    async store(reference, value, { configDir }) {
      await storeInDotenv(resolve(configDir, path), reference.name, value)
    },
    watch: (_, changed, { configDir }) => watchFiles([resolve(configDir, path)], changed),
  }
}

/** Sets one variable of a dotenv file, which is made if needed and has mode 0600 afterwards. Throws an AgwError. */
export async function storeInDotenv(file: string, name: string, value: Secret): Promise<WriteResult> {
  return await withLock(file, async () => {
    const read = await readTextFile(file, MAX_DOTENV_BYTES)
    if (!read.ok && read.problem.code !== 'missing') throw toError(read.problem)
    const text = setInDotenv(read.ok ? read.text : '', name, value.reveal())
    return await writeFileAtomic(file, text, { mode: 0o600 })
  })
}
