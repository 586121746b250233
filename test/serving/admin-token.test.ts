import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { adminToken } from '../../src/serving/admin-token.ts'
import { tempFolder } from '../helpers/agw.ts'

let folder: string
let file: string
let env: { readonly XDG_STATE_HOME: string }
beforeEach(async () => {
  folder = await tempFolder()
  file = join(folder, 'agw', 'admin-token')
  env = { XDG_STATE_HOME: folder }
})

describe('the token of the admin pages', () => {
  it('is made once, for its owner alone', async () => {
    const first = (await adminToken(env)).reveal()
    expect(await readFile(file, 'utf8')).toBe(`${first}\n`)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await adminToken(env)).reveal()).toBe(first)
  })

  it('is the same for all who start at once', async () => {
    const tokens = await Promise.all(Array.from({ length: 8 }, () => adminToken(env)))
    expect(new Set(tokens.map(token => token.reveal()))).toEqual(
      new Set([(await readFile(file, 'utf8')).trim()]),
    )
  })

  it('is not written through a link that leads elsewhere', async () => {
    const elsewhere = join(folder, 'elsewhere')
    await writeFile(elsewhere, '')
    await mkdir(join(folder, 'agw'), { mode: 0o700 })
    await symlink(elsewhere, file)
    await expect(adminToken(env)).rejects.toMatchObject({ code: 'WRITE_FAILED' })
    expect(await readFile(elsewhere, 'utf8')).toBe('')
  })

  it('of the environment needs no file', async () => {
    expect((await adminToken({ ...env, AGW_ADMIN_TOKEN: 'mine' })).reveal()).toBe('mine')
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
