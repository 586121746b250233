import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, type Run, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'
import { ask, serveReady } from '../helpers/serving.ts'

const KEY = keyLike('anthropic', 'init add')
const LLM = `# of the team
gateways: { default: { port: 3000 } }
llm:
  models:
    - name: "*" # all
      provider: openAI
      params: { apiKey: "$OPENAI_API_KEY" }
  # who may call
  policies:
    apiKey: { mode: strict, keys: [{ keyHash: "sha256:${'ab'.repeat(32)}" }] }
`

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})
const put = (text: string, name = 'config.yaml'): Promise<void> => writeFile(join(folder, name), text)
const text = (name = 'config.yaml'): Promise<string> => readFile(join(folder, name), 'utf8')
const init = (args: readonly string[], input = '', env: Record<string, string> = {}): Promise<Run> =>
  agw(['init', ...args], { cwd: folder, input, env })
const add = (...args: string[]): Promise<Run> => init(['--add', ...args, '--yes'])

describe('agw init --add', () => {
  it('adds a model behind the others and leaves every other character alone', async () => {
    await put(LLM)
    const { status, stdout, stderr } = await add('--provider', 'anthropic', '--method', 'env')
    expect(status, stderr).toBe(0)
    const entry =
      '    - name: claude-*\n      provider: anthropic\n      params:\n        apiKey: "$ANTHROPIC_API_KEY"\n'
    expect(await text()).toBe(LLM.replace('  # who', `${entry}  # who`))
    expect(stderr).toContain(
      'requests for claude-* go to anthropic from then on, no longer to the entry for all models in line 5',
    )
    expect(stdout).toContain('agw init --provider anthropic --method env --add --yes')
    expect(stdout).toContain('agw keys set anthropic\n')
  })

  it('stores a key that is handed over, and asks for none that is there', async () => {
    await put(LLM)
    const args = ['--add', '--provider', 'anthropic', '--method', 'env', '--key-from-stdin', '--yes']
    const { status, stdout, stderr } = await init(args, `${KEY}\n`)
    expect(status, stderr).toBe(0)
    expect(stdout + stderr).not.toContain(KEY.slice(14, 40))
    expect(await text('.env')).toBe(`ANTHROPIC_API_KEY=${KEY}\n`)
    const again = await add('--provider', 'anthropic', '--model', 'claude-haiku-4-5', '--method', 'env')
    expect(again.stdout).not.toContain('keys set')
    expect(await text()).toContain(
      '    - name: claude-haiku-4-5\n      provider: anthropic\n      params:\n        apiKey:',
    )
    const other = await init([...args, '--model', 'x'], `${keyLike('anthropic', 'another')}\n`)
    expect([other.status, other.stderr]).toEqual([
      3,
      expect.stringContaining('ANTHROPIC_API_KEY has another key already'),
    ])
    expect(await text('.env')).toBe(`ANTHROPIC_API_KEY=${KEY}\n`)
  })

  it.each(['file', 'encrypted', 'passthrough', 'inline'])('adds with the method %s', async method => {
    await put(LLM)
    const given = method === 'passthrough' ? [] : ['--key-from-stdin']
    const { status, stderr } = await init(
      ['--add', '--provider', 'anthropic', '--method', method, ...given, '--yes'],
      `${KEY}\n`,
    )
    expect(status, stderr).toBe(0)
    expect(stderr).not.toContain(KEY.slice(14, 40))
    const { stdout } = await agw(['validate', '--json'], {
      cwd: folder,
      env: { OPENAI_API_KEY: keyLike('openai', 'add') },
    })
    expect(JSON.parse(stdout)).toMatchObject({ summary: { errors: 0 } })
    const files: Record<string, string[]> = {
      file: ['anthropic.key'],
      encrypted: ['agw.yaml', 'secrets.age'],
    }
    expect(await readdir(folder)).toEqual(expect.arrayContaining(files[method] ?? []))
  })

  const ROUTES: [style: string, config: (port: number) => string][] = [
    [
      'gateways',
      port =>
        `gateways:\n  main:\n    port: ${port}\nroutes:\n- gateways: main\n  backends: [{ ai: { name: o, provider: { openAI: {} } } }] # ours\n`,
    ],
    [
      'binds',
      port =>
        `binds:\n- port: ${port}\n  listeners:\n  - routes:\n    - backends: [{ ai: { name: o, provider: { openAI: {} } } }] # ours\n`,
    ],
  ]
  it.each(ROUTES)(
    'adds a route with a path of its own to %s, which a gateway then serves',
    async (_, config) => {
      const port = await freePort()
      await put(config(port))
      const { status, stderr } = await add('--provider', 'anthropic', '--method', 'env')
      expect(status, stderr).toBe(0)
      expect(stderr).toContain('/anthropic is the path of what is added')
      expect((await text()).startsWith(config(port))).toBe(true)
      await serveReady(['--mock', '--log-level', 'off'], { cwd: folder })
      const body = {
        model: 'claude-haiku-4-5',
        max_tokens: 9,
        messages: [{ role: 'user', content: 'hello' }],
      }
      const answer = await fetch(`http://127.0.0.1:${port}/anthropic/v1/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      expect([answer.status, await answer.json()]).toEqual([
        200,
        expect.objectContaining({ type: 'message' }),
      ])
      const first = await ask(port, {
        model: 'gpt-4o-mini',
        content: 'hello',
        headers: { authorization: 'Bearer its-own-key' },
      })
      expect(first.status).toBe(200)
    },
  )

  const TWO = 'gateways: { a: { port: 3000 }, b: { port: 3001 } }\nroutes: []\n'
  it('puts a route on the listener that is named, as its first of all without a path', async () => {
    await put(TWO)
    const { status, stderr } = await add('--provider', 'anthropic', '--method', 'env', '--at', 'b')
    expect(status, stderr).toBe(0)
    expect(await text()).toMatch(/\nroutes:\n- name: anthropic\n {2}gateways: b\n {2}backends:\n/)
  })

  const other = 'backends: [{ ai: { name: o, provider: { openAI: {} } } }]'
  const forHost = (more = ''): string => `- { gateways: main, hostnames: [a.example.com], ${more}${other} }`
  const CLOSED = /\/anthropic is not reached at "a\.example\.com": what stands in line 3 takes all requests/
  const OPEN = /\/anthropic is reached at any other host/
  it.each<[what: string, routes: string, hostname: string, warnings: RegExp[]]>([
    ['routes for hosts that take all', forHost(), '', [CLOSED, OPEN]],
    ['such a route, and one for any host', `${forHost()}\n- { gateways: main, ${other} }`, '', [CLOSED]],
    [
      'routes for hosts that take some paths',
      forHost('matches: [{ path: { pathPrefix: /v1 } }], '),
      '',
      [OPEN],
    ],
    ['routes for any host', `- { gateways: main, ${other} }`, '', []],
    ['a listener for a host', forHost(), ', hostname: a.example.com', [CLOSED]],
    ['another listener', `${forHost().replace('main', 'side')}`, '', []],
  ])('says what hosts have to do with a route that is added to %s', async (_, routes, hostname, warnings) => {
    await put(
      `gateways: { main: { port: 3000, listeners: [{ name: x${hostname} }] }, side: { port: 3001 } }\nroutes:\n${routes}\n`,
    )
    const { status, stderr } = await add(
      '--provider',
      'anthropic',
      '--method',
      'env',
      '--at',
      'gateways.main',
    )
    expect(status, stderr).toBe(0)
    for (const one of [CLOSED, OPEN]) {
      if (warnings.includes(one)) expect(stderr).toMatch(one)
      else expect(stderr).not.toMatch(one)
    }
  })

  it('changes nothing in a dry run', async () => {
    await put(LLM)
    const { status, stderr } = await init(['--add', '--provider', 'gemini', '--method', 'env', '--dry-run'])
    expect([status, stderr]).toEqual([0, expect.stringMatching(/\+ .*gemini-\*[\s\S]*nothing was written/)])
    expect(await text()).toBe(LLM)
  })

  const P = ['--provider', 'anthropic', '--method', 'env']
  const refused: [what: string, config: string, args: string[], message: RegExp][] = [
    ['a config that is there, without a word', LLM, P, /config\.yaml is there already\n.*--add.*--force/],
    [
      'a model that has an entry',
      LLM.replace('"*"', 'claude-*'),
      ['--add', ...P],
      /claude-\* go to config\.yaml:5:7 already.*\n.*--model/,
    ],
    [
      'a provider whose models nobody can know',
      LLM,
      ['--add', '--provider', 'groq', '--method', 'env'],
      /Groq needs the name of its model/,
    ],
    ['several listeners', TWO, ['--add', ...P], /2 listeners\n.*--at: gateways\.a, gateways\.b/],
    [
      'a listener that is not there',
      TWO,
      ['--add', ...P, '--at', 'gateways.c'],
      /"gateways\.c" is no listener/,
    ],
    ['a listener for models', LLM, ['--add', ...P, '--at', 'default'], /--at has no use here/],
    ['another form', LLM, ['--add', ...P, '--style', 'binds'], /--style has no use with --add/],
    ['another port', LLM, ['--add', ...P, '--port', '4000'], /--port has no use with --add/],
    ['manifests', LLM, ['--add', '--provider', 'anthropic', '--method', 'kubernetes'], /adds to none/],
    ['a config without a place', 'config: {}\n', ['--add', ...P], /neither models nor a listener/],
    ['a broken config', 'llm: { model: [] }\n', ['--add', ...P], /config\.yaml:1:8/],
  ]
  it.each(refused)('refuses %s', async (_, config, args, message) => {
    await put(config)
    const { status, stderr } = await init([...args, '--yes'])
    expect(stderr).toMatch(message)
    expect([2, 3]).toContain(status)
    expect(await text()).toBe(config)
  })

  it('says that there is nothing to add to', async () => {
    const { status, stderr } = await add(...P)
    expect([status, stderr]).toEqual([3, expect.stringContaining('there is no config.yaml to add to')])
  })
})
