import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Mock, type SeenRequest, startMock } from '../../src/mock/index.ts'
import { fingerprint } from '../../src/secrets/secret.ts'
import { type Running, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'
import { ask as askAt, serveReady, toOpenAi } from '../helpers/serving.ts'

const key = (word: string): string => keyLike('openai', `live ${word}`)

let folder: string
let mock: Mock
let port: number
let seen: SeenRequest[]
beforeEach(async () => {
  folder = await tempFolder()
  seen = []
  mock = await startMock({ onRequest: one => seen.push(one), control: true })
  port = await freePort()
})
afterEach(() => mock.close())

const config = (reference: string, model = 'first'): string =>
  toOpenAi({ port, upstream: `127.0.0.1:${mock.port}`, auth: `key: ${reference}`, model })
const put = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 })
/** At once: nobody reads it half-written. */
async function swap(name: string, text: string | Buffer): Promise<void> {
  await writeFile(join(folder, 'next'), text, { mode: 0o600 })
  await rename(join(folder, 'next'), join(folder, name))
}

const serve = (env: Record<string, string> = {}): Promise<Running> =>
  serveReady(['--log-level', 'off'], { cwd: folder, env })
const ask = (headers: Record<string, string> = {}, stream = false, model = 'x') =>
  askAt(port, { model, stream, headers, content: 'one two three four five' })

const usedKey = async (model?: string): Promise<string | undefined> => {
  await (await ask({}, false, model)).text()
  return seen.at(-1)?.keyFingerprint
}

