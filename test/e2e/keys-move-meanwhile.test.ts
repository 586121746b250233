import { existsSync, rmSync } from 'node:fs'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { KeyPlace } from '../../src/secrets/rotation/journal.ts'
import { aloneWith } from '../../src/secrets/rotation/journal.ts'
import { agw, BIN, cleanEnv, type Run, tempFolder } from '../helpers/agw.ts'
import { initRepository } from '../helpers/git.ts'
import { keyLike } from '../helpers/keys.ts'
import { noGit, unless } from '../helpers/needs.ts'
import { fakeVault } from '../secrets/sources/fake-vault.ts'

const KEY = keyLike('openai', 'meanwhile-old')
const NEW = keyLike('openai', 'meanwhile-new')

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})

const put = (name: string, text: string): Promise<void> =>
  writeFile(join(folder, name), text, { mode: 0o600 })
const text = (name: string): Promise<string> => readFile(join(folder, name), 'utf8')
const config = (reference: string): string =>
  `llm: { models: [{ name: one, provider: openAI, params: { apiKey: ${reference} } }] }\n`

const run = async (args: string[], env: Record<string, string> = {}): Promise<Run> => {
  const done = await agw(args, { cwd: folder, input: '', env })
  for (const key of [KEY, NEW]) expect(done.stdout + done.stderr).not.toContain(key.slice(10, 40))
  return done
}

const move = (env: Record<string, string> = {}): Promise<Run> =>
  run(['keys', 'move', 'one', '--to', 'file', '--key-file', 'new.key', '--yes'], env)

/** A git that stores another key first, once: what somebody else may do while a move waits. */
async function gitThatStores(): Promise<string> {
  const bin = join(folder, 'bin')
  await mkdir(bin)
  const store = `printf '%s\\n' '${NEW}' | PATH='${process.env['PATH']}' '${process.execPath}' '${BIN}' keys set one --yes`
  const script = `#!/bin/sh
case "$*" in *check-ignore*) [ -e '${bin}/done' ] || { : > '${bin}/done'; ${store} > '${bin}/out' 2>&1; } ;; esac
PATH='${process.env['PATH']}' exec git "$@"
`
  await writeFile(join(bin, 'git'), script)
  await chmod(join(bin, 'git'), 0o755)
  return bin
}

describe.skipIf(noGit !== undefined)(`a key that is stored while agw keys move waits${unless(noGit)}`, () => {
  it.each([
    ['a key file', '{ file: a.key }', 'a.key', ''],
    ['a key file that agw.yaml names', '"$K"', 'a.key', 'secrets:\n  K: { file: a.key }\n'],
    ['a variable of .env', '"$K"', '.env', ''],
  ])('stays, and nothing is moved: %s', async (_, reference, home, entries) => {
    initRepository(folder, [])
    await put('config.yaml', config(reference))
    if (entries !== '') await put('agw.yaml', entries)
    await put(home, home === '.env' ? `K=${KEY}\n` : KEY)
    const bin = await gitThatStores()
    const done = await move({ PATH: `${bin}:${process.env['PATH']}` })
    expect(existsSync(join(bin, 'done'))).toBe(true)
    expect(done.stderr).toMatch(/changed by somebody else in the meantime; nothing was written/)
    expect(done).toMatchObject({ status: 3, stdout: '' })
    expect(await text(home)).toContain(NEW)
    expect(existsSync(join(folder, 'new.key'))).toBe(false)
    expect(await text('config.yaml')).toBe(config(reference))
  })
})

describe('agw keys move and a rotation of the key', () => {
  it('do not run at the same time', async () => {
    await put('config.yaml', config('"$K"'))
    await put('.env', `K=${KEY}\n`)
    const env = cleanEnv(folder)
    const done = await aloneWith(join(folder, 'config.yaml'), 'variable K' as KeyPlace, env, () => move())
    expect(done).toMatchObject({ status: 3, stdout: '' })
    expect(done.stderr).toMatch(/another change of the key of variable K is under way: process \d+/)
    expect(existsSync(join(folder, 'new.key'))).toBe(false)
    expect((await move()).status).toBe(0)
  }, 60_000)
})

describe('agw keys move out of a store', () => {
  const setUp = async () => {
    const vault = await fakeVault()
    vault.put('llm', { k: KEY })
    await put('config.yaml', config('"$K"'))
    await put('agw.yaml', 'secrets:\n  K: { vault: { path: secret/data/llm, field: k } }\n')
    return { vault, env: { VAULT_ADDR: vault.url, VAULT_TOKEN: vault.state.token } }
  }

  it('says where the key is, and which copy stays, when the old place cannot be cleared', async () => {
    const { vault, env } = await setUp()
    vault.state.forbidsWrites = true
    const done = await move(env)
    expect(done.status).not.toBe(0)
    expect(done.stderr).toMatch(/the key is in new\.key now; the copy in vault secret\/data\/llm k stays/)
    expect((await text('new.key')).trim()).toBe(KEY)
    expect(await text('agw.yaml')).toContain('secret/data/llm')
    expect((await run(['keys', 'list'])).stdout).toMatch(/\bok\b/)
  })

  it('leaves a key that has been put there meanwhile, and what names it', async () => {
    const { vault, env } = await setUp()
    vault.put('llm', { k: KEY, other: 'x' })
    vault.state.beforeWrite = () => vault.put('llm', { k: NEW, other: 'x' })
    const done = await move(env)
    expect(done.status).not.toBe(0)
    expect(done.stderr).toMatch(/the key is in new\.key now; the copy in vault secret\/data\/llm k stays/)
    expect(vault.newest('llm')).toEqual({ k: NEW, other: 'x' })
    expect(await text('agw.yaml')).toContain('secret/data/llm')
  })

  it('writes the key once more where clearing the old place took it from the new one', async () => {
    const { vault, env } = await setUp()
    vault.state.beforeWrite = () => rmSync(join(folder, 'new.key'))
    const done = await move(env)
    expect(done.status, done.stderr).toBe(0)
    expect(done.stderr).toMatch(/new\.key had lost the key.*it was written there again/)
    expect((await text('new.key')).trim()).toBe(KEY)
    expect((await run(['keys', 'list'])).stdout).toMatch(/\bok\b/)
  })

  it('clears it, and what names it', async () => {
    const { vault, env } = await setUp()
    expect((await move(env)).status).toBe(0)
    expect(vault.newest('llm')).toBeUndefined()
    expect(existsSync(join(folder, 'agw.yaml'))).toBe(false)
  })
})

describe.skipIf(noGit !== undefined)(`the line of .gitignore for a file that goes${unless(noGit)}`, () => {
  it('stays for one that somebody has written anew', async () => {
    initRepository(folder, [])
    const two = "{ name: two, provider: openAI, params: { apiKey: '$B' } }"
    await put('config.yaml', config('"$K"').replace('] }\n', `, ${two}] }\n`))
    await put('.env', `K=${KEY}\n`)
    await put('.gitignore', '# holds a secret, kept out by agw\n/.env\n')
    // Asked whenever the config is read: the first time that .env is gone it is written by somebody else.
    await put('b.sh', `[ -e .env ] || printf 'K=%s\\n' '${NEW}' > .env\necho key-of-two\n`)
    await put('agw.yaml', `secrets:\n  B: { exec: [/bin/sh, ${join(folder, 'b.sh')}] }\n`)
    const done = await move({ AGW_TRUST: '1' })
    expect(done.status, done.stderr).toBe(0)
    expect(done.stderr).toContain('deletes .env')
    expect(await text('.env')).toContain(NEW)
    expect(await text('.gitignore')).toContain('/.env\n')
  })
})
