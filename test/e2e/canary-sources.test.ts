import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { agw, agwAlone, ROOT, start, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'
import { type Leaks, leaksOf, watchProcesses } from '../helpers/leaks.ts'
import { unless } from '../helpers/needs.ts'
import { FULL_SWEEP } from '../helpers/sweep.ts'
import { noKeyring } from '../secrets/sources/keyring-daemon.ts'
import {
  aws,
  azure,
  base64,
  gcp,
  keychain,
  kubernetes,
  ok,
  op,
  parameter,
  type Setting,
  secret,
  sops,
  ssm,
  vault,
} from '../secrets/sources/settings.ts'

/**
 * A key that must be seen nowhere but in the upstream's `Authorization`; the second is what it is changed to. They are of
 * this run only: all processes are watched, those of another run of the tests too.
 */
const RUN = randomUUID()
const CANARY = keyLike('openai', `canary of every source ${RUN}`)
const SECOND = keyLike('openai', `canary to change to ${RUN}`)

/** The keys, and what the store of a test is asked with. */
const keyLeaks = leaksOf([CANARY, SECOND])
let loginLeaks: Leaks
const leaks: Leaks = text => [...keyLeaks(text), ...loginLeaks(text)]

/** An upstream that refuses, and says everything it was sent in its answer. */
let upstream: Server
let authorized = 0
beforeAll(async () => {
  upstream = createServer((request, response) => {
    if (request.headers.authorization?.includes(CANARY)) authorized += 1
    const told = JSON.stringify({
      error: { message: JSON.stringify(request.headers), code: 'invalid_api_key' },
    })
    response.writeHead(401, {
      'x-echo': request.headers.authorization ?? '',
      'content-type': 'application/json',
    })
    response.end(told)
  })
  await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve))
})
afterAll(() => upstream.close())

let folder: string
const ends: NonNullable<Setting['end']>[] = []
beforeEach(async () => {
  authorized = 0
  loginLeaks = leaksOf([])
  folder = await tempFolder()
})
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

const variable = GUIDE.env
const agwYaml = (place: string) => `secrets:\n  OPENAI_API_KEY: ${place}\n`

interface Source {
  readonly config: string
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Record<string, string>
  /** Commands that put the key there first. */
  readonly prepare?: readonly string[]
  /** A store to start first, and what agw.yaml says of it. */
  readonly store?: (folder: string) => Setting | Promise<Setting>
}

const SOURCES: Readonly<Record<string, Source>> = {
  inline: { config: GUIDE.inline.replace('sk-proj....', CANARY) },
  environment: { config: variable, env: { OPENAI_API_KEY: CANARY } },
  '.env': { config: variable, files: { '.env': `OPENAI_API_KEY=${CANARY}\n` } },
  'a key file': { config: GUIDE.file, files: { 'key.txt': CANARY } },
  'agw.yaml: dotenv': {
    config: variable,
    files: { 'agw.yaml': agwYaml('{ dotenv: { file: other.env, name: K } }'), 'other.env': `K=${CANARY}\n` },
  },
  'agw.yaml: file': {
    config: variable,
    files: { 'agw.yaml': agwYaml('{ file: sub.key }'), 'sub.key': CANARY },
  },
  'agw.yaml: env': {
    config: variable,
    files: { 'agw.yaml': agwYaml('{ env: REAL_KEY }') },
    env: { REAL_KEY: CANARY },
  },
  'agw.yaml: exec': {
    config: variable,
    files: { 'agw.yaml': agwYaml('{ exec: [cat, kept.txt] }'), 'kept.txt': CANARY },
    env: { AGW_TRUST: '1' },
  },
  'agw.yaml: a credential': {
    config: variable,
    files: { 'agw.yaml': agwYaml('{ credential: openai }'), openai: CANARY },
    env: { CREDENTIALS_DIRECTORY: 'HERE' },
  },
  'agw.yaml: encrypted': {
    config: variable,
    prepare: ['keys', 'set', 'openai', '--method', 'encrypted'],
  },
  'agw.yaml: sops': { config: variable, store: sops(text => text, { key: CANARY }) },
  'agw.yaml: vault': { config: variable, store: vault(one => one.put('llm', { key: CANARY })) },
  'agw.yaml: kubernetes': { config: variable, store: kubernetes(() => secret(CANARY)) },
  'agw.yaml: aws-secretsmanager': {
    config: variable,
    store: aws(ok({ SecretString: JSON.stringify({ key: CANARY }) })),
  },
  'agw.yaml: aws-ssm': { config: variable, store: ssm(parameter({ Value: CANARY })) },
  'agw.yaml: gcp': { config: variable, store: gcp(ok({ payload: { data: base64(CANARY) } })) },
  'agw.yaml: azure': { config: variable, store: azure(ok({ value: CANARY })) },
  'agw.yaml: op': { config: variable, store: op(`echo ${CANARY}`) },
  ...(noKeyring === undefined && {
    'agw.yaml: keychain': {
      config: variable,
      store: keychain('unlocked'),
      prepare: ['keys', 'set', 'openai', '--method', 'keychain'],
    },
  }),
}

