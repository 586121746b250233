import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Engine, type LiveEvent, startLive } from '../../src/serving/live.ts'

const CONFIG = 'binds: [{ port: 3000, listeners: [{ routes: [{ backends: [{ host: "127.0.0.1:1" }] }] }] }]\n'

async function live(reload: Engine['reload']) {
  const folder = await mkdtemp(join(tmpdir(), 'agw-live-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'config.yaml')
  await writeFile(file, CONFIG)
  const events: LiveEvent[] = []
  const gateway = await startLive({
    load: { file, env: {}, cwd: folder, envFile: false },
    gateway: {},
    start: async () => ({ addresses: [], reload, close: async () => {} }),
    reload: false,
    onEvent: event => events.push(event),
  })
  return { gateway, events }
}

describe('a live gateway', () => {
  it('goes on when a reload fails by a fault that nobody expected, and does not quote it', async () => {
    const { gateway, events } = await live(async () => {
      throw new TypeError('sk-secret')
    })
    expect(await gateway.reload()).toMatchObject({ result: 'rejected' })
    expect(events.at(-1)).toMatchObject({ event: 'reload-rejected' })
    expect(JSON.stringify(events)).not.toContain('sk-secret')
    expect(gateway.isSynchronized).toBe(false)
  })

  it('takes nothing in once it is closed', async () => {
    let reloads = 0
    const { gateway } = await live(async () => {
      reloads++
    })
    await gateway.close()
    expect(await gateway.reload()).toMatchObject({ result: 'rejected' })
    expect(reloads).toBe(0)
  })
})
