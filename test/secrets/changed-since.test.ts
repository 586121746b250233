import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { changedSince } from '../../src/secrets/changed-since.ts'
import { tempFolder } from '../helpers/agw.ts'

it('tells files written since from older ones, and from none', async () => {
  const folder = await tempFolder()
  const file = join(folder, 'config.yaml')
  expect(await changedSince([file], Date.now())).toBe(false)
  await writeFile(file, 'a')
  expect(await changedSince([file], Date.now())).toBe(true)
  expect(await changedSince([join(folder, 'none'), file], Date.now())).toBe(true)
  expect(await changedSince([file], Date.now() + 60_000)).toBe(false)
  const future = Date.now() / 1000 + 120
  await utimes(file, future, future)
  expect(await changedSince([file], Date.now() + 60_000)).toBe(true)
})
