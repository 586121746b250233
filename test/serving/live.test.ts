import { access, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Engine, type LiveEvent, type LiveOptions, startLive } from '../../src/serving/live.ts'

const CONFIG = 'binds: [{ port: 3000, listeners: [{ routes: [{ backends: [{ host: "127.0.0.1:1" }] }] }] }]\n'

async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'agw-live-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

async function live(
  reload: Engine['reload'],
  text = CONFIG,
  {
    env = {},
    addresses = [],
    ...more
  }: Pick<LiveOptions, 'reader' | 'signal'> & {
    readonly env?: Record<string, string>
    readonly addresses?: Engine['addresses']
  } = {},
) {
  const folder = await tempFolder()
  const file = join(folder, 'config.yaml')
  await writeFile(file, text)
  const events: LiveEvent[] = []
  const gateway = await startLive({
    load: { file, env, cwd: folder, envFile: false },
    gateway: {},
    start: async () => ({ addresses, reload, close: async () => {} }),
    reload: false,
    onEvent: event => events.push(event),
    ...more,
  })
  return { gateway, events, file }
}

/** The program of a thread that never ends by itself, and what resolves once it runs. */
async function endlessReader(folder: string): Promise<{ script: string; isRunning: () => Promise<void> }> {
  const [script, sign] = [join(folder, 'reader.mjs'), join(folder, 'runs')]
  const lines = [
    `import { writeFileSync } from 'node:fs'`,
    `writeFileSync(${JSON.stringify(sign)}, '')`,
    `setInterval(() => {}, 1000)`,
  ]
  await writeFile(script, lines.join('\n'))
  return { script, isRunning: () => vi.waitFor(() => access(sign), { timeout: 20_000 }) }
}

/** So large that it is read in a thread. */
const LARGE = CONFIG + '# more\n'.repeat(10_000)

