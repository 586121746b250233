import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { Secret } from '../../src/secrets/secret.ts'
import type { Reference, SecretSource, SourceContext } from '../../src/secrets/source.ts'
import { dotenvSource } from '../../src/secrets/sources/dotenv.ts'
import { environmentSource } from '../../src/secrets/sources/environment.ts'
import { fileSource } from '../../src/secrets/sources/file.ts'
import { isWindows, tempFolders } from './folders.ts'

const folder = tempFolders()
const open: Disposable[] = []
afterEach(() => {
  for (const watcher of open.splice(0)) watcher[Symbol.dispose]()
})

interface Place {
  readonly source: SecretSource
  readonly context: SourceContext
  /** Puts a value where the source finds it, by other means than the source's own. */
  put(name: string, value: string): void
}

/** What every source must do, whatever it reads from. */
const places: Record<string, () => Place> = {
  environment: () => {
    const env: Record<string, string> = {}
    const put = (name: string, value: string) => {
      env[name] = value
    }
    return { source: environmentSource, context: { env, cwd: '/', configDir: '/' }, put }
  },
  dotenv: () => {
    const configDir = folder()
    const file = join(configDir, '.env')
    return {
      source: dotenvSource(),
      context: { env: {}, cwd: '/', configDir },
      put: (name, value) => writeFileSync(file, `${name}=${value}\n`, { flag: 'a' }),
    }
  },
  file: () => {
    const cwd = folder()
    return {
      source: fileSource,
      context: { env: {}, cwd, configDir: '/' },
      put: (name, value) => writeFileSync(join(cwd, name), `${value}\n`, { mode: 0o600 }),
    }
  },
}

describe.each(Object.entries(places))('the source %s', (scheme, make) => {
  const ref = (name: string): Reference => ({ scheme, name })

  test('reads a batch, and leaves out what is missing', async () => {
    const { source, context, put } = make()
    put('ONE', 'sk-one')
    put('TWO', 'sk-two')
    const references = [ref('TWO'), ref('NONE'), ref('ONE')]
    const found = await source.resolve(references, context)
    const values = references
      .map(one => found.get(one))
      .map(one => (one instanceof Secret ? one.reveal() : one))
    expect(values).toEqual(['sk-two', undefined, 'sk-one'])
    expect(await source.resolve([], context)).toEqual(new Map())
    expect(source.scheme).toBe(scheme)
  })

  test('nothing there at all is missing, not an error', async () => {
    const { source, context } = make()
    const one = ref('NONE')
    const found = (await source.resolve([one], context)).get(one)
    if (found !== undefined) expect(found).toMatchObject({ code: 'missing' })
  })

  test('what it stores it reads, and only the owner can read it', async () => {
    const { source, context } = make()
    if (source.store === undefined) return
    const one = ref('KEY')
    for (const value of ['sk-first', 'sk-second']) {
      await source.store(one, new Secret(value), context)
      const found = (await source.resolve([one], context)).get(one)
      expect(found instanceof Secret && found.reveal()).toBe(value)
    }
    const dir = scheme === 'file' ? context.cwd : context.configDir
    const [file, ...others] = readdirSync(dir)
    expect(others).toEqual([])
    if (!isWindows) expect(statSync(join(dir, file ?? '')).mode & 0o777).toBe(0o600)
  })

  test('it tells of three changes in a row', async () => {
    const { source, context } = make()
    const { store, watch } = source
    if (store === undefined || watch === undefined) return
    const one = ref('KEY')
    await store(one, new Secret('sk-0'), context)
    let told: () => void = () => undefined
    open.push(watch([one], () => told(), context))
    for (const value of ['sk-1', 'sk-2', 'sk-3']) {
      const change = new Promise<void>(resolve => {
        told = resolve
      })
      await store(one, new Secret(value), context)
      await change
    }
  })
})

describe('problems are told by reference', () => {
  test('file: one that is a folder does not hide the other', async () => {
    const cwd = folder()
    mkdirSync(join(cwd, 'dir'))
    writeFileSync(join(cwd, 'key'), 'sk-1', { mode: 0o600 })
    const references = ['dir', 'key'].map(name => ({ scheme: 'file', name }))
    const found = await fileSource.resolve(references, { env: {}, cwd, configDir: '/' })
    expect(references.map(one => found.get(one))).toMatchObject([{ code: 'not-a-file' }, expect.any(Secret)])
  })

  test('dotenv: a file that cannot be read is told for each, and is not written to', async () => {
    const configDir = folder()
    writeFileSync(join(configDir, '.env'), Buffer.from([0xff, 0xfe, 0]))
    const context = { env: {}, cwd: '/', configDir }
    const one = { scheme: 'dotenv', name: 'A' }
    expect((await dotenvSource().resolve([one], context)).get(one)).toMatchObject({ code: 'not-utf8' })
    await expect(dotenvSource().store?.(one, new Secret('x'), context)).rejects.toMatchObject({
      code: 'SECRET_UNREADABLE',
    })
    expect([...readFileSync(join(configDir, '.env'))]).toEqual([0xff, 0xfe, 0])
  })

  test('dotenv: two that store at once both stay', async () => {
    const context = { env: {}, cwd: '/', configDir: folder() }
    const names = ['A', 'B', 'C', 'D', 'E']
    const source = dotenvSource()
    await Promise.all(
      names.map(name => source.store?.({ scheme: 'dotenv', name }, new Secret(`sk-${name}`), context)),
    )
    const lines = readFileSync(join(context.configDir, '.env'), 'utf8').trim().split('\n')
    expect(lines.sort()).toEqual(names.map(name => `${name}=sk-${name}`))
  })
})
