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
  return { gateway, events, file }
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

  it('keeps the settings of its start, and says so, while everything else is taken in', async () => {
    const taken: Parameters<Engine['reload']>[] = []
    const { gateway, events, file } = await live(async (...given) => void taken.push(given))
    const settings = '{ connectionTerminationDeadline: 9s, backend: { connectTimeout: 1s } }'
    await writeFile(file, `config: ${settings}\n${CONFIG.replace('127.0.0.1:1', '127.0.0.1:2')}`)
    expect(await gateway.reload()).toEqual({ result: 'reloaded' })
    const [[runtime, config] = []] = taken
    expect(runtime?.settings.drainMs).toBe(5000)
    expect(config?.config).toBeUndefined()
    expect(JSON.stringify(config)).toContain('127.0.0.1:2')
    expect(events.at(-1)).toMatchObject({
      event: 'reloaded',
      changes: expect.arrayContaining([
        expect.stringMatching(/^added config, which takes a restart$/),
        expect.stringMatching(/host|backends/),
      ]),
    })
  })
})
