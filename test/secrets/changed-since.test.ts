import { createHash } from 'node:crypto'
import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { changedSince } from '../../src/secrets/changed-since.ts'
import { tempFolder } from '../helpers/agw.ts'

/** Files whose content nobody knows. */
function unknown(...files: readonly string[]): Map<string, undefined> {
  return new Map(files.map(file => [file, undefined]))
}

it('tells files written since from older ones, and from none', async () => {
  const folder = await tempFolder()
  const file = join(folder, 'config.yaml')
  expect(await changedSince(unknown(file), Date.now())).toBe(false)
  await writeFile(file, 'a')
  expect(await changedSince(unknown(file), Date.now())).toBe(true)
  expect(await changedSince(unknown(join(folder, 'none'), file), Date.now())).toBe(true)
  expect(await changedSince(unknown(file), Date.now() + 60_000)).toBe(false)
  const future = Date.now() / 1000 + 120
  await utimes(file, future, future)
  expect(await changedSince(unknown(file), Date.now() + 60_000)).toBe(true)
})

it('takes a file that holds what it held for no change, whenever it was written', async () => {
  const folder = await tempFolder()
  const [file, other] = [join(folder, 'config.yaml'), join(folder, 'key')]
  await writeFile(file, 'a')
  const read = new Map([[file, createHash('sha256').update('a').digest('hex')]])
  expect(await changedSince(read, Date.now())).toBe(false)
  await writeFile(other, 'k')
  expect(await changedSince(new Map([...read, ...unknown(other)]), Date.now())).toBe(true)
  await writeFile(file, 'b')
  expect(await changedSince(read, Date.now())).toBe(true)
})
