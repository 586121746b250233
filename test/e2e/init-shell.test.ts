import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, type Run, tempFolder } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'

const [SHELL, TYPED] = [keyLike('openai', 'of the shell'), keyLike('openai', 'typed')]
const OTHER = /warning OPENAI_API_KEY is also set in this shell, with another value, and that one wins/

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})
const init = (args: readonly string[], env = {}, input = ''): Promise<Run> =>
  agw(['init', '--provider', 'openai', '--yes', ...args], { cwd: folder, env, input })

describe('agw init, where the shell sets the variable', () => {
  it.each(['env', 'encrypted'])('says that the key that was given has no effect: %s', async method => {
    const args = ['--method', method, '--key-from-stdin']
    const run = await init(args, { OPENAI_API_KEY: SHELL }, TYPED)
    expect([run.status, run.stderr]).toEqual([0, expect.stringMatching(OTHER)])
    expect(run.stdout + run.stderr).not.toContain(SHELL)
  })

  it('says so where a provider is added, too', async () => {
    await writeFile(join(folder, 'config.yaml'), 'llm:\n  models: []\n')
    const args = ['--add', '--method', 'encrypted', '--key-from-stdin']
    const run = await init(args, { OPENAI_API_KEY: SHELL }, TYPED)
    expect([run.status, run.stderr]).toEqual([0, expect.stringMatching(OTHER)])
  })

  it.each([
    ['the same key', ['--method', 'env', '--key-from-stdin'], { OPENAI_API_KEY: TYPED }],
    ['a key in a file', ['--method', 'file', '--key-from-stdin'], { OPENAI_API_KEY: SHELL }],
    ['another variable', ['--method', 'env', '--env', 'MINE', '--key-from-stdin'], { OPENAI_API_KEY: SHELL }],
  ])('says nothing of %s', async (_, args, env) => {
    const run = await init(args, env, TYPED)
    expect([run.status, run.stderr]).toEqual([0, expect.not.stringContaining('warning')])
  })

  it('asks for no key that is there already', async () => {
    const run = await init(['--method', 'env'], { OPENAI_API_KEY: SHELL })
    expect(run.stdout).toContain('Next:\n  agw validate\n  agw serve\n')
    await writeFile(join(folder, '.env'), `OPENAI_API_KEY=${TYPED}\n`)
    const again = await init(['--method', 'env', '--force'])
    expect(again.stdout).toContain('Next:\n  agw validate\n')
    expect(await readFile(join(folder, '.env'), 'utf8')).toBe(`OPENAI_API_KEY=${TYPED}\n`)
  })
})
