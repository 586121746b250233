import { execFile } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, BIN, cleanEnv, tempFolder } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'

const KEY = keyLike('openai', 'suggested')
const run = promisify(execFile)

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
  await mkdir(join(folder, 'my deploy'))
  await writeFile(join(folder, 'my deploy', 'config.yaml'), GUIDE.env)
  await writeFile(join(folder, 'config.yaml'), GUIDE.env.replaceAll('OPENAI_API_KEY', 'ANOTHER'))
  await mkdir(join(folder, 'bin'))
  await writeFile(join(folder, 'bin', 'agw'), `#!/bin/sh\nexec "${process.execPath}" "${BIN}" "$@"\n`)
  await chmod(join(folder, 'bin', 'agw'), 0o755)
})

/** What a text suggests, typed into a shell as it stands. */
async function typed(text: string): Promise<void> {
  const [, command = ''] = /`(agw [^`]+)`/.exec(text) ?? []
  const env = cleanEnv(folder, { PATH: `${join(folder, 'bin')}:${process.env['PATH']}`, KEY })
  await run('/bin/sh', ['-c', `printf %s "$KEY" | ${command}`], { cwd: folder, env })
}

const FILE = ['-f', 'my deploy/config.yaml']
const list = () => agw(['keys', 'list', ...FILE], { cwd: folder })

describe.skipIf(process.platform === 'win32')(
  'a command that is suggested does its work as it stands',
  () => {
    it.each<[string, string[]]>([
      ['keys list', ['keys', 'list', ...FILE]],
      ['keys list --json', ['keys', 'list', '--json', ...FILE]],
      ['doctor', ['doctor', '--no-env-file', ...FILE]],
      ['doctor --json', ['doctor', '--json', ...FILE]],
      ['validate', ['validate', 'config.yaml', 'my deploy/config.yaml']],
      ['validate --json', ['validate', 'my deploy/config.yaml', '--json']],
      ['serve', ['serve', ...FILE]],
      ['run', ['run', ...FILE, '--', 'true']],
      ['keys rotate', ['keys', 'rotate', 'openai', ...FILE]],
    ])('%s', async (_, args) => {
      expect((await list()).status).toBe(4)
      const { stdout, stderr } = await agw(args, { cwd: folder, input: KEY })
      const said = stdout + stderr
      await typed(said.slice(args[0] === 'validate' ? said.indexOf("'my deploy/") - 60 : 0))
      expect(await list()).toMatchObject({ status: 0 })
    })

    it('of a config that is found by itself names none', async () => {
      const { stderr } = await agw(['keys', 'list', '-f', './config.yaml'], { cwd: folder })
      expect(stderr).toContain('`agw keys set openai` stores it')
    })

    it('of doctor, for a config that is broken', async () => {
      await writeFile(join(folder, 'my deploy', 'config.yaml'), 'bindz: []\n')
      const { stdout } = await agw(['doctor', ...FILE], { cwd: folder })
      expect(stdout).toContain("see them with `agw validate --file 'my deploy/config.yaml'`")
    })

    it('keeps a key elsewhere that agw cannot store where agw.yaml says', async () => {
      await writeFile(
        join(folder, 'my deploy', 'agw.yaml'),
        'secrets: { OPENAI_API_KEY: { env: ELSEWHERE } }',
      )
      const { stderr } = await agw(['serve', ...FILE], { cwd: folder })
      expect(stderr).toContain('`agw keys set OPENAI_API_KEY --method file')
      await typed(stderr.replace('--method file', '--method file --yes'))
      expect(await list()).toMatchObject({ status: 0 })
    })

    it('of run without a command names the config, before the dashes', async () => {
      const { stderr } = await agw(['run', ...FILE], { cwd: folder })
      expect(stderr).toContain("`agw run --file 'my deploy/config.yaml' -- COMMAND`")
    })

    it('names the slot whose file is empty, and the variable that an empty store has not', async () => {
      await writeFile(join(folder, 'key.txt'), '')
      await writeFile(join(folder, 'my deploy', 'config.yaml'), GUIDE.file)
      const empty = await agw(['serve', ...FILE], { cwd: folder })
      expect(empty.stderr).toContain("`agw keys set openai --file 'my deploy/config.yaml'`")
      await writeFile(join(folder, 'my deploy', 'config.yaml'), GUIDE.env)
      await writeFile(join(folder, 'my deploy', 'agw.yaml'), 'secrets: { OPENAI_API_KEY: { file: k } }')
      await typed((await agw(['serve', ...FILE], { cwd: folder })).stderr)
      expect(await list()).toMatchObject({ status: 0 })
    })
  },
)
