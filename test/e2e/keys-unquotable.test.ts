import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { fingerprint } from '../../src/secrets/secret.ts'
import { agw, type Run, tempFolder } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'

const KEY = keyLike('openai', 'sound')
const QUOTED = `${KEY.slice(0, 20)}"${keyLike('openai', 'quoted').slice(20)}`
const ESCAPED = `${KEY.slice(0, 20)}\\n${keyLike('openai', 'escaped').slice(20)}`

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
  await writeFile(join(folder, 'config.yaml'), GUIDE.env)
})

async function run(args: string[], input = ''): Promise<Run> {
  const done = await agw(args, { cwd: folder, input })
  for (const key of [KEY, QUOTED, ESCAPED]) expect(done.stdout + done.stderr).not.toContain(key.slice(22, 44))
  return done
}

const put = (name: string, text: string): Promise<void> =>
  writeFile(join(folder, name), text, { mode: 0o600 })
const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8')

const BAD: [what: string, key: string][] = [
  ['a quote', QUOTED],
  ['a backslash', ESCAPED],
]

describe.each(BAD)('a key with %s in it, whose variable is put into quotes', (_, key) => {
  it.each(['env', 'encrypted'])('is not stored by keys set --method %s', async method => {
    const done = await run(['keys', 'set', 'openai', '--method', method, '--yes'], key)
    expect(done).toMatchObject({ status: 4, stdout: '' })
    expect(done.stderr).toMatch(/does not read back from config\.yaml[\s\S]*keys set openai --method file/)
    for (const name of ['.env', 'agw.yaml', 'secrets.age']) expect(existsSync(join(folder, name))).toBe(false)
    expect(await read('config.yaml')).toBe(GUIDE.env)
  })

  it('goes into a file', async () => {
    expect((await run(['keys', 'set', 'openai', '--method', 'file', '--yes'], key)).status).toBe(0)
    const { keys } = JSON.parse((await run(['keys', 'list', '--json'])).stdout)
    expect(keys[0].fingerprint).toBe(fingerprint(key))
  })

  it('is not rotated to', async () => {
    await put('.env', `OPENAI_API_KEY=${KEY}\n`)
    const done = await run(['keys', 'rotate', 'openai', '--no-check', '--yes'], key)
    expect(done.status).toBe(4)
    expect(await read('.env')).toBe(`OPENAI_API_KEY=${KEY}\n`)
  })

  it('is not taken by init', async () => {
    const args = ['init', '--provider', 'openai', '--method', 'env', '--key-from-stdin', '--yes', '--force']
    const done = await run(args, key)
    expect(done).toMatchObject({ status: 4, stdout: '' })
    expect(done.stderr).toContain('--method file')
    expect(await read('config.yaml')).toBe(GUIDE.env)
  })
})

describe('a config that the value of a key breaks', () => {
  beforeEach(() => put('.env', `OPENAI_API_KEY='${QUOTED}'\n`))

  it('is mended by keys set', async () => {
    const list = await run(['keys', 'list'])
    expect(list).toMatchObject({ status: 3, stderr: expect.stringContaining('store another one') })
    const done = await run(['keys', 'set', 'openai'], KEY)
    expect(done.status, done.stderr).toBe(0)
    expect((await run(['keys', 'list'])).status).toBe(0)
    expect(await read('config.yaml')).toBe(GUIDE.env)
  })

  it('is mended by keys set --method file, which keeps that very key', async () => {
    expect((await run(['keys', 'set', 'openai', '--method', 'file', '--yes'], QUOTED)).status).toBe(0)
    expect((await run(['keys', 'list'])).status).toBe(0)
  })

  it('is mended by keys remove', async () => {
    const done = await run(['keys', 'remove', 'openai', '--yes'])
    expect(done.status, done.stderr).toBe(0)
    expect(await read('.env').catch(() => '')).not.toContain('OPENAI_API_KEY')
  })

  it('stays as it is where something else is wrong with it', async () => {
    await put('config.yaml', GUIDE.env.replace('policies:', 'polices: ['))
    const done = await run(['keys', 'set', 'openai', '--yes'], KEY)
    expect(done.status).toBe(3)
  })
})
