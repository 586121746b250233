import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/index.ts'
import { tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'
import { ask, serveWithAdmin, toOpenAi, workersOf } from '../helpers/serving.ts'

const KEY = keyLike('openai', 'readiness')

let folder: string
let mock: Mock
let port: number
beforeEach(async () => {
  folder = await tempFolder()
  mock = await startMock({ chunkDelayMs: 200 })
  port = await freePort()
  const text = toOpenAi({ port, upstream: `127.0.0.1:${mock.port}`, auth: `key: "${KEY}"` })
  await writeFile(join(folder, 'config.yaml'), text, { mode: 0o600 })
})
afterEach(() => mock.close())

const serve = (workers: number) =>
  serveWithAdmin(['--admin', '127.0.0.1:0', '--workers', String(workers)], { cwd: folder })

async function readiness(admin: string): Promise<string> {
  const answer = await fetch(`${admin}/healthz/ready`)
  return `${answer.status} ${(await answer.text()).trim()}`
}

describe('readiness', () => {
  it.skipIf(process.platform !== 'linux')(
    'is none while no worker serves',
    async () => {
      const { running, admin } = await serve(2)
      expect(await readiness(admin)).toBe('200 ready')
      for (const worker of await workersOf(running)) process.kill(worker, 'SIGKILL')
      await expect
        .poll(() => readiness(admin), { interval: 5, timeout: 10_000 })
        .toBe('500 not ready, pending: workers')
      await expect.poll(() => readiness(admin), { timeout: 30_000 }).toBe('200 ready')
      expect((await ask(port)).status).toBe(200)
    },
    60_000,
  )

  it.each([1, 2])('is told until the end of the drain, by %i', async workers => {
    const { running, admin } = await serve(workers)
    const stream = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: 'a b c d e' }] }),
    })
    expect(stream.status).toBe(200)
    const stopped = running.stop()
    await running.until('"draining"')
    expect(await readiness(admin)).toBe('500 not ready, pending: shutdown')
    expect(await (await fetch(`${admin}/metrics`)).text()).toContain('agentgateway_')
    expect(await stream.text()).toContain('[DONE]')
    expect(await stopped).toBe(0)
    await expect(readiness(admin)).rejects.toThrow()
  })
})
