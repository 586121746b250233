import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { agw, tempFolder } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'
import { placeKey } from '../helpers/rotation.ts'

describe('a key that is older than agw.yaml allows', () => {
  it('is spoken of by keys list, doctor and validate, as is one of unknown age, until a new one is stored', async () => {
    const cwd = await tempFolder()
    await placeKey(cwd, { method: 'file', key: keyLike('openai', 'aged'), upstream: 1 })
    await writeFile(join(cwd, 'agw.yaml'), 'maxAge: 90d\n')
    const old = new Date(Date.now() - 100 * 86_400_000)
    await utimes(join(cwd, 'openai.key'), old, old)
    const list = await agw(['keys', 'list'], { cwd })
    expect(list.stderr).toMatch(/warning.*100 days old, and may be 90 days.*keys rotate openai/)
    const json = JSON.parse((await agw(['keys', 'list', '--json'], { cwd })).stdout)
    expect(json.keys).toMatchObject([{ name: 'openai', state: 'ok', age: 'old' }])
    const { findings } = JSON.parse((await agw(['doctor', '--json'], { cwd })).stdout)
    expect(findings).toContainEqual(
      expect.objectContaining({
        about: 'key openai',
        state: 'warning',
        detail: expect.stringContaining('100 days'),
      }),
    )
    const valid = await agw(['validate', '--json'], { cwd })
    expect(valid.stdout).toContain('KEY_TOO_OLD')
    expect(valid.status).toBe(0)
    const input = keyLike('openai', 'fresh')
    expect((await agw(['keys', 'set', 'openai'], { cwd, input })).status).toBe(0)
    expect((await agw(['keys', 'list'], { cwd })).stderr).toBe('')

    await placeKey(cwd, { method: 'env', key: keyLike('openai', 'other'), upstream: 1 })
    expect((await agw(['keys', 'list'], { cwd })).stderr).toMatch(/nobody remembers/)
    expect((await agw(['validate', '--json'], { cwd })).stdout).toContain('KEY_AGE_UNKNOWN')
  })
})
