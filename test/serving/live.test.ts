import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Engine, type LiveEvent, startLive } from '../../src/serving/live.ts'

const CONFIG = 'binds: [{ port: 3000, listeners: [{ routes: [{ backends: [{ host: "127.0.0.1:1" }] }] }] }]\n'

async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'agw-live-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

async function live(reload: Engine['reload'], text = CONFIG) {
  const folder = await tempFolder()
  const file = join(folder, 'config.yaml')
  await writeFile(file, text)
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

  it('tells of a file that the config names, and that a rejection is over', async () => {
    const folder = await tempFolder()
    const set = join(folder, 'jwks.json')
    const keys = (kid: string): string => JSON.stringify({ keys: [{ kty: 'oct', k: 'AAAA', kid }] })
    await writeFile(set, keys('a'))
    const policies = { jwtAuth: { issuer: 'https://i.test', jwks: { file: set } } }
    const text = CONFIG.replace('backends', `policies: ${JSON.stringify(policies)}, backends`)
    const { gateway, events } = await live(async () => {}, text)
    const told = () => events.splice(0).filter(({ event }) => event.startsWith('reload'))
    expect(await gateway.reload()).toEqual({ result: 'unchanged' })
    expect(told()).toEqual([])
    await writeFile(set, keys('b'))
    expect(await gateway.reload()).toEqual({ result: 'reloaded' })
    expect(told()).toEqual([{ event: 'reloaded', changes: [`changed file ${set}`] }])
    await writeFile(set, '{')
    expect(await gateway.reload()).toMatchObject({ result: 'rejected' })
    expect(told()).toMatchObject([{ event: 'reload-rejected' }])
    await writeFile(set, keys('b'))
    expect(await gateway.reload()).toEqual({ result: 'unchanged' })
    expect(told()).toEqual([{ event: 'reloaded', changes: [] }])
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