describe('a live gateway', () => {
  it('ends at once while a large config is read, and tells nothing of it', async () => {
    const folder = await tempFolder()
    const { script, isRunning } = await endlessReader(folder)
    const { gateway, events, file } = await live(async () => {}, CONFIG, { reader: script })
    await writeFile(file, LARGE)
    const reloading = gateway.reload()
    await isRunning()
    await gateway.close()
    expect(await reloading).toEqual({ result: 'rejected', message: 'the gateway is shutting down' })
    expect(events.map(({ event }) => event)).toEqual(['ready', 'draining', 'stopped'])
  })

  it('waits for no reload that is under way, and tells nothing of it', async () => {
    let begun = (): void => {}
    const isReloading = new Promise<void>(resolve => {
      begun = resolve
    })
    const { gateway, events } = await live((_runtime, _config, signal) => {
      begun()
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    const reloading = gateway.reload()
    await isReloading
    await gateway.close()
    expect(await reloading).toEqual({ result: 'rejected', message: 'the gateway is shutting down' })
    expect(events.map(({ event }) => event)).toEqual(['ready', 'draining', 'stopped'])
  })

  it('does not start when nobody wants it any more', async () => {
    const folder = await tempFolder()
    const { script, isRunning } = await endlessReader(folder)
    const unwanted = new AbortController()
    const starting = live(async () => {}, LARGE, { reader: script, signal: unwanted.signal })
    const failing = expect(starting).rejects.toThrow()
    await isRunning()
    unwanted.abort()
    await failing
  })

  it('tells the line of what alone its making finds, at the start and at a reload', async () => {
    const bad = CONFIG.replace(
      'backends',
      '\n  policies: { authorization: { rules: ["Foo{a: 1}"] } }, backends',
    )
    const message = 'config.yaml:2:40: the embedded gateway cannot run this expression'
    await expect(live(async () => {}, bad)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message })
    const { gateway, events, file } = await live(async () => {})
    await writeFile(file, bad)
    const hint = expect.stringMatching(/agentgateway binary/)
    expect(await gateway.reload()).toEqual({ result: 'rejected', message, hint })
    expect(events.at(-1)).toMatchObject({
      event: 'reload-rejected',
      message,
      hint,
      diagnostics: [{ code: 'NOT_RUN_HERE', range: { start: { line: 2, column: 40 } } }],
    })
  })

  it('tells of a variable that is no key and has another value', async () => {
    const env: Record<string, string> = { TEAM: 'first' }
    const text = CONFIG.replace(
      'backends',
      'policies: { responseHeaderModifier: { set: { x-team: $TEAM } } }, backends',
    )
    const { gateway, events } = await live(async () => {}, text, { env })
    expect(await gateway.reload()).toEqual({ result: 'unchanged' })
    env['TEAM'] = 'second'
    expect(await gateway.reload()).toEqual({ result: 'reloaded' })
    expect(events.at(-1)).toEqual({ event: 'reloaded', changes: [expect.stringMatching(/x-team/)] })
  })

  it('tells where it listens from now on, where a reload has moved it', async () => {
    const at = (port: number) => ({
      bind: `bind/${port}`,
      port,
      address: '127.0.0.1',
      scheme: 'http' as const,
    })
    const addresses = [at(3000), at(3001)]
    const { gateway, events, file } = await live(async () => void addresses.splice(0, 1, at(4000)), CONFIG, {
      addresses,
    })
    events.length = 0
    await writeFile(file, CONFIG.replace('3000', '4000'))
    await gateway.reload()
    expect(events).toEqual([
      expect.objectContaining({ event: 'reloaded' }),
      { event: 'listening', bind: 'bind/4000', address: 'http://127.0.0.1:4000' },
    ])
  })

  it('tells of a key that has changed as that alone', async () => {
    const env: Record<string, string> = { KEY: 'sk-first-0123456789' }
    const text = CONFIG.replace('backends', 'policies: { backendAuth: { key: $KEY } }, backends')
    const { gateway, events } = await live(async () => {}, text, { env })
    events.length = 0
    env['KEY'] = 'sk-second-0123456789'
    expect(await gateway.reload()).toEqual({ result: 'reloaded' })
    expect(events.map(({ event }) => event)).toEqual(['key-changed'])
  })

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
    const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'
    const keys = (kid: string): string => JSON.stringify({ keys: [{ kty: 'OKP', crv: 'Ed25519', x, kid }] })
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

  it.each([
    ['', ''],
    [' with a byte order mark', '\ufeff'],
  ])(
    'reads once what was written%s just before it started, and takes in what changed meanwhile',
    async (_, mark) => {
      const folder = await tempFolder()
      const file = join(folder, 'config.yaml')
      await writeFile(join(folder, '.env'), 'TEAM=first\n')
      await writeFile(join(folder, 'key'), 'sk-first-0123456789\n', { mode: 0o600 })
      const withKey = `policies: { backendAuth: { key: { file: ${join(folder, 'key')} } } }, backends`
      const text = mark + CONFIG.replace('backends', withKey)
      const startWith = async (meanwhile: () => Promise<void>) => {
        await writeFile(file, text)
        const results: unknown[] = []
        const gateway = await startLive({
          load: { file, env: {}, cwd: folder },
          gateway: {},
          start: async () => {
            await meanwhile()
            return { addresses: [], reload: async () => {}, close: async () => {} }
          },
          reload: true,
          onEvent: () => {},
          onDebug: (event, { result }) => void (event === 'reload' && results.push(result)),
        })
        onTestFinished(() => gateway.close())
        return results
      }
      const other = text.replace('127.0.0.1:1', '127.0.0.1:2')
      const changed = await startWith(() => writeFile(file, other))
      await vi.waitFor(() => expect(changed).toEqual(['reloaded']), { timeout: 20_000 })
      const unchanged = await startWith(async () => {})
      // The first reload is the one for this change.
      await writeFile(join(folder, 'next'), other)
      await rename(join(folder, 'next'), file)
      await vi.waitFor(() => expect(unchanged.length).toBeGreaterThan(0), { timeout: 20_000 })
      expect(unchanged).toEqual(['reloaded'])
    },
  )

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
        'added config.connectionTerminationDeadline, which takes a restart',
        'added config.backend, which takes a restart',
        expect.stringMatching(/host|backends/),
      ]),
    })
  })

  it('takes in the model catalog, which stands among those settings', async () => {
    const taken: Parameters<Engine['reload']>[] = []
    const { gateway, file } = await live(async (...given) => void taken.push(given))
    const models = '{ m: { rates: { input: "1" } } }'
    const catalog = `[{ inline: { providers: { openai: { models: ${models} } } } }]`
    const put = (settings: string) => writeFile(file, `config: ${settings}\n${CONFIG}`)
    await put(`{ modelCatalog: ${catalog}, connectionTerminationDeadline: 9s }`)
    expect(await gateway.reload()).toEqual({ result: 'reloaded' })
    await put('{ modelCatalog: [{ inline: "{" }] }')
    expect(await gateway.reload()).toMatchObject({ result: 'rejected' })
    await put('{}')
    expect(await gateway.reload()).toEqual({ result: 'reloaded' })
    const call = { provider: 'openai', model: 'm', answerModel: undefined, usage: undefined }
    expect(taken.map(([runtime]) => runtime.costs?.of(call).status)).toEqual(['Exact', undefined])
    expect(taken.map(([runtime]) => runtime.settings.drainMs)).toEqual([5000, 5000])
  })
})
