import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { gather } from '../../../src/secrets/gather.ts'
import { tempFolders } from '../folders.ts'
import { contract, problem, said } from './contract.ts'

const folder = tempFolders()

const run = async (
  script: string,
  { env = {}, timeoutMs = 5000 }: { env?: object; timeoutMs?: number } = {},
) => {
  const configDir = folder()
  writeFileSync(join(configDir, 'tool.mjs'), script)
  const where = { argv: [process.execPath, 'tool.mjs', '$HOME', '`id`', 'a b'] }
  const entry = { variable: 'A', kind: 'exec', where, refreshMs: undefined, timeoutMs } as const
  const context = { env: { PATH: process.env['PATH'], ...env }, configDir, connections: {} }
  const found = (await gather([entry], context)).get('A')
  if (found === undefined) throw new Error('nothing came back')
  return found
}

/** A tool that prints a file, and says that it is not there as such tools do: with a status. */
const PRINTS = `import { readFileSync } from 'node:fs'
try { process.stdout.write(readFileSync(process.argv[2])) } catch { console.error('no entry'); process.exit(1) }`

contract(
  'exec',
  () => {
    const configDir = folder()
    writeFileSync(join(configDir, 'tool.mjs'), PRINTS)
    return {
      context: { env: { PATH: process.env['PATH'] }, configDir, connections: {} },
      where: name => ({ argv: [process.execPath, 'tool.mjs', name] }),
      put: (name, value) => writeFileSync(join(configDir, name), value),
      take: name => rmSync(join(configDir, name)),
    }
  },
  { missing: 'unreadable' },
)

describe('the source exec', () => {
  test('reads what the program prints, less one line end', async () => {
    expect(said(await run(`console.log('sk-0123456789')`))).toBe('sk-0123456789')
    expect(said(await run(`process.stdout.write('sk-0123456789')`))).toBe('sk-0123456789')
  })

  test('the arguments reach it as written: there is no shell', async () => {
    const found = await run(`process.stdout.write(JSON.stringify(process.argv.slice(2)))`)
    expect(JSON.parse(said(found))).toEqual(['$HOME', '`id`', 'a b'])
  })

  test('it runs in the folder of agw.yaml, and sees no variable that it does not need', async () => {
    const env = { HOME: '/home/me', OPENAI_API_KEY: 'sk-canary', AWS_SECRET_ACCESS_KEY: 'x', LANG: 'C' }
    const found = await run(`process.stdout.write(Object.keys(process.env).sort().join())`, { env })
    expect(said(found)).toBe('HOME,LANG,PATH')
    expect(said(await run(`process.stdout.write(process.cwd())`))).toMatch(/agw-secrets-/)
  })

  const LEAKS = `console.log('sk-canary-out'); console.error('sk-canary-err');`
  test.each([
    ['ends with a status', `${LEAKS} process.exit(3)`, 'unreadable', /status 3$/],
    ['is killed', `${LEAKS} process.kill(process.pid, 'SIGKILL')`, 'unreadable', /killed$/],
    ['hangs', `${LEAKS} setInterval(() => {}, 1000)`, 'timeout', /in time$|within \d+ ms$/],
    // Ends in time: it must not stay where this process is over before it would be killed.
    [
      'ignores SIGTERM',
      `${LEAKS} process.on('SIGTERM', () => {}); setInterval(() => process.exit(), 10_000)`,
      'timeout',
      /in time$|within \d+ ms$/,
    ],
    [
      'never stops printing',
      `for (;;) process.stdout.write('sk-canary-out '.repeat(999))`,
      'too-large',
      /64 KiB$/,
    ],
    ['prints nothing', '', 'empty', /empty$/],
  ])('one that %s is told without a word of what it said', async (_, script, code, message) => {
    const found = problem(await run(script, { timeoutMs: /Interval/.test(script) ? 400 : 5000 }))
    expect(found).toMatchObject({ code, message: expect.stringMatching(message) })
    expect(JSON.stringify(found)).not.toContain('canary')
  })

  test('one that is not there is named', async () => {
    const context = { env: { PATH: '/nowhere' }, configDir: folder(), connections: {} }
    const where = { argv: ['no-such-tool'] }
    const entry = { variable: 'A', kind: 'exec', where, refreshMs: undefined, timeoutMs: undefined } as const
    const found = problem((await gather([entry], context)).get('A'))
    expect(found.code).toBe('not-installed')
    expect(found.message).toBe('A (exec no-such-tool): no-such-tool is not installed, or not on the PATH')
  })
})

describe('one stuck source costs its own value only', () => {
  test('the others come at once, the stuck one when its time is up', async () => {
    const configDir = folder()
    writeFileSync(join(configDir, 'key'), 'sk-0123456789', { mode: 0o600 })
    const stuck = { argv: [process.execPath, '-e', 'setInterval(() => {}, 1000)'] }
    const rest = { refreshMs: undefined, timeoutMs: 300 }
    const found = await gather(
      [
        { variable: 'STUCK', kind: 'exec', where: stuck, ...rest },
        { variable: 'FILE', kind: 'file', where: { path: 'key' }, ...rest },
        { variable: 'ENV', kind: 'env', where: { name: 'X' }, ...rest },
      ],
      { env: { PATH: process.env['PATH'], X: 'sk-x' }, configDir, connections: {} },
    )
    expect([...found].map(([name, one]) => [name, said(one)]).sort()).toEqual([
      ['ENV', 'sk-x'],
      ['FILE', 'sk-0123456789'],
      ['STUCK', 'timeout'],
    ])
  })
})
