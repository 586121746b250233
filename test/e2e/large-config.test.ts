import { readFile, rename, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'
import { serveReady } from '../helpers/serving.ts'

const KEYS = 4000
const clientKey = keyLike('openai', 'large client')
const providerKey = keyLike('openai', 'large provider')

async function upstream(): Promise<{ port: number; seen: (string | undefined)[] }> {
  const seen: (string | undefined)[] = []
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization)
    response.end('ok')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { port: (server.address() as AddressInfo).port, seen }
}

/** A quarter of a megabyte: more than is read in the thread that serves. */
function config(port: number, to: number, user: string): string {
  const keys = Array.from(
    { length: KEYS },
    (_, i) => `        - key: vk-${i}\n          metadata: { user: user-${i}, team: "a*b" }\n`,
  )
  return `binds:
- port: ${port}
  listeners:
  - routes:
    - backends: [{ host: "127.0.0.1:${to}" }]
      policies:
        backendAuth: { key: $PROVIDER_KEY }
        responseHeaderModifier: { set: { x-user: ${user} } }
        apiKey:
          mode: strict
          keys:
${keys.map(key => key.replace(/^/gm, '  ').trimEnd()).join('\n')}
          - key: $CLIENT_KEY
            metadata: { user: client }
`
}

it('a large config is taken in while requests go on being answered, and its keys stay where they belong', async () => {
  const [folder, to, port] = [await tempFolder(), await upstream(), await freePort()]
  const file = join(folder, 'config.yaml')
  const put = async (text: string): Promise<void> => {
    await writeFile(`${file}.next`, text, { mode: 0o600 })
    await rename(`${file}.next`, file)
  }
  await put(config(port, to.port, 'first'))
  const gateway = await serveReady(['--log-level', 'off', '--admin', 'off'], {
    cwd: folder,
    env: { CLIENT_KEY: clientKey, PROVIDER_KEY: providerKey },
  })
  const ask = async (key: string): Promise<[number, string | null]> => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { authorization: `Bearer ${key}` } })
    await answer.text()
    return [answer.status, answer.headers.get('x-user')]
  }
  expect(await ask(clientKey)).toEqual([200, 'first'])
  expect(to.seen).toEqual([`Bearer ${providerKey}`])
  expect(await ask('vk-3999')).toEqual([200, 'first'])
  expect((await ask('vk-4000'))[0]).toBe(401)

  await put(config(port, to.port, 'second').replace('vk-3999', 'vk-other'))
  let isOver = false
  const reloaded = gateway.until(/\{"event":"reloaded".*\}/).finally(() => {
    isOver = true
  })
  const statuses: number[] = []
  while (!isOver) statuses.push((await ask(clientKey))[0])
  const [line] = await reloaded
  expect(JSON.parse(line)).toEqual({
    event: 'reloaded',
    changes: [expect.stringMatching(/responseHeaderModifier/), expect.stringMatching(/keys\[3999\]\.key$/)],
  })
  // The file was on the disk before the first of them.
  expect(statuses.length).toBeGreaterThan(10)
  expect(new Set(statuses)).toEqual(new Set([200]))
  expect(await ask(clientKey)).toEqual([200, 'second'])
  expect(await ask('vk-other')).toEqual([200, 'second'])
  expect((await ask('vk-3999'))[0]).toBe(401)

  await put((await readFile(file, 'utf8')).replace('mode: strict', 'mode: strickt'))
  const [rejected] = await gateway.until(/\{"event":"reload-rejected".*\}/)
  expect(JSON.parse(rejected)).toMatchObject({ message: expect.stringMatching(/^config\.yaml:10:\d+: /) })
  expect(await ask(clientKey)).toEqual([200, 'second'])
  await gateway.stop()
  for (const secret of [clientKey, providerKey])
    expect(gateway.stdout() + gateway.stderr()).not.toContain(secret)
}, 120_000)
