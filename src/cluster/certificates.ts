import { resolve } from 'node:path'
import { type ConfigDocument, formatPath, type Path } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import { readTextFile } from '../secrets/read.ts'
import { Secret } from '../secrets/secret.ts'
import type { Certificate } from './listeners.ts'

/** No chain of certificates is longer, in bytes. */
const LARGEST = 1024 * 1024

/**
 * The texts of a certificate and its key. Relative paths start at `cwd`. Throws CONFIG_INVALID with the place of the path for a
 * file that cannot be read or is no PEM.
 */
export async function readCertificate(
  { path, cert, key }: Certificate,
  document: ConfigDocument,
  cwd: string,
): Promise<{ readonly cert: string; readonly key: Secret }> {
  const read = async (name: 'cert' | 'key', file: string, begin: RegExp): Promise<string> => {
    const at: Path = [...path, name]
    const found = await readTextFile(resolve(cwd, file), LARGEST, {}, file)
    if (!found.ok) throw failure(document, at, found.problem.message, found.problem.hint)
    if (begin.test(found.text)) return found.text
    const noun = name === 'cert' ? 'certificate' : 'private key'
    throw failure(
      document,
      at,
      `${file} holds no ${noun} in PEM form`,
      `name a PEM file with the ${noun}: relative paths start at the working directory`,
    )
  }
  return {
    cert: await read('cert', cert, /-----BEGIN CERTIFICATE-----/),
    // `BEGIN EC PRIVATE KEY` and the like are keys too.
    key: new Secret(await read('key', key, /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/), `file ${key}`),
  }
}

function failure(document: ConfigDocument, path: Path, message: string, hint: string): AgwError {
  const { line, column } = document.rangeOf(path).start
  return new AgwError(
    'CONFIG_INVALID',
    `${document.file}:${line}:${column}: ${formatPath(path)}: ${message}`,
    {
      hint,
    },
  )
}
