import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/secrets/secret.ts'
import { agw, agwAlone, BIN, cleanEnv, type Run, tempFolder } from '../helpers/agw.ts'

const CONFIG = `# of the team
llm:
  models:
  - name: "*"
    provider: openAI
    params: { apiKey: "$OPENAI_API_KEY" }
`

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
  await writeFile(join(folder, 'config.yaml'), CONFIG)
})
const text = (): Promise<string> => readFile(join(folder, 'config.yaml'), 'utf8')
const apart = (...args: string[]): Promise<Run> => agwAlone(['clients', ...args, '--yes'], { cwd: folder })

describe('agw clients, several at once', () => {
  it('does what each of them says, one after the other', async () => {
    const names = ['a', 'b', 'c', 'd']
    const added = await Promise.all(names.map(name => apart('add', name, '--require-keys')))
    expect(added.map(one => one.status, added[0]?.stderr)).toEqual(names.map(() => 0))
    // Each has printed the one key that lets its client in.
    expect(new Set(added.map(one => one.stdout)).size).toBe(names.length)
    for (const { stdout } of added) expect(stdout).toMatch(/^agw_sk_\w{32}\n$/)
    const listed = async () => {
      const { stdout } = await agw(['clients', 'list', '--json'], { cwd: folder })
      const { clients } = JSON.parse(stdout) as { clients: { name: string }[] }
      return clients.map(one => one.name).sort()
    }
    expect(await listed()).toEqual(names)
    const more = [
      apart('remove', 'a'),
      apart('rotate', 'b'),
      apart('remove', 'c'),
      apart('add', 'g', '--json'),
    ]
    expect((await Promise.all(more)).map(one => one.status)).toEqual([0, 0, 0, 0])
    expect(await listed()).toEqual(['b', 'b', 'd', 'g'])
  }, 60_000)

  it('lets one of two in by a name', async () => {
    const runs = await Promise.all([1, 2].map(() => apart('add', 'x', '--require-keys')))
    expect(runs.map(one => one.status).sort()).toEqual([0, 2])
    expect(runs.map(one => one.stderr).join('')).toContain('x has a key already')
  }, 30_000)
})

const keyOf = (name: string): string => `sk-canary-${name}-0123456789abcdef`

describe('agw keys set, several at once', () => {
  it.each([[[]], [['--method', 'encrypted']]])(
    'stores the key of each: %j',
    async flags => {
      const names = ['openai', 'anthropic', 'gemini']
      const models = names.map(
        name => `  - { name: "${name}-*", provider: openAI, params: { apiKey: "$${name.toUpperCase()}" } }`,
      )
      await writeFile(join(folder, 'config.yaml'), `llm:\n  models:\n${models.join('\n')}\n`)
      const set = (name: string): Promise<Run> =>
        agwAlone(['keys', 'set', name, ...flags], { cwd: folder, input: keyOf(name) })
      const runs = await Promise.all(names.map(set))
      expect(runs.map(one => one.status, runs[0]?.stderr)).toEqual(names.map(() => 0))
      const { stdout } = await agw(['keys', 'list', '--json'], { cwd: folder })
      const { keys } = JSON.parse(stdout) as { keys: { fingerprint: string }[] }
      expect(keys.map(one => one.fingerprint)).toEqual(
        names.map(name => new Secret(keyOf(name)).fingerprint()),
      )
    },
    60_000,
  )
})

describe.skipIf(!existsSync('/dev/full'))('a key that finds no room', () => {
  it.each([
    ['add', []],
    ['add', ['--json']],
    ['rotate', ['--json']],
  ] as const)('is taken out of the config again: clients %s %j', async (command, flags) => {
    if (command === 'rotate') await apart('add', 'x', '--require-keys')
    const before = await text()
    const keys = command === 'add' ? ['--require-keys'] : []
    const script = `"$0" "$@" > /dev/full`
    const args = ['-c', script, process.execPath, BIN, 'clients', command, 'x', '--yes', ...keys, ...flags]
    const run = promisify(execFile)('sh', args, { cwd: folder, env: cleanEnv(folder) })
    const { code, stderr } = await run.then(
      () => ({ code: 0, stderr: '' }),
      (error: { code: number; stderr: string }) => error,
    )
    expect([code, stderr]).toEqual([5, expect.stringContaining('there is no space left')])
    expect(await text()).toBe(before)
    if (flags.length > 0) expect(stderr).toContain('config.yaml is as it was')
  })
})