describe('serve follows its files', () => {
  it('the config: a good change swaps in as a whole', async () => {
    await put('config.yaml', config('"inline-key-0123456789"'))
    const gateway = await serve()
    await put('config.yaml', config('"inline-key-0123456789"', 'second'))
    await gateway.until('"reloaded"')
    await (await ask()).text()
    expect(seen.at(-1)?.model).toBe('second')
  })

  it('the config: a bad change keeps the last good state and says what is wrong, with the line; then a good one is taken', async () => {
    await put('config.yaml', config('"inline-key-0123456789"'))
    const gateway = await serve()
    await put('config.yaml', config('"inline-key-0123456789"').replace('listeners', 'listners'))
    const [line] = await gateway.until(/\{"event":"reload-rejected".*\}/)
    expect(JSON.parse(line)).toMatchObject({
      message: expect.stringMatching(/^config\.yaml:3:3: .*listners/),
    })
    expect((await ask()).status).toBe(200)
    await put('config.yaml', config('"inline-key-0123456789"', 'third'))
    await gateway.until('"reloaded"')
    await (await ask()).text()
    expect(seen.at(-1)?.model).toBe('third')
  })

  it('the config: one that opens no port, until it does', async () => {
    await put('config.yaml', '{}\n')
    const gateway = await serveReady(['--admin', 'off'], { cwd: folder })
    const silent = expect.stringMatching(/^nothing is listened on: this config has no listener/)
    const warnings = (): object[] =>
      [...gateway.stdout().matchAll(/^\{"event":"warning".*$/gm)].map(([line]) => JSON.parse(line) as object)
    expect(warnings()).toMatchObject([{ message: silent, hint: expect.stringContaining('`llm`') }])
    await put('config.yaml', config('"inline-key-0123456789"'))
    await gateway.until('"reloaded"')
    expect((await ask()).status).toBe(200)
    expect(warnings()).toHaveLength(1)
    await put('config.yaml', '{}\n')
    await vi.waitFor(() => expect(warnings()).toHaveLength(2), { timeout: 20_000 })
    expect(await gateway.stop()).toBe(0)
  })

  it('.env: a new value, three times in a row', async () => {
    await put('config.yaml', config('"$LIVE_KEY"'))
    await put('.env', `LIVE_KEY=${key('0')}\n`)
    const gateway = await serve()
    for (const word of ['1', '2', '3']) {
      await put('.env', `LIVE_KEY=${key(word)}\n`)
      await gateway.until(`"to":"${fingerprint(key(word))}"`)
      expect(await usedKey()).toBe(fingerprint(key(word)))
    }
  })

  const bad: [what: string, spoil: () => Promise<unknown>, message: RegExp][] = [
    ['a key file that is emptied', () => swap('key.txt', ''), /key\.txt is empty/],
    ['a key file that is gone', () => rm(join(folder, 'key.txt')), /does not exist/],
    [
      'a key file with two lines',
      () => swap('key.txt', `${key('a')}\n${key('b')}`),
      /is no key: .*line break/,
    ],
    ['a key file that is no text', () => swap('key.txt', Buffer.from([255])), /UTF-8/],
    [
      'a value of .env that is emptied',
      () => swap('.env', 'LIVE_KEY=\n'),
      /LIVE_KEY in \.env is no key: .*empty/,
    ],
    ['a value of .env that is gone', () => swap('.env', '# nothing\n'), /LIVE_KEY is not in \.env any more/],
    [
      'a value of .env that is a masked copy',
      () => swap('.env', 'LIVE_KEY=sk-proj-****\n'),
      /is no key: .*masked/,
    ],
    ['.env itself that is gone', () => rm(join(folder, '.env')), /does not exist/],
  ]
  it.each(bad)(
    '%s: its last good key goes on, said once, and it holds up no other',
    async (what, spoil, message) => {
      const model = (name: string, reference: string): string =>
        `  - { name: ${name}, provider: openAI, params: { apiKey: ${reference}, hostOverride: "127.0.0.1:${mock.port}" } }\n`
      const first = what.includes('.env') ? '"$LIVE_KEY"' : '{ file: key.txt }'
      const models = model('a', first) + model('b', '{ file: b.txt }')
      await put('config.yaml', `llm:\n  port: ${port}\n  models:\n${models}`)
      await put('.env', `LIVE_KEY=${key('good')}\n`)
      await put('key.txt', key('good'))
      await put('b.txt', key('b0'))
      const gateway = await serve()
      await spoil()
      const [line] = await gateway.until(/\{"event":"source-failed".*\}/)
      const { message: told, kept, hint } = JSON.parse(line)
      expect(told).toMatch(message)
      expect([kept, hint !== '']).toEqual([fingerprint(key('good')), true])
      for (const word of ['b1', 'b2']) {
        await swap('b.txt', key(word))
        await gateway.until(`"to":"${fingerprint(key(word))}"`)
      }
      expect(await usedKey('a')).toBe(fingerprint(key('good')))
      expect(await usedKey('b')).toBe(fingerprint(key('b2')))
      await swap('.env', `LIVE_KEY=${key('better')}\n`)
      await swap('key.txt', key('better'))
      await gateway.until(`"to":"${fingerprint(key('better'))}"`)
      await gateway.until('"source-recovered"')
      expect(await usedKey('a')).toBe(fingerprint(key('better')))
      expect(gateway.stdout().split('"source-failed"')).toHaveLength(2)
      expect(gateway.stdout()).not.toMatch(/reload-rejected|sk-proj-\*/)
    },
  )

  it('a config that is broken is refused as a whole, though a key has gone bad with it', async () => {
    await put('config.yaml', config('{ file: "key.txt" }'))
    await put('key.txt', key('good'))
    const gateway = await serve()
    await put('key.txt', '')
    await put('config.yaml', config('{ file: "key.txt" }').replace('listeners', 'listners'))
    await gateway.until('"reload-rejected"')
    expect(await usedKey()).toBe(fingerprint(key('good')))
    await put('config.yaml', config('{ file: "other.txt" }'))
    await put('other.txt', '')
    await gateway.until('other.txt is empty')
    expect(await usedKey()).toBe(fingerprint(key('good')))
  })

  it.skipIf(process.platform === 'win32')(
    'a Kubernetes mount: the ..data link is swapped three times',
    async () => {
      const mount = join(folder, 'mount')
      const write = async (version: string): Promise<void> => {
        await mkdir(join(mount, `..v${version}`), { recursive: true })
        await writeFile(join(mount, `..v${version}`, 'api'), key(version), { mode: 0o400 })
        await symlink(`..v${version}`, join(mount, '..data_tmp'))
        await rename(join(mount, '..data_tmp'), join(mount, '..data'))
      }
      await write('0')
      await symlink('..data/api', join(mount, 'api'))
      await put('config.yaml', config('{ file: "mount/api" }'))
      const gateway = await serve()
      for (const version of ['1', '2', '3']) {
        await write(version)
        await gateway.until(`"to":"${fingerprint(key(version))}"`)
        expect(await usedKey()).toBe(fingerprint(key(version)))
        await rm(join(mount, `..v${Number(version) - 1}`), { recursive: true })
      }
    },
  )

  it('requests under way finish on the old state', async () => {
    await put('config.yaml', config('{ file: "key.txt" }'))
    await put('key.txt', key('old'))
    const gateway = await serve()
    const answer = await ask({ 'x-mock': 'delay=60' }, true)
    await put('key.txt', key('new'))
    await gateway.until('"key-changed"')
    expect(await answer.text()).toMatch(/\[DONE\]/)
    expect(seen.at(-1)?.keyFingerprint).toBe(fingerprint(key('old')))
    expect(await usedKey()).toBe(fingerprint(key('new')))
  })
})

describe('SIGTERM', () => {
  it.skipIf(process.platform === 'win32')(
    'lets a stream finish, takes no new connection, ends with 0',
    async () => {
      await put('config.yaml', config('"inline-key-0123456789"'))
      const gateway = await serve()
      const answer = await ask({ 'x-mock': 'delay=300' }, true)
      let isOver = false
      const text = answer.text().finally(() => (isOver = true))
      const ended = gateway.stop('SIGTERM')
      await gateway.until('"draining"')
      // Clients whom the system has let in by then are met first.
      await vi.waitFor(() => expect(ask()).rejects.toThrow(), { timeout: 5000 })
      expect(isOver).toBe(false)
      expect(await text).toMatch(/\[DONE\]/)
      expect(await ended).toBe(0)
      expect(
        gateway
          .stdout()
          .trim()
          .split('\n')
          .map(line => JSON.parse(line).event),
      ).toEqual(['listening', 'admin', 'ready', 'draining', 'stopped'])
    },
  )
})

/** Sends itself a SIGHUP as the list of commands is read, before any of them is. */
const EARLY_HANGUP = `const files = require('node:fs/promises')
const { readFile } = files
files.readFile = (path, ...rest) => {
  if (String(path).endsWith('oclif.manifest.json')) process.kill(process.pid, 'SIGHUP')
  return readFile(path, ...rest)
}
`

describe('SIGHUP', () => {
  it.skipIf(process.platform === 'win32')(
    'that comes while the program is still being loaded does not end it',
    async () => {
      await put('config.yaml', config('"inline-key-0123456789"'))
      await put('hangup.cjs', EARLY_HANGUP)
      const gateway = await serve({ NODE_OPTIONS: `--require ${join(folder, 'hangup.cjs')}` })
      expect(await usedKey()).toBe(fingerprint('inline-key-0123456789'))
      expect(await gateway.stop('SIGTERM')).toBe(0)
    },
  )

  it.skipIf(process.platform === 'win32')('is answered where nothing has changed, too', async () => {
    await put('config.yaml', config('"inline-key-0123456789"'))
    const gateway = await serve()
    gateway.child.kill('SIGHUP')
    await gateway.until(/\{"event":"note","message":"read again: nothing has changed"\}/)
    expect(await gateway.stop('SIGTERM')).toBe(0)
  })
})
