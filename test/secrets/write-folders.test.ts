import { chmodSync, chownSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { writeFileAtomic } from '../../src/secrets/write.ts'
import { asNobody, isRoot, isWindows, tempFolders } from './folders.ts'
import { writeFailure } from './write-failure.ts'

const folder = tempFolders()

describe.skipIf(isWindows)('the folders above a secret', () => {
  const loose: [what: string, mode: number, gid: number | undefined, message: RegExp][] = [
    ['writable by everybody', 0o777, undefined, /is writable by everybody/],
    ['writable by a group', 0o770, 54321, /is writable by group 54321/],
  ]
  test.each(loose)(
    '%s: refused for a secret, with the command that mends it',
    async (_, mode, gid, message) => {
      if (gid !== undefined && !isRoot) return
      const dir = folder()
      if (gid !== undefined) chownSync(dir, 0, gid)
      chmodSync(dir, mode)
      mkdirSync(join(dir, 'sub'), { mode: 0o700 })
      for (const path of [join(dir, 'key'), join(dir, 'sub', 'key')]) {
        const error = await writeFailure(writeFileAtomic(path, 'a', { mode: 0o600 }))
        expect(error.message).toMatch(message)
        expect(error.message).toContain(dir)
        expect(error.hint).toMatch(/chmod .-w/)
        expect(existsSync(path)).toBe(false)
      }
      expect(await writeFileAtomic(join(dir, 'config.yaml'), 'a')).toMatchObject({ changed: true })
    },
  )

  test('the sticky bit makes a folder for everybody good enough', async () => {
    const dir = folder()
    chmodSync(dir, 0o1777)
    expect(await writeFileAtomic(join(dir, 'key'), 'a', { mode: 0o600 })).toMatchObject({ changed: true })
  })

  test("the owner's own group may write: a umask of 002 makes such folders", async () => {
    const dir = folder()
    if (isRoot) chownSync(dir, 65534, 65534)
    else if (process.getuid?.() !== process.getgid?.()) return
    chmodSync(dir, 0o775)
    await asNobody(async () => {
      expect(await writeFileAtomic(join(dir, 'key'), 'a', { mode: 0o600 })).toMatchObject({ changed: true })
    })
  })

  test.skipIf(!isRoot)("another user's folder is refused, except for root", async () => {
    const dir = folder()
    chownSync(dir, 1234, 1234)
    chmodSync(dir, 0o777)
    const error = await asNobody(() => writeFailure(writeFileAtomic(join(dir, 'key'), 'a', { mode: 0o600 })))
    expect(error.message).toMatch(/belongs to another user \(uid 1234\)/)
    chmodSync(dir, 0o755)
    expect(await writeFileAtomic(join(dir, 'key'), 'a', { mode: 0o600 })).toMatchObject({ changed: true })
    mkdirSync(join(dir, 'theirs'))
    chownSync(join(dir, 'theirs'), 1235, 1235)
    const mixed = await writeFailure(writeFileAtomic(join(dir, 'theirs', 'key'), 'a', { mode: 0o600 }))
    expect(mixed.message).toContain(`${dir} belongs to another user`)
  })
})
