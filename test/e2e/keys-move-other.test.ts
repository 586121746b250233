import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { fingerprint } from '../../src/secrets/secret.ts'
import { agw, type Run, tempFolder } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'

const KEY = keyLike('openai', 'to-be-moved')
const OTHER = keyLike('openai', 'lies-there')
const BOTH = [fingerprint(KEY), fingerprint(OTHER)]

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})

const put = (name: string, text: string): Promise<void> =>
  writeFile(join(folder, name), text, { mode: 0o600 })
const text = (name: string): Promise<string> => readFile(join(folder, name), 'utf8')
const CONFIG = 'llm: { models: [{ name: "*", provider: openAI, params: { apiKey: { file: a.key } } }] }\n'

const run = async (args: string[], env: Record<string, string> = {}, input = ''): Promise<Run> => {
  const done = await agw(args, { cwd: folder, input, env })
  for (const key of [KEY, OTHER]) expect(done.stdout + done.stderr).not.toContain(key.slice(10, 40))
  return done
}

describe('agw keys move to a place where another key lies', () => {
  beforeEach(async () => {
    await put('config.yaml', CONFIG)
    await put('a.key', KEY)
  })

  it('takes nothing from .env, and shows both', async () => {
    await put('.env', `OPENAI_API_KEY=${OTHER}\n`)
    for (const more of [['--yes'], ['--dry-run']]) {
      const done = await run(['keys', 'move', 'openai', '--to', 'env', ...more])
      expect(done).toMatchObject({ status: 3, stdout: '' })
      for (const shown of ['.env holds another key as OPENAI_API_KEY', '--env NAME', ...BOTH])
        expect(done.stderr).toContain(shown)
    }
    expect(await text('.env')).toContain(OTHER)
    expect(await text('config.yaml')).toBe(CONFIG)
    expect((await run(['keys', 'move', 'openai', '--to', 'env', '--env', 'NEW', '--yes'])).status).toBe(0)
    expect(await text('.env')).toContain(OTHER)
  })

  it('takes one that is there already, and an empty variable', async () => {
    await put('.env', `OPENAI_API_KEY=${KEY}\nNEW=\n`)
    expect((await run(['keys', 'move', 'openai', '--to', 'env', '--yes'])).status).toBe(0)
    expect((await run(['keys', 'move', 'openai', '--to', 'env', '--env', 'NEW', '--yes'])).status).toBe(0)
    expect(await text('config.yaml')).toContain('$NEW')
  })

  it('takes nothing from an encrypted file that agw.yaml names for the variable', async () => {
    await put('.env', `OPENAI_API_KEY=${OTHER}\n`)
    const two = ', { name: two, provider: openAI, params: { apiKey: "$OPENAI_API_KEY" } }] }\n'
    await put('config.yaml', CONFIG.replace('] }\n', two))
    const first = await run(['keys', 'move', 'two', '--to', 'encrypted', '--yes'])
    expect(first.status, first.stderr).toBe(0)
    const done = await run(['keys', 'move', 'openai', '--to', 'encrypted', '--yes'])
    expect(done).toMatchObject({ status: 3, stdout: '' })
    for (const shown of ['holds another key', ...BOTH]) expect(done.stderr).toContain(shown)
    expect((await text('a.key')).trim()).toBe(KEY)
    expect((await run(['keys', 'list'])).stdout).toContain(fingerprint(OTHER))
  })

  it.each(['env', 'encrypted'])('says first that one set in this shell would win: %s', async to => {
    const move = ['keys', 'move', 'openai', '--to', to, '--yes']
    const done = await run(move, { OPENAI_API_KEY: OTHER })
    expect(done).toMatchObject({ status: 4, stdout: '' })
    for (const shown of ['OPENAI_API_KEY is set in this shell', 'unset OPENAI_API_KEY', ...BOTH])
      expect(done.stderr).toContain(shown)
    expect(await text('config.yaml')).toBe(CONFIG)
    for (const name of ['.env', 'agw.yaml', 'secrets.age']) expect(existsSync(join(folder, name))).toBe(false)
    expect((await run(move)).status).toBe(0)
    expect(existsSync(join(folder, 'a.key'))).toBe(false)
  })
})

describe('agw init where .env has another key', () => {
  const init = ['init', '--provider', 'openai', '--method', 'env', '--key-from-stdin', '--yes']

  it('writes nothing without --force, and shows both', async () => {
    await put('.env', `OPENAI_API_KEY=${OTHER}\n`)
    const done = await run(init, {}, KEY)
    expect(done).toMatchObject({ status: 3, stdout: '' })
    for (const shown of ['.env holds another key as OPENAI_API_KEY', '--env NAME', '--force', ...BOTH])
      expect(done.stderr).toContain(shown)
    expect(existsSync(join(folder, 'config.yaml'))).toBe(false)
    expect(await text('.env')).toContain(OTHER)
    expect((await run([...init, '--force'], {}, KEY)).status).toBe(0)
    expect(await text('.env')).toContain(KEY)
  })

  it('has no two keys under one name', async () => {
    const two = ['--provider', 'openai', '--env', 'K', '--env', 'K', '--base-url', 'http://127.0.0.1:9']
    const args = [...init, '--provider', 'openai-compatible', '--model', 'a', '--model', 'b', ...two.slice(2)]
    const done = await run(args, {}, `${KEY}\n${OTHER}\n`)
    expect(done).toMatchObject({ status: 3, stdout: '' })
    for (const shown of ['K', ...BOTH]) expect(done.stderr).toContain(shown)
    expect(existsSync(join(folder, 'config.yaml'))).toBe(false)
  })
})
