import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadConfig } from '../../src/load.ts'
import { textToChange } from '../../src/setup/text-to-change.ts'
import { tempFolder } from '../helpers/agw.ts'

it.each([
  ['nowhere/config.yaml', 'it is a symbolic link to nothing'],
  ['config.yaml', 'it is a symbolic link that leads back to itself'],
])('a config that is a link to %s is told as that', async (target, why) => {
  const cwd = await tempFolder()
  const path = join(cwd, 'config.yaml')
  await symlink(target, path)
  const message = `cannot read ${path}: ${why}`
  await expect(loadConfig({ env: {}, cwd })).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE', message })
  if (target === 'config.yaml')
    await expect(textToChange(path)).rejects.toThrow(`cannot read ${path} to change it: ${why}`)
})

it('a name that is empty is told as that, and is no folder', async () => {
  const cwd = await tempFolder()
  await expect(loadConfig({ env: {}, cwd, file: '' })).rejects.toMatchObject({
    code: 'USAGE',
    message: 'the name of the config is empty',
  })
})
