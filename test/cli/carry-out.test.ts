import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { storeKept } from '../../src/cli/carry-out.ts'
import type { WriteFilesOptions } from '../../src/cli/write-files.ts'
import { readPlace } from '../../src/secrets/keep.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { planEntry } from '../../src/setup/agw-entry.ts'
import { cleanEnv, tempFolder } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'

const key = (word: string): Secret => new Secret(keyLike('openai', word), word)

/** Keys that a new config would keep in an encrypted file, by their variables. */
async function scene() {
  const folder = await tempFolder()
  const env = cleanEnv(folder)
  const kept = async (variable: string, word: string, file?: string) => {
    const where = file === undefined ? {} : { encryptedFile: file }
    const place = await planEntry(variable, 'encrypted', { name: variable }, where, {
      folder,
      agw: undefined,
    })
    return { name: variable, place, key: key(word) }
  }
  const options = { terminal: { err: () => {}, warn: () => {} }, env } as unknown as WriteFilesOptions
  const home = { config: join(folder, 'config.yaml'), folder }
  return {
    folder,
    env,
    kept,
    store: (...all: Parameters<typeof storeKept>[0]) => storeKept(all, home, options),
  }
}

it('a key that was kept for a config that is not written is taken back', async () => {
  const { folder, kept, store } = await scene()
  const back = await store(await kept('A', 'one'))
  expect(existsSync(join(folder, 'secrets.age'))).toBe(true)
  expect(await back?.()).toBe('the key was taken out of encrypted secrets.age again')
  expect(existsSync(join(folder, 'secrets.age'))).toBe(false)
})

it('one of the same config that was there before comes back', async () => {
  const { folder, env, kept, store } = await scene()
  await store(await kept('A', 'old'))
  const next = await kept('A', 'new')
  const back = await store(next)
  expect((await readPlace(next.place, folder, env))?.equals(key('new'))).toBe(true)
  await back?.()
  expect((await readPlace(next.place, folder, env))?.equals(key('old'))).toBe(true)
})

it('of several keys none stays where one cannot be kept', async () => {
  const { folder, kept, store } = await scene()
  const bad = { ...(await kept('B', 'two')), name: 'B' }
  const where = { ...bad.place.entry, where: { file: 'nowhere/secrets.age' } }
  await expect(
    store(await kept('A', 'one'), { ...bad, place: { ...bad.place, entry: where } }),
  ).rejects.toThrow(/the key was taken out of encrypted secrets\.age again/)
  expect(existsSync(join(folder, 'secrets.age'))).toBe(false)
})
