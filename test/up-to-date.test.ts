import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { tempFolder } from './helpers/agw.ts'

const { contentsOf, isMadeOf, setMadeOf } = await import(
  new URL('../scripts/up-to-date.js', import.meta.url).href
)

it('a build is made anew where a file has changed, also where that was while it ran', async () => {
  const root = await tempFolder()
  for (const folder of ['src', 'dist', 'bundle']) await mkdir(join(root, folder))
  const write = (path: string, text = ''): Promise<void> => writeFile(join(root, path), text)
  for (const made of ['dist/index.js', 'bundle/index.js', 'bundle/LICENSES.txt', 'oclif.manifest.json'])
    await write(made)
  const isUpToDate = (): boolean => isMadeOf(contentsOf(root), root)
  await write('src/a.ts', 'one')
  expect(isUpToDate()).toBe(false)
  const begunWith = contentsOf(root)
  setMadeOf(begunWith, root)
  expect(isUpToDate()).toBe(true)
  await write('src/a.ts', 'two')
  expect(isUpToDate()).toBe(false)
  setMadeOf(begunWith, root)
  expect(isUpToDate()).toBe(false)
})