/** Starts the store of a source and writes what agw.yaml says of it; returns the environment in which it is found. */
async function startStore(store: NonNullable<Source['store']>): Promise<Readonly<Record<string, string>>> {
  const { entry, sources, env = {}, logins = [], end } = await store(folder)
  loginLeaks = leaksOf(logins)
  if (end !== undefined) ends.push(end)
  const more = sources === undefined ? '' : `sources: ${sources}\n`
  await writeFile(join(folder, 'agw.yaml'), agwYaml(entry) + more)
  // They are at addresses of their own, which a file must be trusted for.
  return { ...env, AGW_TRUST: '1' }
}

async function setUp({
  config,
  files = {},
  env = {},
  prepare,
  store,
}: Source): Promise<Record<string, string>> {
  const found = store === undefined ? {} : await startStore(store)
  const { port } = upstream.address() as AddressInfo
  const there = `name: openai\n          hostOverride: "127.0.0.1:${port}"`
  await writeFile(
    join(folder, 'config.yaml'),
    config.replace('name: openai', there).replace('3000', String(await freePort())),
  )
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, name), text)
    await chmod(join(folder, name), 0o600)
  }
  if (prepare !== undefined) {
    const done = await agw(prepare, { cwd: folder, env: found, input: CANARY })
    expect(done.status, done.stderr).toBe(0)
  }
  const here = Object.entries(env).map(([name, value]) => [name, value.replace('HERE', folder)])
  return { ...found, ...Object.fromEntries(here), AGW_DEBUG: '1', DEBUG: '*' }
}

/** How commands are called where the bare word is not enough; each may be called in several ways. */
const CALLS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  init: [['--provider', 'openai', '--method', 'env', '--key-from-stdin', '--force', '--dry-run']],
  'keys set': [
    ['openai', '--dry-run'],
    ['openai', '--method', 'inline', '--dry-run'],
  ],
  'keys move': [
    ['openai', '--to', 'inline', '--dry-run'],
    ['openai', '--to', 'file', '--dry-run'],
  ],
  'keys remove': [['openai', '--dry-run']],
  'keys rotate': [
    ['openai', '--wait', '0'],
    ['openai', '--undo'],
  ],
  'keys check': [[], ['openai']],
  validate: [
    [],
    ['--online'],
    ['--format', 'sarif'],
    ['--format', 'junit'],
    ['--format', 'github'],
    ['--no-secrets'],
    ['--engine', 'embedded', '--strict'],
  ],
  'test-route': [[], ['--explain'], ['--header', 'x-mine: 1'], ['--mock'], ['--connect-to', '::127.0.0.1:1']],
  run: [
    ['--', process.execPath, '-e', 'console.log(process.env); console.error(process.env.OPENAI_API_KEY)'],
  ],
  // They run on: stopped below.
  serve: [],
  mock: [],
  // Makes keys of its own.
  demo: [],
}

const MANIFEST = join(ROOT, 'oclif.manifest.json')
const COMMANDS = Object.keys(JSON.parse(readFileSync(MANIFEST, 'utf8')).commands).map(id =>
  id.replaceAll(':', ' '),
)

function asJson(call: readonly string[]): string[] {
  const at = call.indexOf('--')
  return at === -1 ? [...call, '--json'] : [...call.slice(0, at), '--json', ...call.slice(at)]
}

/** Everything that a command lets out; `run` starts it. */
async function sweep(args: readonly string[], env: Record<string, string>, run = agw): Promise<string[]> {
  const stop = watchProcesses(leaks)
  const { stdout, stderr } = await run(args, { cwd: folder, env, input: SECOND })
  return [...leaks(stdout), ...leaks(stderr), ...stop()]
}

it.runIf(noKeyring !== undefined)(`a key out of agw.yaml: keychain${unless(noKeyring)}`, context =>
  context.skip(),
)

/** Those called for each store, beside the gateway: their work is what it holds. AGW_FULL_SWEEP calls all of them. */
const READING = new Set([
  'doctor',
  'keys check',
  'keys list',
  'keys move',
  'keys rotate',
  'run',
  'test-route',
  'validate',
])

