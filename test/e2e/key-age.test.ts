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

  it('keeps its age and its end when another model gives its slot another name', async () => {
    const cwd = await tempFolder()
    const model = (name: string, variable: string) =>
      `  - { name: "${name}", provider: openAI, params: { apiKey: "$${variable}" } }\n`
    const [one, two] = [model('o1-*', 'ONE'), model('gpt-*', 'TWO')]
    const put = (models: string) => writeFile(join(cwd, 'config.yaml'), `llm:\n  models:\n${models}`)
    await put(one)
    await writeFile(join(cwd, 'agw.yaml'), 'maxAge: 90d\n')
    const input = keyLike('openai', 'renamed')
    const args = ['keys', 'set', 'openai', '--expires', '2099-01-31']
    expect((await agw(args, { cwd, input })).status).toBe(0)
    const seen = async () => {
      const { stdout } = await agw(['keys', 'list', '--json'], { cwd })
      const { name, age, setAt, expiresAt } = JSON.parse(stdout).keys[0]
      return { name, age, setAt, expiresAt }
    }
    const before = await seen()
    expect(before).toMatchObject({ name: 'openai', age: null, expiresAt: '2099-01-31T00:00:00.000Z' })
    await put(one + two)
    expect(await seen()).toEqual({ ...before, name: 'o1' })
    expect((await agw(['validate', '--json'], { cwd })).stdout).not.toContain('KEY_AGE_UNKNOWN')
    // Stored anew under the new name, it is no younger.
    expect((await agw(['keys', 'set', 'o1'], { cwd, input })).status).toBe(0)
    expect(await seen()).toEqual({ ...before, name: 'o1' })
  })
})
