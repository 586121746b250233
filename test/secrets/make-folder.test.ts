import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { makeFolder } from '../../src/secrets/make-folder.ts'
import { fileIn, tempFolders } from './folders.ts'

const folder = tempFolders()

it('makes all that is missing, for the owner alone, and more than one may', async () => {
  const wanted = join(folder(), 'a', 'b', 'c')
  await Promise.all([makeFolder(wanted), makeFolder(wanted), makeFolder(join(wanted, '..', 'd'))])
  for (const one of [wanted, join(wanted, '..')]) expect(statSync(one).mode & 0o777).toBe(0o700)
  await makeFolder(wanted)
})

it.each([
  ['below a file', () => join(fileIn(folder()), 'a', 'b'), 'a part of its path is not a folder'],
  ['where no folder can be made', () => '/proc/nothing/a/b', 'its folder does not exist'],
])('says why it cannot, %s', async (_, path, why) => {
  if (path().startsWith('/proc') && !existsSync('/proc/self')) return
  const wanted = path()
  await expect(makeFolder(wanted)).rejects.toMatchObject({
    code: 'WRITE_FAILED',
    message: `cannot write ${wanted}: ${why}`,
  })
})
