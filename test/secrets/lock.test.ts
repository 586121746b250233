import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { AgwError } from '../../src/errors.ts'
import { lockPath, withLock } from '../../src/secrets/lock.ts'
import { ownIdentity } from '../../src/secrets/process-identity.ts'
import { compiled } from './compile.ts'
import { linkIn, tempFolders } from './folders.ts'

const folder = tempFolders()

/** A process that takes the lock, says so, and never lets go. */
async function holderOf(path: string, module = compiled('secrets/lock.js')) {
  const script = `
    const { withLock } = await import(process.argv[1])
    await withLock(process.argv[2], async () => { console.log('locked'); await new Promise(r => setTimeout(r, 60_000)) })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, module, path])
  child.stderr.pipe(process.stderr)
  await once(child.stdout, 'data')
  return child
}

async function gone(child: ReturnType<typeof spawn>): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

describe('withLock', () => {
  test('that of a dead process is taken over, however little time there is', async () => {
    const path = join(folder(), 'config.yaml')
    await gone(await holderOf(path))
    expect(existsSync(lockPath(path))).toBe(true)
    expect(await withLock(path, async () => 1, { timeoutMs: 0 })).toBe(1)
  })

  test('that of a process which died while another one took it over is taken over at once', async () => {
    const path = join(folder(), 'config.yaml')
    await gone(await holderOf(path))
    copyFileSync(lockPath(path), `${lockPath(path)}.takeover`)
    expect(await withLock(path, async () => 1, { timeoutMs: 1000 })).toBe(1)
    expect(readdirSync(dirname(path))).toEqual([])
  })

  test('what runs under it is never interleaved, and the lock file goes away', async () => {
    const path = join(folder(), 'config.yaml')
    let inside = 0
    const seen: number[] = []
    const work = async () => {
      inside += 1
      seen.push(inside)
      await new Promise(resolve => setTimeout(resolve, 5))
      inside -= 1
      return 'done'
    }
    const results = await Promise.all(Array.from({ length: 8 }, () => withLock(path, work)))
    expect(results).toEqual(Array(8).fill('done'))
    expect(Math.max(...seen)).toBe(1)
    expect(existsSync(lockPath(path))).toBe(false)
  })

  test('two links to one file have one lock, also where there is no file yet', async () => {
    const dir = folder()
    const path = join(dir, 'config.yaml')
    const link = linkIn(dir, 'link.yaml', 'config.yaml')
    const other = join(linkIn(folder(), 'folder', dir), 'config.yaml')
    for (const name of [link, other]) {
      const waiting = withLock(path, () => withLock(name, async () => 1, { timeoutMs: 50 }))
      await expect(waiting).rejects.toThrow(`cannot write ${name}: `)
      writeFileSync(path, '')
    }
    const away = linkIn(dir, 'away', join(folder(), 'x'))
    expect(await withLock(away, async () => readdirSync(dir).filter(one => one.endsWith('lock')))).toEqual([
      '.away.agw-lock',
    ])
    expect(await withLock(linkIn(dir, 'loop', 'loop'), async () => 1)).toBe(1)
  })

  test('it is let go when the action fails', async () => {
    const path = join(folder(), 'config.yaml')
    await expect(withLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await withLock(path, async () => 1)).toBe(1)
  })

  test('the lock of a living process holds; the error names the process and the lock file', async () => {
    const path = join(folder(), 'config.yaml')
    const child = await holderOf(path)
    const error = await withLock(path, async () => 1, { timeoutMs: 100 }).catch(caught => caught)
    await gone(child)
    expect(error).toBeInstanceOf(AgwError)
    expect(error.code).toBe('WRITE_FAILED')
    expect(error.message).toBe(`cannot write ${path}: process ${child.pid} on ${hostname()} is writing it`)
    expect(error.hint).toContain(lockPath(path))
  })

  test('the lock of a killed process is taken over, by one of many', async () => {
    const dir = folder()
    const path = join(dir, 'config.yaml')
    await gone(await holderOf(path))
    expect(existsSync(lockPath(path))).toBe(true)
    let inside = 0
    let most = 0
    await Promise.all(
      Array.from({ length: 6 }, () =>
        withLock(path, async () => {
          inside += 1
          most = Math.max(most, inside)
          await new Promise(resolve => setTimeout(resolve, 2))
          inside -= 1
        }),
      ),
    )
    expect(most).toBe(1)
    expect(readdirSync(dir)).toEqual([])
  })

  const own = { ...ownIdentity(), started: 'x' }
  const stale: [what: string, content: string, ageSeconds: number, linuxOnly: boolean][] = [
    ['a process number that another process has now', JSON.stringify(own), 0, true],
    ['an empty file that a crash has left', '', 60, false],
    ['half of a file that a crash has left', '{"pid": 12', 60, false],
    ['another host, long ago', JSON.stringify({ pid: 1, started: null, host: 'elsewhere' }), 3600, false],
  ]
  test.each(stale)('stale: %s', async (_, content, age, linuxOnly) => {
    if (linuxOnly && process.platform !== 'linux') return
    const path = join(folder(), 'config.yaml')
    writeFileSync(lockPath(path), content)
    const then = Date.now() / 1000 - age
    utimesSync(lockPath(path), then, then)
    expect(await withLock(path, async () => 1, { timeoutMs: 1000 })).toBe(1)
  })

  test('stale: a process that has ended, where the system does not tell when it started', async () => {
    const path = join(folder(), 'config.yaml')
    const child = spawn(process.execPath, ['-e', '0'])
    await once(child, 'exit')
    writeFileSync(lockPath(path), JSON.stringify({ ...ownIdentity(), pid: child.pid, started: null }))
    expect(await withLock(path, async () => 1, { timeoutMs: 1000 })).toBe(1)
  })

  const held: [what: string, content: string][] = [
    ['a file that is being made right now', ''],
    ['another host, just now', JSON.stringify({ pid: 1, started: null, host: 'elsewhere' })],
    [
      'another container of a host of this name',
      JSON.stringify({ ...ownIdentity(), pid: 4_000_000, space: 'pid:[1]' }),
    ],
    ['this very process', JSON.stringify({ ...own, started: null })],
  ]
  test.each(held)('held: %s', async (_, content) => {
    const path = join(folder(), 'config.yaml')
    writeFileSync(lockPath(path), content)
    await expect(withLock(path, async () => 1, { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'WRITE_FAILED',
    })
    expect(readFileSync(lockPath(path), 'utf8')).toBe(content)
  })

  test('a folder that does not exist is said to be that', async () => {
    const path = join(folder(), 'no', 'config.yaml')
    await expect(withLock(path, async () => 1)).rejects.toThrow(
      `cannot write ${path}: its folder does not exist`,
    )
  })
})
