import { rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { AgwError } from '../../errors.ts'
import { withLock } from '../lock.ts'
import { readSecretFile } from '../read.ts'
import type { Secret } from '../secret.ts'
import {
  OTHER_STAYS,
  type Outcomes,
  type Reference,
  type SecretSource,
  type SourceContext,
} from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import { storedInFile } from '../stored-at.ts'
import { removeLeftTemps } from '../temp-files.ts'
import { watchFiles } from '../watch.ts'
import { mayGo, type WriteResult, writeFileAtomic } from '../write.ts'
import { writeFailed } from '../write-error.ts'
import { fileProblem } from './file-problem.ts'

/** A key in a file of its own; also the mounts of Kubernetes and Docker. Relative paths start at agw.yaml. */
export const fileSource: SecretSource<'file'> = {
  kind: 'file',
  timeoutMs: 5000,
  describe: ({ path }) => `file ${path}`,
  files: ({ where }, context) => [pathOf(where.path, context)],
  storedAt: ({ where }, context) => storedInFile(pathOf(where.path, context)),
  resolve: (references, context) =>
    readFiles(references, ({ where }) => [pathOf(where.path, context)], context),
  async store({ where }, value, context) {
    const path = pathOf(where.path, context)
    const { changed } = await storeInFile(path, value)
    return { changed, files: [path] }
  },
  async remove({ where }, context, only) {
    const path = pathOf(where.path, context)
    return await withLock(path, async () => {
      const there = only && (await readSecretFile(path))
      if (there?.ok && only?.equals(there.secret) === false) return OTHER_STAYS
      const changed = await removeFile(path)
      return { changed, files: [path], isGone: changed }
    })
  },
  watch: (references, changed, context) =>
    watchFiles(
      references.map(({ where }) => pathOf(where.path, context)),
      changed,
    ),
}

/**
 * A credential by its name, as systemd hands it in ($CREDENTIALS_DIRECTORY), or Docker and Podman (/run/secrets). They
 * are set when the service starts, so there is nothing to store.
 */
export const credentialSource: SecretSource<'credential'> = {
  kind: 'credential',
  timeoutMs: 5000,
  describe: ({ name }) => `credential ${name}`,
  instead: ({ where }) =>
    `give ${where.name} to the service anew (systemd: LoadCredential=; Docker, Podman: a secret), then start it again`,
  files: ({ where }, context) => credentialPaths(where.name, context),
  resolve: (references, context) =>
    readFiles(references, ({ where }) => credentialPaths(where.name, context), context),
  watch: (references, changed, context) =>
    watchFiles(
      references.flatMap(({ where }) => credentialPaths(where.name, context)),
      changed,
    ),
}

/** Writes a key file with mode 0600 and a line end after the key. Throws an AgwError. */
export async function storeInFile(path: string, value: Secret): Promise<WriteResult> {
  return await withLock(path, () => writeFileAtomic(path, `${value.reveal()}\n`, { mode: 0o600 }))
}

async function removeFile(path: string): Promise<boolean> {
  try {
    if (!(await mayGo(path))) throw linked(path)
    await removeLeftTemps(dirname(path))
    await rm(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw writeFailed(path, error)
  }
}

/** The key would stay at the other end. */
function linked(path: string): AgwError {
  return new AgwError('SLOT_NOT_WRITABLE', `${path} is a symbolic link, and the key would stay at its end`, {
    hint: 'delete the file at its end, or name that one in place of the link',
  })
}

/** Reads the first of the paths of each reference that is there. */
async function readFiles<K extends 'file' | 'credential'>(
  references: readonly Reference<K>[],
  pathsOf: (reference: Reference<K>) => readonly string[],
  { env }: SourceContext,
): Promise<Outcomes<K>> {
  const options = { credentialsDirectory: env['CREDENTIALS_DIRECTORY'] }
  const found = new Map<Reference<K>, Secret | SourceProblem>()
  await Promise.all(
    references.map(async reference => {
      for (const path of pathsOf(reference)) {
        const read = await readSecretFile(path, options)
        if (!read.ok && read.problem.code === 'missing') continue
        found.set(reference, read.ok ? read.secret : fileProblem(read.problem))
        return
      }
    }),
  )
  return found
}

function pathOf(path: string, { configDir }: Pick<SourceContext, 'configDir'>): string {
  return resolve(configDir, path)
}

function credentialPaths(name: string, { env }: Pick<SourceContext, 'env'>): string[] {
  const systemd = env['CREDENTIALS_DIRECTORY']
  return [...(systemd ? [resolve(systemd, name)] : []), resolve('/run/secrets', name)]
}
