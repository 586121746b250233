import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, agwAlone, tempFolder } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'
import { filesWith, leaksOf, watchProcesses } from '../helpers/leaks.ts'

/**
 * Two keys through every command that takes, keeps, moves or uses one, one after the other. They are of this run only:
 * all processes are watched, those of another run of the tests too.
 */
const RUN = randomUUID()
const KEYS = [keyLike('openai', `canary life ${RUN}`), keyLike('openai', `canary life two ${RUN}`)] as const
const [FIRST, SECOND] = KEYS

const leaks = leaksOf(KEYS)

let folder: string
let bin: string
beforeEach(async () => {
  folder = await tempFolder()
  bin = await tempFolder()
  // A kubectl that keeps what it is given on standard input to itself, and takes long enough to be looked at.
  const script = '#!/bin/sh\ncase " $* " in *" get "*) exit 0;; esac\ncat >/dev/null\nsleep 0.2\n'
  await writeFile(join(bin, 'kubectl'), script, { mode: 0o755 })
})

const init = (method: string, ...more: string[]): string[] => [
  ...['init', '--provider', 'openai', '--method', method, '--key-from-stdin', '--yes'],
  ...more,
]
const uses = [
  ['validate', '--strict'],
  ['keys', 'list'],
  ['keys', 'check', '--connect-to', '::127.0.0.1:1'],
  ['keys', 'scan'],
  ['test-route', '--mock'],
  ['run', '--', process.execPath, '-e', 'console.log(process.env)'],
]

/** What is typed, with a key on standard input each time, and the files that may hold one afterwards. */
const lives: [what: string, commands: string[][], holders: string[]][] = [
  ['inline', [init('inline'), ...uses, ['keys', 'set', 'openai', '--yes']], ['config.yaml']],
  ['env', [init('env'), ...uses, ['keys', 'set', 'openai', '--yes']], ['.env']],
  ['file', [init('file'), ...uses, ['keys', 'set', 'openai', '--yes']], ['openai.key']],
  [
    'kubernetes',
    [init('kubernetes'), ['keys', 'set', 'openai', '--method', 'kubernetes', '--yes'], ['validate']],
    ['kubernetes-secret.yaml'],
  ],
  [
    'moved about',
    [
      init('inline'),
      ...['file', 'env', 'inline', 'file'].map(method => ['keys', 'move', 'openai', '--to', method, '--yes']),
      ['keys', 'set', 'openai', '--method', 'env', '--yes'],
      ['keys', 'remove', 'openai', '--yes'],
    ],
    // `keys set` leaves the old copy, and says so.
    ['openai.key'],
  ],
  [
    'passed through',
    [
      ['init', '--provider', 'openai', '--method', 'passthrough', '--yes'],
      ['test-route', '--mock', '--key-from-stdin'],
      ['test-route', '--connect-to', '::127.0.0.1:1', '--key-from-stdin'],
    ],
    [],
  ],
  ['refused', [init('env', '--env', 'not a name'), init('file', '--file', '/nope/config.yaml')], []],
]

/** The stand-in for kubectl is a shell script. */
describe.skipIf(process.platform === 'win32')('the whole life of a key leaves it in its place only', () => {
  it.each(lives)('%s', async (_, commands, holders) => {
    const env = { PATH: `${bin}${delimiter}${process.env['PATH']}`, AGW_DEBUG: '1' }
    await mkdir(join(folder, 'home'))
    const stop = watchProcesses(leaks)
    for (const [index, command] of commands.entries()) {
      const args = index % 2 === 0 ? command : [...command.slice(0, 1), '--json', ...command.slice(1)]
      const input = command.includes('set') ? SECOND : FIRST
      const withJson = command[0] === 'keys' && index % 2 === 1 ? [...command, '--json'] : args
      const run = await agw(withJson, { cwd: folder, env: { ...env, HOME: join(folder, 'home') }, input })
      expect(leaks(run.stdout + run.stderr), command.join(' ')).toEqual([])
      expect(run.stderr, command.join(' ')).not.toContain('failed in a way it should not')
    }
    expect(stop()).toEqual([])
    expect(await filesWith(leaks, folder)).toEqual(holders)
  })

  it('the watch itself can fail: a key in the arguments of a process is seen', async () => {
    if (process.platform !== 'linux') return
    const stop = watchProcesses(leaks)
    await agwAlone(['keys', 'set', FIRST], { cwd: folder })
    expect(stop()).not.toEqual([])
  })
})
