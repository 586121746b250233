import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, type SeenRequest, startMock } from '../../src/mock/index.ts'
import { fingerprint } from '../../src/secrets/secret.ts'
import { type Running, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'
import { ask, serveReady } from '../helpers/serving.ts'

const key = (word: string): string => keyLike('openai', `source ${word}`)

let folder: string
let mock: Mock
let port: number
let seen: SeenRequest[]
beforeEach(async () => {
  folder = await tempFolder()
  seen = []
  mock = await startMock({ onRequest: one => seen.push(one) })
  port = await freePort()
})
afterEach(() => mock.close())

const put = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 })
const model = (name: string, variable: string): string => `  - name: ${name}
    provider: openAI
    params:
      apiKey: "$${variable}"
      hostOverride: "127.0.0.1:${mock.port}"
`
const config = (): string => `llm:\n  port: ${port}\n  models:\n${model('a', 'A_KEY')}${model('b', 'B_KEY')}`

async function serve(agwYaml: string, env: Record<string, string> = {}): Promise<Running> {
  await put('config.yaml', config())
  await put('agw.yaml', agwYaml)
  return serveReady(['--log-level', 'off', '--admin', 'off'], {
    cwd: folder,
    env: { AGW_TRUST: '1', ...env },
  })
}

async function usedKey(name: string): Promise<string | undefined> {
  const answer = await ask(port, { model: name })
  await answer.text()
  expect(answer.status).toBe(200)
  return seen.at(-1)?.keyFingerprint
}

const count = (text: string, part: string): number => text.split(part).length - 1
const cat = (name: string): string => `[cat, ${name}]`

describe('serve asks the sources of agw.yaml again', () => {
  it('a watched source: the change is told as old → new fingerprint, and used', async () => {
    await put('a.key', key('a1'))
    const gateway = await serve('secrets:\n  A_KEY: { file: a.key }\n  B_KEY: { file: a.key }\n')
    expect(await usedKey('a')).toBe(fingerprint(key('a1')))
    await put('a.key', key('a2'))
    const [line] = await gateway.until(/\{"event":"key-changed".*\}/)
    expect(JSON.parse(line)).toEqual({
      event: 'key-changed',
      name: 'a',
      from: fingerprint(key('a1')),
      to: fingerprint(key('a2')),
    })
    expect(await usedKey('a')).toBe(fingerprint(key('a2')))
    expect(gateway.stdout()).not.toContain(key('a2'))
  })

  it('a source that cannot be watched: after `refresh`, three times in a row', async () => {
    await put('a.key', key('0'))
    await put('b.key', key('b'))
    const gateway = await serve(
      `secrets:\n  A_KEY: { exec: ${cat('a.key')}, refresh: 1s }\n  B_KEY: { file: b.key }\n`,
    )
    for (const word of ['1', '2', '3']) {
      await put('a.key', key(word))
      await gateway.until(`"to":"${fingerprint(key(word))}"`)
      expect(await usedKey('a')).toBe(fingerprint(key(word)))
    }
  })

  it('on SIGHUP, whatever the rate is', async () => {
    await put('a.key', key('a1'))
    const exec = `{ exec: ${cat('a.key')}, refresh: 1h }`
    const gateway = await serve(`secrets:\n  A_KEY: ${exec}\n  B_KEY: ${exec}\n`)
    await put('a.key', key('a2'))
    expect(await usedKey('a')).toBe(fingerprint(key('a1')))
    gateway.child.kill('SIGHUP')
    await gateway.until(`"name":"a","from":"${fingerprint(key('a1'))}","to":"${fingerprint(key('a2'))}"`)
    expect(await usedKey('b')).toBe(fingerprint(key('a2')))
  })

  it.each([
    ['fails', () => rm(join(folder, 'a.key')), /ended with status 1/],
    ['gives nothing', () => put('a.key', '\n'), /the value is empty/],
    ['gives something that is no key', () => put('a.key', 'sk-proj-****\n'), /is no key/],
    ['gives too much', () => put('a.key', 'k'.repeat(70_000)), /64 KiB/],
  ])(
    'one that %s keeps its last good key, says so once, and holds up no other',
    async (_, spoil, message) => {
      await put('a.key', key('a1'))
      await put('b.key', key('b1'))
      const gateway = await serve(
        `secrets:\n  A_KEY: { exec: ${cat('a.key')}, refresh: 1s }\n  B_KEY: { file: b.key }\n`,
      )
      await spoil()
      const [line] = await gateway.until(/\{"event":"source-failed".*\}/)
      expect(JSON.parse(line)).toMatchObject({
        variable: 'A_KEY',
        place: 'exec cat',
        message: expect.stringMatching(message),
        hint: expect.stringMatching(/\S/),
      })
      await put('b.key', key('b2'))
      await gateway.until(`"to":"${fingerprint(key('b2'))}"`)
      expect(await usedKey('a')).toBe(fingerprint(key('a1')))
      expect(await usedKey('b')).toBe(fingerprint(key('b2')))
      gateway.child.kill('SIGHUP')
      gateway.child.kill('SIGHUP')
      await put('a.key', key('a3'))
      await gateway.until('"source-recovered"')
      await gateway.until(`"to":"${fingerprint(key('a3'))}"`)
      expect(count(gateway.stdout(), '"source-failed"')).toBe(1)
      expect(gateway.stdout()).not.toMatch(/reload-rejected|sk-proj-\*/)
    },
  )

  it('one that hangs holds up no other, and its own requests go on', async () => {
    await put('a.key', key('a1'))
    await put('b.key', key('b1'))
    await put('a.sh', 'if [ -e hang ]; then exec sleep 60; fi; cat a.key')
    const slow = '{ exec: [sh, a.sh], refresh: 1s, timeout: 1s }'
    const gateway = await serve(`secrets:\n  A_KEY: ${slow}\n  B_KEY: { file: b.key }\n`)
    await put('hang', '')
    await put('b.key', key('b2'))
    await gateway.until(`"to":"${fingerprint(key('b2'))}"`)
    const [line] = await gateway.until(/\{"event":"source-failed".*\}/)
    expect(JSON.parse(line).message).toMatch(/did not end in time|no answer within 1000 ms/)
    expect(await usedKey('a')).toBe(fingerprint(key('a1')))
  })

  it('agw.yaml itself: an entry that moves is read from its new place; a bad file changes nothing', async () => {
    await put('a.key', key('a1'))
    await put('b.key', key('b1'))
    const gateway = await serve('secrets:\n  A_KEY: { file: a.key }\n  B_KEY: { file: b.key }\n')
    await put('agw.yaml', 'secrets:\n  A_KEY: { flie: b.key }\n  B_KEY: { file: b.key }\n')
    await gateway.until('"reload-rejected"')
    expect(await usedKey('a')).toBe(fingerprint(key('a1')))
    await put('agw.yaml', 'secrets:\n  A_KEY: { file: b.key }\n  B_KEY: { file: b.key }\n')
    await gateway.until(`"to":"${fingerprint(key('b1'))}"`)
    expect(await usedKey('a')).toBe(fingerprint(key('b1')))
  })
})
