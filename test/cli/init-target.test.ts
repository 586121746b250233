import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { initTarget } from '../../src/cli/init-target.ts'
import { Prompt } from '../../src/cli/prompt.ts'
import { tempFolder } from '../helpers/agw.ts'

it('a file with nothing in it is written, as if it were not there', async () => {
  const folder = await tempFolder()
  const path = join(folder, 'config.yaml')
  const flags = { file: 'config.yaml', force: false, add: false, 'dry-run': false }
  const prompt = new Prompt({ whyNot: 'CI is set', note: () => {}, ready: () => {}, lines: text => [text] })
  await writeFile(path, '')
  expect(await initTarget(flags, folder, prompt)).toEqual({ path, action: 'write' })
  await writeFile(path, '# mine\n')
  await expect(initTarget(flags, folder, prompt)).rejects.toMatchObject({ code: 'FILE_EXISTS' })
  await expect(initTarget({ ...flags, file: '.' }, folder, prompt)).rejects.toMatchObject({
    message: 'a config cannot be written to .: it is a folder',
  })
})
