import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../gateway/kit/wait.ts'
import { agw, start, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'

const CANARY = keyLike('openai', 'crash')

/** Node options under which the program runs a line of the test's in itself: the bug that is not there. */
function planted(code: string): string {
  return `--import data:text/javascript,${encodeURIComponent(code)}`
}

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
  await writeFile(join(folder, 'config.yaml'), GUIDE.file.replace('3000', String(await freePort())))
  await writeFile(join(folder, 'key.txt'), CANARY, { mode: 0o600 })
})

describe.each([
  ['a throw that nobody catches', `process.on('SIGUSR2', () => { throw new Error('boom ${CANARY}') })`],
  [
    'a promise that nobody awaits',
    `process.on('SIGUSR2', () => { Promise.reject(new Error('boom ${CANARY}')) })`,
  ],
  [
    'an error with a cause',
    `process.on('SIGUSR2', () => { throw new Error('boom', { cause: new Error('${CANARY}') }) })`,
  ],
  ['what is thrown is no error', `process.on('SIGUSR2', () => { throw { key: '${CANARY}' } })`],
])('a crash: %s', (_, code) => {
  it.each([[[]], [['--json']]])('ends with 70 and without the key %j', async args => {
    const gateway = start(['serve', ...args], {
      cwd: folder,
      env: { NODE_OPTIONS: planted(code), AGW_DEBUG: '1' },
    })
    await gateway.until('ready')
    const status = await gateway.stop('SIGUSR2')
    expect(status).toBe(70)
    const printed = gateway.stdout() + gateway.stderr()
    expect(printed).toContain('agw failed in a way it should not')
    expect(printed).not.toContain(CANARY.slice(10, 40))
  })
})

it('the test itself can fail: without the guard, Node prints the key', async () => {
  const run = await agw(['--version'], {
    cwd: folder,
    env: { NODE_OPTIONS: planted(`throw new Error('boom ${CANARY}')`) },
  })
  expect(run.stderr).toContain(CANARY)
})

describe.skipIf(process.platform === 'win32')('signals that show what a process holds', () => {
  it('SIGQUIT ends it without a core dump, SIGUSR1 opens no debugger', async () => {
    const gateway = start(['serve'], { cwd: folder })
    await gateway.until('ready')
    gateway.child.kill('SIGUSR1')
    const status = await gateway.stop('SIGQUIT')
    expect(status).toBe(130)
    expect(gateway.child.signalCode).toBeNull()
    expect(gateway.stderr()).not.toContain('Debugger')
  })

  it('a diagnostic report holds no environment, or is not written', async () => {
    const gateway = start(['serve'], {
      cwd: folder,
      env: {
        NODE_OPTIONS: `--report-on-signal --report-directory=${folder}`,
        SOME_API_KEY: CANARY,
      },
    })
    await gateway.until('ready')
    gateway.child.kill('SIGUSR2')
    const reports = async () => (await readdir(folder)).filter(name => name.startsWith('report'))
    if ('excludeEnv' in process.report) {
      let seen: string[] = []
      await eventually(() => {
        void reports().then(names => {
          seen = names
        })
        return seen.length > 0
      })
      const { readFile } = await import('node:fs/promises')
      expect(await readFile(join(folder, seen[0] ?? ''), 'utf8')).not.toContain(CANARY)
    }
    await gateway.stop()
    if (!('excludeEnv' in process.report)) expect(await reports()).toEqual([])
  })

  it.each([
    ['--heapsnapshot-signal=SIGUSR2', 'heap snapshots'],
    ['--inspect=127.0.0.1:0', 'debugger'],
  ])('serve warns of %s', async (options, word) => {
    const gateway = start(['serve'], { cwd: folder, env: { NODE_OPTIONS: options } })
    await gateway.until('ready')
    expect(gateway.stderr()).toContain(word)
    await gateway.stop()
  })
})
