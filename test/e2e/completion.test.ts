import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, tempFolder } from '../helpers/agw.ts'

const hasBash = spawnSync('bash', ['--version']).error === undefined

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})

/** What bash offers for the last of these words. */
function offered(script: string, words: readonly string[]): string[] {
  const file = join(folder, 'completion.bash')
  writeFileSync(file, script)
  const typed = ['agw', ...words].map(word => `'${word}'`).join(' ')
  const ask = `source "$1"; COMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _agw; printf '%s\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', ask, '_', file], { encoding: 'utf8' })
  expect(stderr).toBe('')
  return stdout.split('\n').filter(Boolean)
}

describe.skipIf(!hasBash)('agw completion bash', () => {
  it.each<[string[], string[]]>([
    [['val'], ['validate']],
    [['keys', 'ro'], ['rotate']],
    [['validate', '--form'], ['--format']],
    [['validate', '--format', 's'], ['sarif']],
    [['keys', 'move', 'openai', '--to', 'in'], ['inline']],
    [['init', '--provider', 'oll'], ['ollama']],
    [['keys', 'set', '--meth'], ['--method']],
    [['serve', '--no-r'], ['--no-reload']],
    [['serve', 'config'], []],
    [['nothing', '--x'], []],
  ])('%j', async (words, answers) => {
    const { status, stdout } = await agw(['completion', 'bash'], { cwd: folder })
    expect(status).toBe(0)
    expect(offered(stdout, words)).toEqual(answers)
  })
})

it('speaks fish and zsh', async () => {
  const fish = await agw(['completion', 'fish'], { cwd: folder })
  expect(fish.stdout).toMatch(
    /^complete -c agw -n '__fish_seen_subcommand_from init' -l method .*-x -a 'env file/m,
  )
  const zsh = await agw(['completion', 'zsh'], { cwd: folder })
  expect(zsh.stdout).toMatch(/^autoload -U \+X compinit/)
})

it.each([
  [['completion', 'tcsh to be one of: sk-canary'], 'an argument is none of those that this command takes'],
  [['completion'], 'missing argument: SHELL'],
])('speaks no other shell, and says which it does: %j', async (words, message) => {
  const { status, stderr } = await agw(words, { cwd: folder })
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: `error ${message}\n  → it takes one of: bash, zsh, fish\n`,
  })
})
