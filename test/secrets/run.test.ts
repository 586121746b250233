import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { AgwError } from '../../src/errors.ts'
import { runTool, runWith } from '../../src/secrets/run.ts'
import { isWindows, tempFolders } from './folders.ts'

const folder = tempFolders()
const env = { PATH: process.env['PATH'] }
const node = (script: string) => [process.execPath, ['-e', script]] as const

describe('runTool', () => {
  test('it gives status and output as they are', async () => {
    const [command, args] = node(`process.stdout.write('out\\n\\n'); process.stderr.write('err\\n')`)
    expect(await runTool(command, args, { env })).toEqual({
      exitCode: 0,
      stdout: 'out\n\n',
      stderr: 'err\n',
      failed: undefined,
    })
  })

  test('a status other than 0 is a result', async () => {
    const [command, args] = node('process.exit(7)')
    expect(await runTool(command, args, { env })).toMatchObject({ exitCode: 7, failed: 'exit' })
  })

  test('input goes to stdin, whole and unchanged; without it stdin is empty', async () => {
    const echo = node('process.stdin.pipe(process.stdout)')
    const input = `sk-canary é\n${'x'.repeat(200_000)}`
    expect((await runTool(...echo, { env, input })).stdout).toBe(input)
    expect((await runTool(...echo, { env })).stdout).toBe('')
  })

  test('a tool that does not read its input is no failure', async () => {
    const [command, args] = node('process.exit(0)')
    const result = await runTool(command, args, { env, input: 'x'.repeat(5_000_000) })
    expect(result).toMatchObject({ exitCode: 0, failed: undefined })
  })

  test('nothing of our environment is passed on, and no shell reads the arguments', async () => {
    process.env['AGW_TEST_CANARY'] = 'x'
    const script = 'console.log(JSON.stringify([Object.keys(process.env), process.argv.slice(1)]))'
    const odd = ['$(id)', '; echo', '"quoted"', '*']
    const result = await runTool(process.execPath, ['-e', script, ...odd], {
      env: { ONLY: '1', GONE: undefined },
    })
    delete process.env['AGW_TEST_CANARY']
    const [names, argv] = JSON.parse(result.stdout)
    expect(argv).toEqual(odd)
    expect(names).toContain('ONLY')
    expect(names).not.toContain('GONE')
    expect(names).not.toContain('AGW_TEST_CANARY')
    if (!isWindows) expect(names).not.toContain('PATH')
  })

  const ends: [what: string, script: string, options: object, failed: string][] = [
    ['a timeout', 'setInterval(() => {}, 1000)', { timeoutMs: 300 }, 'timeout'],
    ['too much output', 'process.stdout.write("x".repeat(100_000))', { maxBytes: 1000 }, 'too-much-output'],
    ['a signal', 'process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000)', {}, 'signal'],
  ]
  test.each(ends)('%s is a result', async (_, script, options, failed) => {
    if (isWindows && failed === 'signal') return
    const [command, args] = node(script)
    const result = await runTool(command, args, { env, ...options })
    expect(result.failed).toBe(failed)
    expect(result.stdout.length).toBeLessThanOrEqual(1000)
  })

  const missing: [what: string, start: (dir: string) => Promise<unknown>, code: string, message: RegExp][] = [
    [
      'no such command',
      () => runTool('agw-no-such', ['sk-canary'], { env, input: 'sk-canary' }),
      'TOOL_MISSING',
      /agw-no-such is not installed/,
    ],
    [
      'a known command',
      () => runTool('kubectl', ['sk-canary'], { env: { PATH: '' } }),
      'TOOL_MISSING',
      /kubectl is not installed/,
    ],
    [
      'no such command, and a folder of the PATH that cannot be looked into',
      async dir => {
        // What a closed folder is to others, this is to root, too: the system says EACCES.
        mkdirSync(join(dir, 'agw-no-such'))
        return runTool('agw-no-such', ['sk-canary'], { env: { PATH: `${dir}:${env.PATH}` } })
      },
      'TOOL_MISSING',
      /agw-no-such is not installed/,
    ],
    [
      'no such folder',
      dir => runTool(process.execPath, [], { env, cwd: join(dir, 'no') }),
      'TOOL_FAILED',
      /folder .* does not exist/,
    ],
  ]
  test.each(missing)(
    '%s: says so and what to do, without arguments and input',
    async (_, start, code, message) => {
      const error = await start(folder()).catch((caught: unknown) => caught)
      if (!(error instanceof AgwError)) throw new Error('there was no AgwError', { cause: error })
      expect(error).toMatchObject({ code, message: expect.stringMatching(message), hint: expect.any(String) })
      expect(JSON.stringify([error.message, error.hint, error.cause, error.stack])).not.toContain('canary')
    },
  )

  test.skipIf(isWindows)('a file that is not executable', async () => {
    const dir = folder()
    writeFileSync(join(dir, 'tool'), '#!/bin/sh\n', { mode: 0o600 })
    const error = await runTool(join(dir, 'tool'), [], { env }).catch(caught => caught)
    expect(error).toMatchObject({
      code: 'TOOL_FAILED',
      message: expect.stringMatching(/it is not executable/),
    })
  })

  test('runWith settles environment and folder', async () => {
    const dir = folder()
    const run = runWith({ env: { ...env, A: '1' }, cwd: dir })
    const result = await run(...node('console.log(process.env.A, process.cwd())'))
    expect(result.stdout.trim()).toBe(`1 ${dir}`)
  })
})
