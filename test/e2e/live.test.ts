import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, type SeenRequest, startMock } from '../../src/mock/index.ts'
import { fingerprint } from '../../src/secrets/secret.ts'
import { type Running, start, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'

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

const config = (reference: string, model = 'first'): string => `binds:
- port: ${port}
  listeners:
  - routes:
    - backends:
      - ai:
          name: openai
          hostOverride: "127.0.0.1:${mock.port}"
          provider: { openAI: { model: ${model} } }
      policies:
        backendAuth: { key: ${reference} }
`
const put = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 })

async function serve(env: Record<string, string> = {}): Promise<Running> {
  const gateway = start(['serve', '--json', '--log-level', 'off'], { cwd: folder, env })
  await gateway.until('"ready"')
  return gateway
}

async function ask(headers: Record<string, string> = {}, stream = false): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      model: 'x',
      stream,
      messages: [{ role: 'user', content: 'one two three four five' }],
    }),
  })
}

const usedKey = async (): Promise<string | undefined> => {
  await (await ask()).text()
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

  it('a key file that is emptied: the last good key goes on', async () => {
    await put('config.yaml', config('{ file: "key.txt" }'))
    await put('key.txt', key('good'))
    const gateway = await serve()
    await put('key.txt', '')
    await gateway.until('"reload-rejected"')
    expect(await usedKey()).toBe(fingerprint(key('good')))
    await put('key.txt', key('better'))
    await gateway.until(`"to":"${fingerprint(key('better'))}"`)
    expect(await usedKey()).toBe(fingerprint(key('better')))
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
      const answer = await ask({ 'x-mock': 'delay=60' }, true)
      const ended = gateway.stop('SIGTERM')
      await gateway.until('"draining"')
      await expect(ask()).rejects.toThrow()
      expect(await answer.text()).toMatch(/\[DONE\]/)
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
