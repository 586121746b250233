import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rename, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { LogFile } from '../../src/serving/log-file.ts'
import { ROOT } from '../helpers/agw.ts'

it.each([false, true])(
  'a file that is moved, and whose place is taken, takes nothing until there is a new one: %s',
  async isPrompt => {
    const folder = await mkdtemp(join(tmpdir(), 'agw-log-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const [path, moved] = [join(folder, 'access.log'), join(folder, 'access.log.1')]
    const log = await new LogFile(path, isPrompt).open()
    const write = (text: string): Promise<string | undefined> =>
      new Promise(resolve =>
        log.write(text, error => resolve((error as NodeJS.ErrnoException | undefined)?.code)),
      )
    expect(await write('a')).toBeUndefined()
    await rename(path, moved)
    await mkdir(path)
    // It is looked at no more than once a second.
    await sleep(1100)
    expect([await write('b'), await write('c'), await write('d')]).toEqual(['EISDIR', 'EISDIR', 'EISDIR'])
    await rmdir(path)
    expect(await write('e')).toBeUndefined()
    await log.close()
    expect([await readFile(moved, 'utf8'), await readFile(path, 'utf8')]).toEqual(['a', 'e'])
  },
)

it.skipIf(process.platform === 'win32')(
  'a text that found room for a part of it does not spoil the next one',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'agw-log-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const path = join(folder, 'access.log')
    // No file of that process may be larger than 4096 bytes.
    const program = `
    import { LogFile } from ${JSON.stringify(join(ROOT, 'dist/serving/log-file.js'))}
    import { readFileSync, writeFileSync } from 'node:fs'
    const path = ${JSON.stringify(path)}
    const log = await new LogFile(path).open()
    const write = text => new Promise(resolve => log.write(text, error => resolve(error?.code)))
    const codes = [await write('a'.repeat(4000) + '\\n'), await write('b'.repeat(100) + '\\n')]
    writeFileSync(path, readFileSync(path).subarray(-5))
    codes.push(await write('c\\n'), await write('d\\n'))
    console.log(codes.join())`
    const limited = ['-c', 'ulimit -f 4; exec "$0" --input-type=module -e "$1"', process.execPath, program]
    const { stdout } = await promisify(execFile)('bash', limited)
    expect(stdout).toBe(',EFBIG,,\n')
    expect(await readFile(path, 'utf8')).toBe('bbbbb\nc\nd\n')
  },
)

it.skipIf(process.platform === 'win32')(
  'a disk that is slow holds up everything once, and is written to by a thread from then on',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'agw-log-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const path = join(folder, 'access.log')
    await promisify(execFile)('mkfifo', [path])
    // More than the system takes for a pipe that nobody reads.
    const text = 'x'.repeat(200_000)
    const reader = promisify(execFile)('sh', [
      '-c',
      `exec 3<"$0"; sleep 0.5; head -c ${text.length} <&3 >/dev/null; sleep 2; cat <&3 | wc -c`,
      path,
    ])
    const log = await new LogFile(path, true).open()
    const write = (): { isDone: boolean } => {
      const state = { isDone: false }
      log.write(text, () => {
        state.isDone = true
      })
      return state
    }
    const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
    const first = write()
    await turn()
    expect(first.isDone).toBe(true)
    const second = write()
    await turn()
    expect(second.isDone).toBe(false)
    await log.close()
    expect(second.isDone).toBe(true)
    expect((await reader).stdout.trim()).toBe(String(text.length))
  },
)
