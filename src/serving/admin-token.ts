import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AgwError } from '../errors.ts'
import { Secret } from '../secrets/index.ts'
import { makePrivate, stateFolder } from './state-folder.ts'

/** The variable that holds the token of the admin pages. */
export const ADMIN_TOKEN_VARIABLE = 'AGW_ADMIN_TOKEN'

/**
 * The token of the admin pages: that of the environment, else the one in the state folder, which is made when it is not
 * there. Its reference says where it is. Throws WRITE_FAILED when it can neither be read nor made.
 */
export async function adminToken(env: Readonly<Record<string, string | undefined>>): Promise<Secret> {
  const given = env[ADMIN_TOKEN_VARIABLE]
  if (given) return new Secret(given, `$${ADMIN_TOKEN_VARIABLE}`)
  const folder = stateFolder(env)
  if (folder === undefined) throw noPlace('there is no home folder')
  const file = join(folder, 'admin-token')
  const kept = await readFile(file, 'utf8').catch(() => '')
  if (kept.trim() !== '') return new Secret(kept.trim(), `file ${file}`)
  const token = randomBytes(32).toString('base64url')
  try {
    await makePrivate(folder)
    await writeFile(file, `${token}\n`, { mode: 0o600 })
  } catch (error) {
    throw noPlace(error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason')
  }
  return new Secret(token, `file ${file}`)
}

function noPlace(why: string): AgwError {
  return new AgwError('WRITE_FAILED', `the token of the admin pages cannot be kept (${why})`, {
    hint: `set ${ADMIN_TOKEN_VARIABLE}, or keep the admin pages on loopback`,
  })
}
