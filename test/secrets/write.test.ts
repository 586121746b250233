import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { tempName } from '../../src/secrets/temp-files.ts'
import { writeFileAtomic } from '../../src/secrets/write.ts'
import { compiled } from './compile.ts'
import { asNobody, fileIn, isRoot, isWindows, linkIn, tempFolders } from './folders.ts'
import { writeFailure } from './write-failure.ts'

const folder = tempFolders()
const modeOf = (path: string) => statSync(path).mode & 0o777

describe('writeFileAtomic', () => {
  test('removes what a writer that was killed has left in the folder, and nothing of one that lives', async () => {
    const dir = folder()
    const dead = spawnSync(process.execPath, ['-e', '']).pid
    const [, mine = '', start = ''] = /^(\.agw-[\da-f]{8})-\d+-(\d+)-/.exec(tempName()) ?? []
    const end = `${'0'.repeat(24)}.tmp`
    const names = [
      `${mine}-${dead}-${start}-${end}`,
      `${mine}-${process.pid}-${start}-${end}`,
      `.agw-00000000-${dead}-${start}-${end}`,
    ]
    for (const name of names) writeFileSync(join(dir, name), 'sk-left')
    await writeFileAtomic(join(dir, 'key'), 'abc', { mode: 0o600 })
    expect(readdirSync(dir).sort()).toEqual([...names.slice(1), 'key'].sort())
  })

  test.skipIf(process.platform !== 'linux')(
    'removes what an earlier process of its number has left',
    async () => {
      const dir = folder()
      writeFileSync(join(dir, tempName().replace(/-\d+(-[\da-f]{24})/, '-1$1')), 'sk-left')
      await writeFileAtomic(join(dir, 'key'), 'abc', { mode: 0o600 })
      expect(readdirSync(dir)).toEqual(['key'])
    },
  )

  test('what another container of a host of this name is writing stays', context => {
    const dir = folder()
    const name = tempName()
    writeFileSync(join(dir, name), 'sk-being-written')
    const script = `
      const { removeLeftTemps } = await import(process.argv[1])
      await removeLeftTemps(process.argv[2])`
    const node = [
      process.execPath,
      '--input-type=module',
      '-e',
      script,
      compiled('secrets/temp-files.js'),
      dir,
    ]
    const child = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', ...node], { encoding: 'utf8' })
    if (child.error !== undefined || /^unshare:/.test(child.stderr))
      context.skip('no right to make a container here')
    expect([child.status, readdirSync(dir)]).toEqual([0, [name]])
  })

  test('a new file gets the mode that was asked for, whatever the umask', async () => {
    const path = join(folder(), 'key')
    const old = process.umask(0o022)
    try {
      expect(await writeFileAtomic(path, 'abc', { mode: 0o600 })).toEqual({
        changed: true,
        mode: isWindows ? 0 : 0o600,
      })
      const loose = join(folder(), 'shared')
      process.umask(0o077)
      await writeFileAtomic(loose, 'abc', { mode: 0o644 })
      if (!isWindows) expect([modeOf(path), modeOf(loose)]).toEqual([0o600, 0o644])
    } finally {
      process.umask(old)
    }
    expect(readFileSync(path, 'utf8')).toBe('abc')
  })

  test.skipIf(isWindows)('a new file without a mode gets what the umask leaves', async () => {
    const old = process.umask(0o027)
    try {
      const path = join(folder(), 'config.yaml')
      expect(await writeFileAtomic(path, 'a: 1\n')).toEqual({ changed: true, mode: 0o640 })
    } finally {
      process.umask(old)
    }
  })

  test('bytes are written as they are', async () => {
    const path = join(folder(), 'bytes')
    await writeFileAtomic(path, Buffer.from([0, 255, 10, 13]))
    expect([...readFileSync(path)]).toEqual([0, 255, 10, 13])
  })

  test('the same content with the right mode changes nothing', async () => {
    const path = join(folder(), 'key')
    await writeFileAtomic(path, 'abc', { mode: 0o600 })
    const before = statSync(path)
    expect(await writeFileAtomic(path, 'abc', { mode: 0o600 })).toMatchObject({ changed: false })
    expect(await writeFileAtomic(path, 'abc')).toMatchObject({ changed: false })
    expect(statSync(path).ino).toBe(before.ino)
  })

  test.skipIf(isWindows)('an existing 0644 is tightened, even if the content is the same', async () => {
    const path = join(folder(), 'key')
    writeFileSync(path, 'abc', { mode: 0o644 })
    expect(await writeFileAtomic(path, 'abc', { mode: 0o600 })).toEqual({ changed: true, mode: 0o600 })
    expect(modeOf(path)).toBe(0o600)
  })

  test.skipIf(isWindows)('an existing file keeps its mode when none is asked for', async () => {
    const path = join(folder(), 'config.yaml')
    writeFileSync(path, 'a')
    chmodSync(path, 0o664)
    expect(await writeFileAtomic(path, 'b')).toEqual({ changed: true, mode: 0o664 })
  })

  test.skipIf(!isRoot)('an existing file keeps its owner', async () => {
    const path = join(folder(), 'config.yaml')
    writeFileSync(path, 'a')
    chownSync(path, 1234, 2345)
    await writeFileAtomic(path, 'b', { mode: 0o600 })
    expect(statSync(path)).toMatchObject({ uid: 1234, gid: 2345 })
  })

  test.skipIf(!isRoot)("somebody else's file is refused rather than taken over", async () => {
    const dir = folder()
    chmodSync(dir, 0o1777)
    const path = join(dir, 'config.yaml')
    writeFileSync(path, 'a', { mode: 0o644 })
    const error = await asNobody(() => writeFailure(writeFileAtomic(path, 'b')))
    expect(error.message).toMatch(/belongs to another user \(uid 0\)/)
    expect(readFileSync(path, 'utf8')).toBe('a')
    expect(readdirSync(dir)).toEqual(['config.yaml'])
  })

  test('a link inside the folder is written through and stays a link', async () => {
    const dir = folder()
    writeFileSync(join(dir, 'real'), 'a')
    symlinkSync('real', join(dir, 'link'))
    await writeFileAtomic(join(dir, 'link'), 'b')
    expect(readlinkSync(join(dir, 'link'))).toBe('real')
    expect(readFileSync(join(dir, 'real'), 'utf8')).toBe('b')
  })

  test.each(['existing', 'dangling'])('a link out of the folder is refused (%s)', async kind => {
    const [dir, other] = [folder(), folder()]
    const target = join(other, 'target')
    if (kind === 'existing') writeFileSync(target, 'a')
    symlinkSync(target, join(dir, 'link'))
    const error = await writeFailure(writeFileAtomic(join(dir, 'link'), 'b'))
    expect(error.message).toContain(`symbolic link to ${target}`)
    expect(existsSync(target)).toBe(kind === 'existing')
    expect(readdirSync(dir)).toEqual(['link'])
  })

  test('a reader never sees anything but the old content or the new', async () => {
    const path = join(folder(), 'key')
    const [a, b] = ['a'.repeat(300_000), 'b'.repeat(300_000)]
    writeFileSync(path, a)
    let writing = true
    const reads: Promise<void> = (async () => {
      while (writing) {
        expect([a, b]).toContain(readFileSync(path, 'utf8'))
        await new Promise(setImmediate)
      }
    })()
    for (let round = 0; round < 20; round += 1) await writeFileAtomic(path, round % 2 === 0 ? b : a)
    writing = false
    await reads
  })

  const failures: [name: string, make: (dir: string) => string, message: RegExp][] = [
    ['a folder', dir => mkdirSync(join(dir, 'x'), { recursive: true }) ?? '', /it is a folder/],
    ['a missing folder', dir => join(dir, 'no', 'x'), /its folder does not exist/],
    ['a file as folder', dir => join(fileIn(dir), 'x'), /is not a folder/],
    ['a loop of links', dir => linkIn(dir, 'x', 'x'), /loop of symbolic links/],
  ]
  test.each(failures)(
    '%s: the error names the path and what to do, nothing is left behind',
    async (_, make, message) => {
      const dir = folder()
      const path = make(dir)
      const before = readdirSync(dir)
      const error = await writeFailure(writeFileAtomic(path, 'sk-canary-value', { mode: 0o600 }))
      expect(error.message).toMatch(message)
      expect(error.message).toContain(path)
      expect(JSON.stringify([error.message, error.hint, String(error.cause)])).not.toContain('sk-canary')
      expect(readdirSync(dir)).toEqual(before)
    },
  )

  test.skipIf(isWindows)('a named pipe is not written to', async () => {
    const path = join(folder(), 'pipe')
    execFileSync('mkfifo', [path])
    expect((await writeFailure(writeFileAtomic(path, 'a'))).message).toMatch(/not a regular file/)
  })

  test.skipIf(isWindows)('a folder without write permission leaves the old file as it was', async () => {
    const dir = folder()
    const path = join(dir, 'key')
    writeFileSync(path, 'old')
    chmodSync(dir, 0o555)
    const error = await asNobody(() => writeFailure(writeFileAtomic(path, 'new')))
    chmodSync(dir, 0o755)
    expect(error.message).toMatch(/permission is denied/)
    expect(readFileSync(path, 'utf8')).toBe('old')
  })

  test.skipIf(process.platform !== 'linux')(
    'a full disk leaves the old file and no temp file',
    async context => {
      const dir = folder()
      const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir])
      if (mounted.status !== 0) context.skip('no right to mount a small disk here')
      try {
        const path = join(dir, 'config.yaml')
        await writeFileAtomic(path, 'old')
        const error = await writeFailure(writeFileAtomic(path, 'x'.repeat(200_000)))
        expect(error.message).toBe(`cannot write ${path}: the disk is full`)
        expect(readFileSync(path, 'utf8')).toBe('old')
        expect(readdirSync(dir)).toEqual(['config.yaml'])
      } finally {
        spawnSync('umount', [dir])
      }
    },
  )

  test.skipIf(isWindows)('a limit on file sizes leaves the old file and no temp file', () => {
    const dir = folder()
    const path = join(dir, 'config.yaml')
    writeFileSync(path, 'old')
    const script = `
      const { writeFileAtomic } = await import(process.argv[1])
      await writeFileAtomic(process.argv[2], 'x'.repeat(200_000)).catch(error => console.log(error.message))`
    const command = `ulimit -f 8; exec "$0" --input-type=module -e "$1" "$2" "$3"`
    const args = ['-c', command, process.execPath, script, compiled('secrets/write.js'), path]
    const child = spawnSync('sh', args, { encoding: 'utf8' })
    expect(child.stdout.trim()).toBe(`cannot write ${path}: the system limits files to a smaller size`)
    expect(readFileSync(path, 'utf8')).toBe('old')
    expect(readdirSync(dir)).toEqual(['config.yaml'])
  })
})