/** On this machine. Each command has a process of its own with one of them, and shares one with the others. */
const LOCAL = Object.values(SOURCES).filter(({ store }) => store === undefined).length

/** Ends only what hangs. The full sweep starts the program some hundred times for a source. Milliseconds. */
const LONGEST = FULL_SWEEP ? 3_600_000 : 300_000

describe.each(Object.entries(SOURCES))('a key out of %s', (name, source) => {
  it(
    'is let out by no command, whatever the upstream answers',
    async () => {
      const env = await setUp(source)
      const turn = Object.keys(SOURCES).indexOf(name)
      // Every command for every source on this machine; the ways in which it may be called take turns, and so do text and JSON.
      const commands = COMMANDS.filter(id => FULL_SWEEP || source.store === undefined || READING.has(id))
      const calls = commands.flatMap((id, index) => {
        const ways = CALLS[id] ?? [[]]
        const plain = ways.map(way => [...id.split(' '), ...way])
        if (FULL_SWEEP) return plain.flatMap(call => [call, asJson(call)])
        // Once all ways have had their turn, they come in the other form.
        const json = (index + Math.floor(turn / ways.length)) % 2 === 0
        return plain
          .filter((_, way) => way === turn % ways.length)
          .map(call => (json && !call.includes('--format') ? asJson(call) : call))
      })
      for (const [at, args] of calls.entries()) {
        const run = FULL_SWEEP || at % LOCAL === turn ? agwAlone : agw
        expect(await sweep(args, env, run), `agw ${args.join(' ')}`).toEqual([])
      }
      expect(authorized, 'the upstream was asked').toBeGreaterThan(0)
    },
    LONGEST,
  )

  it('is let out by no gateway, nor by its log, its admin pages and its files', async () => {
    const env = await setUp(source)
    const port = /"?port"?: (\d+)/.exec(await readFile(join(folder, 'config.yaml'), 'utf8'))?.[1]
    const admin = `127.0.0.1:${await freePort()}`
    const before = await readdir(folder)
    const log = ['--log-level', 'debug', '--log-format', 'json', '--access-log', 'access.log']
    const args = ['serve', '--admin', admin, ...log]
    const gateway = start(args, { cwd: folder, env: { ...env, XDG_RUNTIME_DIR: folder } })
    await gateway.until('ready')
    const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: 'hi' }] }),
    })
    expect(answer.status).toBe(401)
    expect(leaks(JSON.stringify([...answer.headers]) + (await answer.text())), 'the answer').toEqual([])
    for (const page of ['/config_dump', '/keys', '/metrics', '/healthz/ready']) {
      const text = await (await fetch(`http://${admin}${page}`)).text()
      expect(leaks(text), page).toEqual([])
    }
    if (process.platform === 'linux') {
      const cmdline = await readFile(`/proc/${gateway.child.pid}/cmdline`, 'latin1')
      expect(leaks(cmdline)).toEqual([])
    }
    await gateway.stop('SIGQUIT')
    expect(leaks(gateway.stdout() + gateway.stderr())).toEqual([])
    for (const file of (await readdir(folder, { withFileTypes: true })).filter(one => one.isFile())) {
      if (before.includes(file.name)) continue
      expect(leaks(await readFile(join(folder, file.name), 'latin1')), file.name).toEqual([])
    }
  })
})

describe('the test can fail', () => {
  const plant = (code: string): Record<string, string> => ({
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(code)}`,
  })

  it.each([
    ['a write past the terminal', 'process.stderr.write(process.env.OPENAI_API_KEY)'],
    [
      'base64 of it',
      "process.stdout.write(Buffer.from('u:' + process.env.OPENAI_API_KEY).toString('base64'))",
    ],
  ])('a planted leak turns it red: %s', async (_, code) => {
    const env = await setUp(SOURCES['environment'] as Source)
    expect(await sweep(['keys', 'list'], { ...env, ...plant(code) })).not.toEqual([])
  })

  it.skipIf(process.platform !== 'linux')('a key in an argument is seen', async () => {
    const env = await setUp(SOURCES['environment'] as Source)
    await mkdir(join(folder, 'x'))
    const wait = `setTimeout(() => {}, 300)`
    const script = `require('child_process').spawnSync(process.execPath, ['-e', '${wait}', process.env.OPENAI_API_KEY])`
    expect(await sweep(['run', '--', process.execPath, '-e', script], env)).not.toEqual([])
  })
})
