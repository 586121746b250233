import { resolve } from 'node:path'
import { type ConfigDocument, formatPath, type Path } from '../config/index.ts'
import { isSet, textAt, valueAt } from '../config/rules/tree.ts'
import { AgwError } from '../errors.ts'
import type { KubernetesObject } from '../kubernetes/index.ts'
import { readTextFile } from '../secrets/read.ts'
import { Secret } from '../secrets/secret.ts'
import { locationWords } from './locations.ts'
import type { ExportScene, Passwords } from './scene.ts'
import { unwritten } from './unwritten.ts'
import type { Words } from './words.ts'

const MODES = { strict: 'Strict', optional: 'Optional' } as const
/** Bytes of a password file; a Secret has no room for more. */
const LARGEST = 1024 * 1024

/** `basicAuth` at its path as `basicAuthentication`: its passwords are in a Secret, which the scene keeps in mind. */
export function passwordWords({ taken, names, passwords }: ExportScene, at: Path, wanted: string): Words {
  const path: Path = [...at, 'htpasswd']
  const text = taken.look(...path)
  const file = textAt(text, 'file')
  if (file === undefined) taken.requireSet(path)
  if (file === undefined && (typeof text !== 'string' || text.trim() === ''))
    unwritten('it has no passwords in it')
  const location = locationWords(taken.takeFree(...at, 'authorizationLocation'))
  const realm = taken.takeFree(...at, 'realm')
  const mode = MODES[String(taken.takeFree(...at, 'mode') ?? 'optional') as keyof typeof MODES]
  taken.takeKey(...path)
  const secret = names.once('Secret', `${wanted}-passwords`)
  passwords.push({ path, file, secret })
  return {
    basicAuthentication: {
      // Its own default is another one.
      mode,
      secretRef: { name: secret },
      ...(isSet(realm) && { realm }),
      ...(location !== undefined && { location }),
    },
  }
}

/** Those that a policy looks for: others were left out with what is around them. */
export function usedPasswords(
  passwords: readonly Passwords[],
  objects: readonly KubernetesObject[],
): Passwords[] {
  const texts = JSON.stringify(objects)
  return passwords.filter(({ secret }) => texts.includes(`"secretRef":{"name":${JSON.stringify(secret)}}`))
}

/** The text of a password file. Throws CONFIG_INVALID with the place of the path for a file that cannot be read. */
export async function readPasswords(
  { path, file }: Passwords,
  document: ConfigDocument,
  cwd: string,
): Promise<Secret> {
  if (file === undefined) return new Secret(String(valueAt(document.data, ...path)), formatPath(path))
  const found = await readTextFile(resolve(cwd, file), LARGEST, {}, file)
  if (found.ok) return new Secret(found.text, `file ${file}`)
  const { line, column } = document.rangeOf(path).start
  const { message, hint } = found.problem
  throw new AgwError(
    'CONFIG_INVALID',
    `${document.file}:${line}:${column}: ${formatPath(path)}: ${message}`,
    {
      hint,
    },
  )
}
