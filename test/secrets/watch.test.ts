import {
  appendFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { type WatchOptions, watchFiles } from '../../src/secrets/watch.ts'
import { writeFileAtomic } from '../../src/secrets/write.ts'
import { tempFolders } from './folders.ts'
import { kubernetesVolume } from './kubernetes-volume.ts'

const folder = tempFolders()
const open: Disposable[] = []
afterEach(() => {
  for (const watcher of open.splice(0)) watcher[Symbol.dispose]()
})

/** A watcher whose calls can be waited for. It does not poll, so that every call comes from an event. */
function watched(paths: string[], options: WatchOptions = {}) {
  const calls: string[][] = []
  const waiting: ((call: string[]) => void)[] = []
  const settings = { debounceMs: 20, pollMs: 3_600_000, ...options }
  open.push(
    watchFiles(
      paths,
      changed => {
        const next = waiting.shift()
        if (next === undefined) calls.push([...changed])
        else next([...changed])
      },
      settings,
    ),
  )
  return {
    calls,
    next: (): Promise<string[]> => {
      const call = calls.shift()
      return call === undefined ? new Promise(resolve => waiting.push(resolve)) : Promise.resolve(call)
    },
  }
}

const quiet = (ms = 200) => new Promise(resolve => setTimeout(resolve, ms))

describe('watchFiles', () => {
  test('a file that is replaced by a rename, three times in a row', async () => {
    const path = join(folder(), 'key')
    writeFileSync(path, 'one')
    const watcher = watched([path])
    for (const value of ['two', 'three', 'four']) {
      await writeFileAtomic(path, value)
      expect(await watcher.next()).toEqual([path])
    }
  })

  test('a file that is written in place, three times in a row', async () => {
    const path = join(folder(), 'key')
    writeFileSync(path, 'one')
    const watcher = watched([path])
    for (const value of ['two', 'three', 'four']) {
      writeFileSync(path, value)
      expect(await watcher.next()).toEqual([path])
    }
  })

  test('a Kubernetes volume, three rotations in a row, all keys at once', async () => {
    const dir = folder()
    const volume = kubernetesVolume(dir)
    volume.write({ a: '1', b: '1', c: 'same' })
    const [a, b, c] = ['a', 'b', 'c'].map(name => join(dir, name))
    const watcher = watched([a ?? '', b ?? '', c ?? ''])
    for (const value of ['2', '3', '4']) {
      volume.write({ a: value, b: value, c: 'same' })
      expect(await watcher.next()).toEqual([a, b])
    }
  })

  test('a link from elsewhere into a Kubernetes volume', async () => {
    const [dir, vol] = [folder(), folder()]
    const volume = kubernetesVolume(vol)
    volume.write({ a: '1' })
    symlinkSync(join(vol, 'a'), join(dir, 'key'))
    const watcher = watched([join(dir, 'key')])
    for (const value of ['2', '3', '4']) {
      volume.write({ a: value })
      expect(await watcher.next()).toEqual([join(dir, 'key')])
    }
  })

  test('a folder on the way that is a link and is pointed elsewhere', async () => {
    const dir = folder()
    for (const release of ['1', '2', '3', '4']) {
      mkdirSync(join(dir, release))
      writeFileSync(join(dir, release, 'key'), release)
    }
    symlinkSync('1', join(dir, 'current'))
    const path = join(dir, 'current', 'key')
    const watcher = watched([path])
    for (const release of ['2', '3', '4']) {
      symlinkSync(release, join(dir, 'next'))
      renameSync(join(dir, 'next'), join(dir, 'current'))
      expect(await watcher.next()).toEqual([path])
    }
  })

  test('a folder that is replaced, and then its file again', async () => {
    const dir = folder()
    const inner = join(dir, 'keys')
    mkdirSync(inner)
    const path = join(inner, 'key')
    writeFileSync(path, 'one')
    const watcher = watched([path])
    mkdirSync(join(dir, 'new'))
    writeFileSync(join(dir, 'new', 'key'), 'two')
    renameSync(inner, join(dir, 'old'))
    renameSync(join(dir, 'new'), inner)
    expect(await watcher.next()).toEqual([path])
    writeFileSync(path, 'three')
    expect(await watcher.next()).toEqual([path])
  })

  test('a file that goes and comes back, with its folder too', async () => {
    const dir = join(folder(), 'a', 'b')
    mkdirSync(dir, { recursive: true })
    const path = join(dir, 'key')
    writeFileSync(path, 'one')
    const watcher = watched([path])
    unlinkSync(path)
    expect(await watcher.next()).toEqual([path])
    writeFileSync(path, 'one')
    expect(await watcher.next()).toEqual([path])
    rmSync(join(dir, '..'), { recursive: true })
    expect(await watcher.next()).toEqual([path])
    mkdirSync(dir, { recursive: true })
    await quiet()
    writeFileSync(path, 'two')
    expect(await watcher.next()).toEqual([path])
  })

  test('a file that is not there yet, in a folder that is not there yet', async () => {
    const path = join(folder(), 'a', 'b', 'key')
    const watcher = watched([path])
    mkdirSync(join(path, '..'), { recursive: true })
    await quiet()
    writeFileSync(path, 'one')
    expect(await watcher.next()).toEqual([path])
  })

  test('the same content, other files and other events are not reported', async () => {
    const dir = folder()
    const path = join(dir, 'key')
    writeFileSync(path, 'one')
    const watcher = watched([path])
    writeFileSync(path, 'one')
    writeFileSync(join(dir, 'other'), 'x')
    await writeFileAtomic(path, 'one', { mode: 0o640 })
    await quiet()
    expect(watcher.calls).toEqual([])
    writeFileSync(path, 'two')
    expect(await watcher.next()).toEqual([path])
  })

  test('a change that comes while the files are read is told too', async () => {
    const dir = folder()
    const [small, large] = [join(dir, 'small'), join(dir, 'large')]
    writeFileSync(small, 'one')
    writeFileSync(large, '')
    const watcher = watched([small, large], { debounceMs: 1 })
    // Reading it takes longer than the pause below: the small one has been read by then.
    truncateSync(large, 256 * 1024 * 1024)
    await quiet(60)
    writeFileSync(small, 'two')
    const told = new Set<string>()
    while (told.size < 2) for (const path of await watcher.next()) told.add(path)
    expect(told).toEqual(new Set([large, small]))
  })

  test('several writes in a row are one change', async () => {
    const path = join(folder(), 'key')
    writeFileSync(path, '')
    const watcher = watched([path], { debounceMs: 100 })
    for (let line = 0; line < 20; line += 1) appendFileSync(path, `${line}\n`)
    await watcher.next()
    await quiet(300)
    expect(watcher.calls).toEqual([])
  })

  test('what others write beside a file puts no change off and calls nobody', async () => {
    const dir = folder()
    const path = join(dir, 'key')
    writeFileSync(path, 'one')
    const quietPath = join(folder(), 'key')
    writeFileSync(quietPath, 'one')
    // Were the events of the log counted, the change would be told of only after ten times the pause: as the later one.
    const watcher = watched([path], { debounceMs: 300 })
    const slower = watched([quietPath], { debounceMs: 1500 })
    const noise = setInterval(() => appendFileSync(join(dir, 'log'), 'x'), 10)
    try {
      writeFileSync(quietPath, 'two')
      writeFileSync(path, 'two')
      expect(await Promise.race([slower.next(), watcher.next()])).toEqual([path])
    } finally {
      clearInterval(noise)
    }
  })

  test('a folder that is never quiet does not hold a change back', async () => {
    const dir = folder()
    const path = join(dir, 'key')
    writeFileSync(path, 'one')
    const watcher = watched([path], { debounceMs: 50 })
    const noise = setInterval(() => appendFileSync(join(dir, 'log'), 'x'), 10)
    try {
      writeFileSync(path, 'two')
      expect(await watcher.next()).toEqual([path])
    } finally {
      clearInterval(noise)
    }
  })

  test('polling finds what no event tells of', async () => {
    const path = join(folder(), 'key')
    writeFileSync(path, 'one')
    const watcher = watched([path], { pollMs: 50, debounceMs: 3_600_000 })
    writeFileSync(path, 'two')
    expect(await watcher.next()).toEqual([path])
  })

  test.each(['dispose', 'abort'])('after %s nothing is reported', async how => {
    const path = join(folder(), 'key')
    writeFileSync(path, 'one')
    const calls: unknown[] = []
    const controller = new AbortController()
    const options = { debounceMs: 20, pollMs: 50, signal: controller.signal }
    const watcher = watchFiles([path], changed => calls.push(changed), options)
    if (how === 'dispose') watcher[Symbol.dispose]()
    else controller.abort()
    writeFileSync(path, 'two')
    await quiet()
    expect(calls).toEqual([])
    expect(existsSync(path)).toBe(true)
  })
})
