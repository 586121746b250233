import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, type Run, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { filesWith, leaksOf, watchProcesses } from '../helpers/leaks.ts'
import { ask as askAt, serveReady } from '../helpers/serving.ts'

const KEY = /^agw_sk_[A-Za-z0-9]{32}$/
const hashOf = (key: string): string => `sha256:${createHash('sha256').update(key).digest('hex')}`

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})
const put = (text: string): Promise<void> => writeFile(join(folder, 'config.yaml'), text)
const text = (): Promise<string> => readFile(join(folder, 'config.yaml'), 'utf8')
const clients = (...args: string[]): Promise<Run> => agw(['clients', ...args], { cwd: folder })

async function add(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await clients('add', ...args, '--yes')
  expect(status, stderr).toBe(0)
  const key = stdout.replace(/\n$/, '')
  expect(key).toMatch(KEY)
  return key
}

const LLM = (port: number): string => `# of the team
gateways:
  default:
    port: ${port} # ours
llm:
  models:
  - name: "*" # all
    provider: openAI
    params: { apiKey: "$OPENAI_API_KEY" }
`

describe('agw clients', () => {
  it('lets a client in and out while a gateway runs, by the key that was printed', async () => {
    const port = await freePort()
    await put(LLM(port))
    const first = await add('first', '--require-keys')
    const gateway = await serveReady(['--mock', '--log-level', 'off'], { cwd: folder })
    const ask = async (key?: string, model = 'gpt-4o-mini'): Promise<number> => {
      const headers = key === undefined ? {} : { authorization: `Bearer ${key}` }
      const answer = await askAt(port, { model, headers, content: 'hello' })
      await answer.text()
      return answer.status
    }
    expect([await ask(), await ask('agw_sk_wrong'), await ask(first)]).toEqual([401, 401, 200])
    // What a command says is so is so by when it has ended.
    const second = await add('second', '--models', 'gpt-4o*')
    expect([await ask(first), await ask(second), await ask(second, 'claude-opus')]).toEqual([200, 200, 403])
    const third = (await clients('rotate', 'second', '--yes')).stdout.trim()
    expect([await ask(second), await ask(third), await ask(third, 'claude-opus')]).toEqual([200, 200, 403])
    const { stderr } = await clients('remove', hashOf(second).slice(0, 15), '--yes')
    expect(stderr).toContain(`the gateway with process id ${gateway.child.pid} has read the change`)
    expect([await ask(second), await ask(third)]).toEqual([401, 200])
    await clients('remove', 'first', '--yes')
    expect([await ask(first), await ask(third), await ask()]).toEqual([401, 200, 401])
  })

  it('keeps comments and everything else, and gives the file back when all clients are gone', async () => {
    const policy = '  policies:\n    apiKey: { mode: strict, keys: [ ] } # who\n'
    await put(`${LLM(3000)}${policy}# tail\n`)
    const key = await add('research', '--metadata', 'team=re$earch', '--metadata', 'cost_center=042')
    expect(await text()).toBe(
      `${LLM(3000)}${policy.replace('[ ]', `[ { keyHash: "${hashOf(key)}", metadata: { name: "research", team: "re$$$$earch", cost_center: "042" } } ]`)}# tail\n`,
    )
    const { stdout } = await clients('list', '--json')
    expect(JSON.parse(stdout)).toEqual({
      clients: [
        {
          name: 'research',
          hash: hashOf(key).slice(0, 15),
          age: null,
          metadata: { team: 're$earch', cost_center: '042' },
          models: null,
          place: 'llm',
          mode: 'strict',
          inClear: false,
          path: 'llm.policies.apiKey.keys[0]',
          line: 11,
        },
      ],
    })
    const removed = await clients('remove', 'research', '--yes')
    expect(removed.stderr).toContain('llm has no key left: it refuses every request')
    expect(await text()).toBe(`${LLM(3000)}${policy}# tail\n`)
  })

  it('rotates with what the entry says, variables as they are', async () => {
    const entry = `{ keyHash: "sha256:${'ab'.repeat(32)}", metadata: { name: x, team: "$TEAM", tier: 2 } }`
    await put(`${LLM(3000)}  policies: { apiKey: { mode: strict, keys: [${entry}] } }\n`)
    const { status, stdout, stderr } = await agw(['clients', 'rotate', 'x', '--yes'], {
      cwd: folder,
      env: { TEAM: 'blue-of-the-environment' },
    })
    expect(status, stderr).toBe(0)
    const { metadata } = { metadata: 'metadata: { name: "x", team: "$TEAM", tier: 2 }' }
    expect(await text()).toContain(`${entry}, { keyHash: "${hashOf(stdout.trim())}", ${metadata} }`)
    expect(stderr).toContain('until `agw clients remove sha256:abababab` revokes it')
    const both = JSON.parse((await clients('list', '--json')).stdout).clients as {
      hash: string
      age: string
    }[]
    const [older, newer] = both
    expect(both.map(one => one.age)).toEqual(['older', 'newer'])
    expect((await clients('list')).stdout).toMatch(/AGE.*\nx +sha256:abababab +older .*\nx +\S+ +newer /)
    const which = await clients('remove', 'x', '--yes')
    expect(which.stderr).toContain(`${older?.hash} (older), ${newer?.hash} (newer)`)
    const again = await clients('rotate', newer?.hash ?? '', '--yes')
    expect([again.status, again.stderr]).toEqual([2, expect.stringContaining('x has 2 keys already')])
    expect(again.stderr).toContain('revoke the older one first: `agw clients remove sha256:abababab`')
  })

  it('writes nothing in a dry run, makes no key, and says what would change', async () => {
    await put(LLM(3000))
    const { status, stdout, stderr } = await clients('add', 'x', '--dry-run', '--require-keys')
    expect([status, stdout]).toEqual([0, ''])
    expect(stderr).toMatch(/\+.*keyHash[\s\S]*refuses every request without a key[\s\S]*nothing was written/)
    expect(await text()).toBe(LLM(3000))
  })

  it('says in one document under --json what it did, with the key', async () => {
    await put(LLM(3000))
    const { stdout } = await clients('add', 'x', '--require-keys', '--yes', '--json', '--metadata', 'a=b')
    const { key, ...document } = JSON.parse(stdout) as { key: string }
    expect(key).toMatch(KEY)
    expect(document).toEqual({
      name: 'x',
      hash: hashOf(key).slice(0, 15),
      metadata: { a: 'b' },
      models: null,
      place: 'llm',
      changed: true,
      files: [{ file: 'config.yaml', action: 'updated', mode: expect.any(String) }],
    })
  })

  const NAMED = `${LLM(3000)}  policies: { apiKey: { mode: optional, keys: [{ keyHash: "sha256:${'ab'.repeat(32)}", metadata: { name: taken } }] } }\n`
  const ROUTES =
    'binds: [{ port: 3000, listeners: [{ name: one, routes: [] }, { name: two, hostname: b.c, routes: [] }] }]\n'
  const refused: [what: string, config: string, args: string[], message: RegExp][] = [
    [
      'a name that is taken',
      NAMED,
      ['add', 'taken', '--yes'],
      /config\.yaml:10:\d+: taken has a key already\n.*clients rotate taken.*clients remove taken/,
    ],
    [
      'a place where nobody is asked',
      LLM(3000),
      ['add', 'x', '--yes'],
      /llm asks nobody for a key yet.*\n.*--require-keys, or/,
    ],
    [
      'a place where nobody is asked, without a yes either',
      LLM(3000),
      ['add', 'x'],
      /llm asks nobody for a key yet.*\n.*--require-keys and --yes, or/,
    ],
    [
      'several places',
      ROUTES,
      ['add', 'x', '--yes'],
      /2 places.*could ask.*\n.*--at and --require-keys: binds\[0\]\.listeners\[0\] \(one\)/,
    ],
    ['a place that is not there', ROUTES, ['add', 'x', '--at', 'three', '--yes'], /"three" is no place/],
    [
      'models that nothing would look at',
      ROUTES,
      ['add', 'x', '--at', 'one', '--require-keys', '--models', 'm', '--yes'],
      /nothing at binds\[0\]\.listeners\[0\] looks at them/,
    ],
    [
      'models that are none',
      LLM(3000),
      ['add', 'x', '--require-keys', '--models', 'a*b*', '--yes'],
      /would not be valid: an allowed model takes at most one star/,
    ],
    [
      'metadata that no rule could read',
      LLM(3000),
      ['add', 'x', '--metadata', 'cost-center=1'],
      /cannot say "cost-center"/,
    ],
    ['metadata without a text', LLM(3000), ['add', 'x', '--metadata', 'team'], /takes a name and a text/],
    [
      'another name in the metadata',
      LLM(3000),
      ['add', 'x', '--metadata', 'name=y'],
      /the name is the argument/,
    ],
    [
      'models of which none is named',
      LLM(3000),
      ['add', 'x', '--require-keys', '--models', ' , ', '--yes'],
      /--models names no model\n.*leave it out: then it may use all/,
    ],
    ['a name with a space that nobody sees', LLM(3000), ['add', 'x '], /that name does not fit/],
    ['a name that shows badly', LLM(3000), ['add', 'a\u001b[1m'], /that name does not fit/],
    [
      'a client that is not there',
      NAMED,
      ['remove', 'other', '--yes'],
      /no client of this config.*\n.*taken/,
    ],
    ['a removal that nobody agrees to', NAMED, ['remove', 'taken'], /nothing was written: it needs a yes/],
  ]
  it.each(refused)('refuses %s', async (_, config, args, message) => {
    await put(config)
    const { status, stdout, stderr } = await clients(...args)
    expect([stdout, stderr]).toEqual(['', expect.stringMatching(message)])
    expect([2, 3]).toContain(status)
    expect(await text()).toBe(config)
  })

  it('refuses a key in the place of a name without repeating it', async () => {
    await put(LLM(3000))
    const key = `agw_sk_${createHash('sha256').update('in argv').digest('hex').slice(0, 32)}`
    for (const args of [
      ['add', key],
      ['remove', key],
      ['add', 'x', '--metadata', `team=${key}`],
    ]) {
      const { status, stdout, stderr } = await clients(...args)
      expect(status).toBe(2)
      expect(stdout + stderr).not.toContain(key.slice(7, 30))
    }
  })

  it('makes an optional list strict when told to, and else says that requests without a key pass', async () => {
    await put(NAMED)
    const left = await clients('add', 'x', '--yes')
    expect(left.stderr).toContain('requests without a key pass at llm all the same (mode: optional)')
    await add('y', '--require-keys')
    expect(await text()).toContain('{ mode: strict, keys:')
  })

  it.each([
    [
      'gateways',
      'gateways: { default: { port: 3000 } }\nroutes:\n- backends: [{ host: "127.0.0.1:1" }]\n',
      /default: \{ port: 3000, apiKey: \{ mode: strict, keys: \[/,
    ],
    [
      'binds',
      'binds:\n- port: 3000\n  listeners:\n  - routes:\n    - backends: [{ host: "127.0.0.1:1" }]\n',
      /\n {4}policies:\n {6}apiKey:\n {8}mode: strict\n/,
    ],
  ])('adds its policy to a config of %s, which stays sound', async (_, config, written) => {
    await put(config)
    await add('x', '--require-keys')
    expect(await text()).toMatch(written)
    const { stdout } = await agw(['validate', '--json'], { cwd: folder })
    expect(JSON.parse(stdout)).toMatchObject({ summary: { errors: 0 } })
  })

  it('leaves the key nowhere but on standard output', async () => {
    await put(LLM(3000))
    // Which key it will be, nobody knows before.
    const typed = new Set<string>()
    const stop = watchProcesses(text => {
      for (const [key] of text.matchAll(/agw_sk_[A-Za-z0-9]{32}/g)) typed.add(key)
      return []
    })
    const { stdout, stderr } = await clients('add', 'canary', '--require-keys', '--yes')
    const rotated = await clients('rotate', 'canary', '--yes', '--json')
    const keys = [stdout.trim(), (JSON.parse(rotated.stdout) as { key: string }).key]
    stop()
    expect(keys.filter(key => typed.has(key))).toEqual([])
    const leaks = leaksOf(keys)
    expect(leaks(stdout)).not.toEqual([])
    expect(leaks(stderr + rotated.stderr)).toEqual([])
    for (const args of [
      ['list'],
      ['list', '--json'],
      ['remove', hashOf(keys[0] ?? '').slice(0, 15), '--yes'],
    ]) {
      const run = await clients(...args)
      expect(leaks(run.stdout + run.stderr)).toEqual([])
    }
    expect(await filesWith(leaks, folder)).toEqual([])
    expect(stdout.split(keys[0] ?? '-').length + rotated.stdout.split(keys[1] ?? '-').length).toBe(4)
  })
})
