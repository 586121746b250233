import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AgwError } from '../errors.ts'
import { Secret, withLock, writeFileAtomic } from '../secrets/index.ts'
import { makeFolder } from '../secrets/make-folder.ts'
import { stateFolder } from './state-folder.ts'

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
  const token = (await keptIn(file)) || (await made(folder, file))
  return new Secret(token, `file ${file}`)
}

async function keptIn(file: string): Promise<string> {
  return (await readFile(file, 'utf8').catch(() => '')).trim()
}

/** Of several that start at once one makes the token, and the others take that. */
async function made(folder: string, file: string): Promise<string> {
  try {
    await makeFolder(folder)
    return await withLock(file, async () => {
      const others = await keptIn(file)
      if (others !== '') return others
      const token = randomBytes(32).toString('base64url')
      await writeFileAtomic(file, `${token}\n`, { mode: 0o600 })
      return token
    })
  } catch (error) {
    if (error instanceof AgwError) throw noPlace(error.message)
    throw noPlace(error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason')
  }
}

function noPlace(why: string): AgwError {
  return new AgwError('WRITE_FAILED', `the token of the admin pages cannot be kept (${why})`, {
    hint: `set ${ADMIN_TOKEN_VARIABLE}, or keep the admin pages on loopback`,
  })
}
