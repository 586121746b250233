import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { addToGitignore, gitState } from '../../src/secrets/git.ts'
import { type Run, runWith } from '../../src/secrets/run.ts'
import { noGit, unless } from '../helpers/needs.ts'
import { isWindows, tempFolders } from './folders.ts'

const folder = tempFolders()
const env = {
  PATH: process.env['PATH'],
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CEILING_DIRECTORIES: '/',
  HOME: '/nonexistent',
}
const run = runWith({ env })
function repository(): string {
  const dir = folder()
  const git = (...args: string[]) => execFileSync('git', ['-C', dir, ...args], { env, stdio: 'pipe' })
  git('init', '--quiet')
  writeFileSync(join(dir, '.gitignore'), '*.key\n/secrets/\n')
  writeFileSync(join(dir, 'tracked.txt'), '')
  writeFileSync(join(dir, 'tracked.key'), '')
  git('add', '--force', '.gitignore', 'tracked.txt', 'tracked.key')
  mkdirSync(join(dir, 'secrets'))
  mkdirSync(join(dir, 'sub'))
  return dir
}

describe.skipIf(noGit !== undefined)(`gitState${unless(noGit)}`, () => {
  const table: [path: string, state: string][] = [
    ['tracked.txt', 'tracked'],
    ['tracked.key', 'tracked'],
    ['openai.key', 'ignored'],
    ['sub/openai.key', 'ignored'],
    ['secrets/openai', 'ignored'],
    ['openai.txt', 'not-ignored'],
    ['sub/openai.txt', 'not-ignored'],
    ['sub/*.txt', 'not-ignored'],
    ['-v', 'not-ignored'],
  ]
  test.each(table)('%s is %s', async (path, state) => {
    expect(await gitState(join(repository(), path), run)).toEqual({ state })
  })

  test('outside of a repository', async () => {
    expect(await gitState(join(folder(), 'openai.key'), run)).toEqual({ state: 'no-repository' })
    expect(await gitState(join(folder(), 'no', 'openai.key'), run)).toEqual({ state: 'no-repository' })
  })

  test('a file just added to .gitignore is ignored, whatever its name', async () => {
    const dir = repository()
    for (const name of ['openai.txt', '#1', '!x', 'a*[b]?', 'end ', 'back\\slash']) {
      if (isWindows && !/^[\w.#!]+$/.test(name)) continue
      const path = join(dir, 'sub', name)
      expect(await gitState(path, run)).toEqual({ state: 'not-ignored' })
      expect(await addToGitignore(path)).toEqual({ changed: true, file: join(dir, 'sub', '.gitignore') })
      expect(await gitState(path, run)).toEqual({ state: 'ignored' })
    }
    expect(await gitState(join(dir, 'sub', 'axbc'), run)).toEqual({ state: 'not-ignored' })
  })
})

describe('without a usable git', () => {
  test('it is not installed', async () => {
    const found = await gitState(join(folder(), 'key'), runWith({ env: { PATH: '' } }))
    expect(found).toEqual({ state: 'no-repository', note: expect.stringMatching(/git is not installed/) })
  })

  test('it refuses to look', async () => {
    const refusing: Run = async () => ({
      exitCode: 128,
      stdout: '',
      stderr: "fatal: detected dubious ownership in repository at '/x'",
      failed: 'exit',
    })
    expect(await gitState('/x/key', refusing)).toMatchObject({
      state: 'no-repository',
      note: expect.stringMatching(/refuses/),
    })
  })
})

describe('addToGitignore', () => {
  const comment = '# holds a secret, kept out by agw'
  const edits: [what: string, before: string | undefined, after: string][] = [
    ['a new file', undefined, `${comment}\n/key.txt\n`],
    ['a last line', 'dist\n', `dist\n${comment}\n/key.txt\n`],
    ['after a line without end', 'dist', `dist\n${comment}\n/key.txt\n`],
    ['Windows line ends', 'dist\r\n', `dist\r\n${comment}\r\n/key.txt\r\n`],
    ['a line that names it already', '# mine\n/key.txt\n', '# mine\n/key.txt\n'],
    ['a line that names it in every folder', 'key.txt\r\n', 'key.txt\r\n'],
  ]
  test.each(edits)('%s', async (_, before, after) => {
    const dir = folder()
    const file = join(dir, '.gitignore')
    if (before !== undefined) writeFileSync(file, before)
    expect(await addToGitignore(join(dir, 'key.txt'))).toEqual({ changed: before !== after, file })
    expect(readFileSync(file, 'utf8')).toBe(after)
    expect(await addToGitignore(join(dir, 'key.txt'))).toEqual({ changed: false, file })
    expect(readFileSync(file, 'utf8')).toBe(after)
  })

  test.skipIf(isWindows)('it keeps the mode of the file', async () => {
    const dir = folder()
    writeFileSync(join(dir, '.gitignore'), '')
    chmodSync(join(dir, '.gitignore'), 0o664)
    await addToGitignore(join(dir, 'key.txt'))
    expect(statSync(join(dir, '.gitignore')).mode & 0o777).toBe(0o664)
  })
})
