import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { call } from '../gateway/kit/client.ts'
import { startUpstream } from '../gateway/kit/upstream.ts'
import { start, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { toOpenAi } from '../helpers/serving.ts'

describe.skipIf(process.platform === 'win32')('a gateway whose output nobody reads any more', () => {
  it.each([
    // As with `| head -1`: whether it has told all that belongs there by then is a matter of luck.
    { args: [], from: 'listening', told: /^(?:standard output)?$/ },
    { args: ['--json'], from: 'ready', told: /^standard output$/ },
    { args: ['--json', '--workers', '2'], from: 'ready', told: /^standard output$/ },
  ])('goes on serving, and says once what is lost: $args', async ({ args, from, told }) => {
    const upstream = await startUpstream(response => response.writeHead(200).end('{}'))
    const [folder, port] = [await tempFolder(), await freePort()]
    const put = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 })
    await put('config.yaml', toOpenAi({ port, upstream: `127.0.0.1:${upstream.port}`, auth: 'key: "$KEY"' }))
    await put('.env', 'KEY=sk-before-0123456789\n')
    const running = start(['serve', ...args], { cwd: folder })
    await running.until(from)
    running.child.stdout.destroy()
    for (const key of ['sk-after-0123456789', 'sk-later-0123456789']) {
      await put('.env', `KEY=${key}\n`)
      const sent = async () => {
        await call(port, { path: '/v1/chat/completions', body: '{"model":"m","messages":[]}' })
        return upstream.seen.at(-1)?.headers['authorization']
      }
      await expect.poll(sent, { timeout: 20_000 }).toBe(`Bearer ${key}`)
    }
    if (args.length > 0) await running.until('standard output', 'stderr')
    expect(await running.stop()).toBe(0)
    expect((running.stderr().match(/standard output/g) ?? []).join()).toMatch(told)
    // What becomes of the gateway is told on standard error, good or bad.
    if (args.length === 0) expect(running.stderr()).toMatch(/key changed[\s\S]*stopped/)
  })
})
