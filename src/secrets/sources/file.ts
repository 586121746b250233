import { resolve } from 'node:path'
import { withLock } from '../lock.ts'
import { readSecretFile } from '../read.ts'
import type { Secret } from '../secret.ts'
import type { Reference, SecretSource, SourceContext, SourceProblem } from '../source.ts'
import { watchFiles } from '../watch.ts'
import { type WriteResult, writeFileAtomic } from '../write.ts'

/** A key in a file of its own; also Kubernetes, Docker and systemd mounts. Relative paths start at the working directory. */
export const fileSource: SecretSource = {
  scheme: 'file',
  async resolve(references, context) {
    const found = new Map<Reference, Secret | SourceProblem>()
    await Promise.all(
      references.map(async reference => {
        const options = { credentialsDirectory: context.env['CREDENTIALS_DIRECTORY'] }
        const read = await readSecretFile(pathOf(reference, context), options, reference.name)
        if (read.ok) found.set(reference, read.secret)
        else if (read.problem.code !== 'missing') found.set(reference, read.problem)
      }),
    )
    return found
  },
  async store(reference, value, context) {
    await storeInFile(pathOf(reference, context), value)
  },
  watch: (references, changed, context) =>
    watchFiles(
      references.map(reference => pathOf(reference, context)),
      changed,
    ),
}

/** Writes a key file with mode 0600 and a line end after the key. Throws an AgwError. */
export async function storeInFile(path: string, value: Secret): Promise<WriteResult> {
  return await withLock(path, () => writeFileAtomic(path, `${value.reveal()}\n`, { mode: 0o600 }))
}

function pathOf(reference: Reference, { cwd }: SourceContext): string {
  return resolve(cwd, reference.name)
}
