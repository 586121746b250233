import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, cleanEnv, tempFolder } from '../helpers/agw.ts'
import { noTerminal, programMissing, unless } from '../helpers/needs.ts'
import { typedInto } from '../helpers/typed.ts'

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})

const scriptFor = async (shell: string): Promise<string> => {
  const { status, stdout } = await agw(['completion', shell], { cwd: folder })
  expect(status).toBe(0)
  return stdout
}

/** What is typed, and what it is after the tab key. */
const TYPED: readonly (readonly [line: string, completed: string])[] = [
  ['agw val', 'validate'],
  ['agw keys ro', 'keys rotate'],
  ['agw --json val', '--json validate'],
  ['agw --json keys ro', '--json keys rotate'],
  ['agw help ke', 'help keys'],
  ['agw help keys ro', 'help keys rotate'],
  ['agw --js', '--json'],
  ['agw validate --form', 'validate --format'],
  ['agw validate --format sar', 'validate --format sarif'],
  ['agw validate --format=sar', 'validate --format=sarif'],
  ['agw --json keys move openai --to=inl', '--json keys move openai --to=inline'],
  ['agw init --provider oll', 'init --provider ollama'],
  ['agw serve --no-rel', 'serve --no-reload'],
  ['agw completion fi', 'completion fish'],
  ['agw validate one', 'validate one.yaml'],
  ['agw validate --file one', 'validate --file one.yaml'],
  ['agw validate --file=one', 'validate --file=one.yaml'],
  ['agw validate -f one', 'validate -f one.yaml'],
  // The value of a flag is no command, and what follows -- is another program's.
  ['agw test-route -H keys --expl', 'test-route -H keys --explain'],
  ['agw test-route --prompt=keys --expl', 'test-route --prompt=keys --explain'],
  ['agw run -- --onl', 'run -- --onl'],
  ['agw nothing --js', 'nothing --js'],
]

describe.each(['bash', 'zsh', 'fish'] as const)('agw completion %s', shell => {
  const missing = noTerminal ?? programMissing(shell)

  it.skipIf(missing !== undefined)(`completes what is typed into the shell${unless(missing)}`, async () => {
    writeFileSync(join(folder, 'one.yaml'), '')
    const lines = TYPED.map(([line]) => line)
    const words = await typedInto(shell, await scriptFor(shell), lines, folder)
    expect(words.map(one => one.join(' '))).toEqual(TYPED.map(([, completed]) => completed))
  })
})

const noBash = programMissing('bash')

/** What bash offers for the last of these words, which are parted as bash parts them. */
function offered(script: string, words: readonly string[]): string[] {
  const file = join(folder, 'completion.bash')
  writeFileSync(file, script)
  const typed = ['agw', ...words].map(word => `'${word}'`).join(' ')
  const ask = `source "$1"; COMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _agw; printf '%s\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', ask, '_', file], {
    encoding: 'utf8',
    env: cleanEnv(folder),
  })
  expect(stderr).toBe('')
  return stdout.split('\n').filter(Boolean)
}

it.skipIf(noBash !== undefined).each<[string[], string[]]>([
  [['ke'], ['keys']],
  [
    ['keys', ''],
    ['check', 'list', 'move', 'remove', 'rotate', 'scan', 'set'],
  ],
  [
    ['--json', 'serve', '--log-'],
    ['--log-format', '--log-level'],
  ],
  [
    ['serve', '--log-format', '=', ''],
    ['text', 'json'],
  ],
  [
    ['serve', '--log-format', '='],
    ['text', 'json'],
  ],
  // So the words are where somebody has taken the sign out of COMP_WORDBREAKS.
  [
    ['serve', '--log-format='],
    ['--log-format=text', '--log-format=json'],
  ],
  [['serve', '--log-format=text', '--log-l'], ['--log-level']],
  [['serve', '--mock', '=', ''], []],
  [['serve', 'config'], []],
])(`bash offers all that fits${unless(noBash)}: %j`, async (words, answers) => {
  expect(offered(await scriptFor('bash'), words)).toEqual(answers)
})

const noFish = programMissing('fish')

it.skipIf(noFish !== undefined)(`fish tells what each word stands for${unless(noFish)}`, async () => {
  const file = join(folder, 'agw.fish')
  writeFileSync(file, await scriptFor('fish'))
  const told = (typed: string): string[] => {
    const ask = `source ${file}; complete -C '${typed}'`
    return spawnSync('fish', ['--no-config', '-c', ask], { cwd: folder, encoding: 'utf8' })
      .stdout.split('\n')
      .filter(Boolean)
  }
  expect(told('agw key')).toEqual([
    'keys\tThe life of a provider key: store, list, check, move, rotate, remove, scan.',
  ])
  expect(told('agw serve --log-f')).toEqual([expect.stringMatching(/^--log-format\t\w/)])
  // Commands are offered where one belongs, not behind one.
  expect(told('agw keys set se')).toEqual([])
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
