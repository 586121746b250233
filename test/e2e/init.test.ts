import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, BIN, cleanEnv, tempFolder } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'

const OPENAI = keyLike('openai', 'init')
const ANTHROPIC = keyLike('anthropic', 'init')

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})
const read = (name: string) => readFile(join(folder, name), 'utf8')
const init = (args: string[], input = '', env: Record<string, string> = {}) =>
  agw(['init', '--yes', ...args], { cwd: folder, input, env })
const both = ['--provider', 'openai', '--provider', 'anthropic']

describe('several providers at once', () => {
  it('take a variable each', async () => {
    const run = await init([...both, '--method', 'env', '--env', 'ONE', '--env', 'TWO'])
    expect(run.status, run.stderr).toBe(0)
    expect(await read('config.yaml')).toMatch(/"\$ONE"[\s\S]*"\$TWO"/)
  })

  it('take a file each', async () => {
    const run = await init([...both, '--method', 'file', '--key-file', 'one.key', '--key-file', 'two.key'])
    expect(run.status, run.stderr).toBe(0)
    expect(await read('config.yaml')).toMatch(/one\.key[\s\S]*two\.key/)
  })

  it.each([
    ['env', '.env', `OPENAI_API_KEY=${OPENAI}\nANTHROPIC_API_KEY=${ANTHROPIC}\n`],
    ['inline', 'config.yaml', ANTHROPIC],
    ['file', 'anthropic.key', `${ANTHROPIC}\n`],
  ])('take their keys from standard input, one a line: %s', async (method, file, content) => {
    const run = await init([...both, '--method', method, '--key-from-stdin'], `${OPENAI}\n${ANTHROPIC}\n`)
    expect(run.status, run.stderr).toBe(0)
    expect(await read(file)).toContain(content)
    expect(run.stdout + run.stderr).not.toMatch(new RegExp(`${OPENAI}|${ANTHROPIC}`))
  })

  it('take their keys from a variable each', async () => {
    const args = [...both, '--method', 'file', '--key-from-env', 'A', '--key-from-env', 'B']
    const run = await init(args, '', { A: OPENAI, B: ANTHROPIC })
    expect(run.status, run.stderr).toBe(0)
    expect(await read('anthropic.key')).toBe(`${ANTHROPIC}\n`)
  })

  it('have an entry each in agw.yaml, in one change', async () => {
    const run = await init(
      [...both, '--method', 'encrypted', '--key-from-stdin'],
      `${OPENAI}\n${ANTHROPIC}\n`,
    )
    expect(run.status, run.stderr).toBe(0)
    expect(await read('agw.yaml')).toMatch(/OPENAI_API_KEY: .*\n {2}ANTHROPIC_API_KEY: .*\n$/)
    const { keys } = JSON.parse((await agw(['keys', 'list', '--json'], { cwd: folder })).stdout)
    expect(keys).toMatchObject([
      { method: 'encrypted', state: 'ok' },
      { method: 'encrypted', state: 'ok' },
    ])
  })

  it('leave a key for later where its line is empty', async () => {
    const run = await init([...both, '--method', 'env', '--key-from-stdin'], `\n${ANTHROPIC}\n`)
    expect(run.status, run.stderr).toBe(0)
    expect(await read('.env')).toBe(`ANTHROPIC_API_KEY=${ANTHROPIC}\n`)
    expect(run.stdout).toContain('agw keys set openai')
  })

  it('are each told how to store their key', async () => {
    const run = await init([...both, '--method', 'env'])
    expect(run.stdout).toMatch(/Next:\n {2}agw keys set openai\n {2}agw keys set anthropic\n {2}agw serve/)
  })

  it('take an address each where they are openai-compatible', async () => {
    const two = [
      '--provider',
      'openai-compatible',
      '--provider',
      'anthropic',
      '--provider',
      'openai-compatible',
    ]
    const urls = ['--base-url', 'https://one.example.com/v1', '--base-url', 'https://two.example.com/v1']
    const models = ['--model', 'm1', '--model', 'claude-x', '--model', 'm2']
    const run = await init([
      ...two,
      ...urls,
      ...models,
      '--method',
      'env',
      '--env',
      'A',
      '--env',
      'B',
      '--env',
      'C',
    ])
    expect(run.status, run.stderr).toBe(0)
    const text = await read('config.yaml')
    expect(text).toMatch(/one\.example\.com[\s\S]*anthropic[\s\S]*two\.example\.com/)
    expect(text.match(/example\.com/g)).toHaveLength(2)
  })
})

describe('a key that is piped in without a flag', () => {
  it.each(['env', 'file', 'keychain', 'encrypted', 'kubernetes'])('%s says how it is taken', async method => {
    const run = await init(['--provider', 'openai', '--method', method], `${OPENAI}\n`)
    expect(run.status, run.stderr).toBe(0)
    expect(run.stderr).toMatch(/standard input was not read: .*--key-from-stdin/)
    expect(run.stdout + run.stderr + JSON.stringify(await files(folder))).not.toContain(OPENAI)
  })

  it.each([
    ['a key is taken from elsewhere', ['--method', 'env', '--key-from-env', 'A']],
    ['a key is taken from it', ['--method', 'env', '--key-from-stdin']],
    ['there is no key to store', ['--method', 'passthrough']],
  ])('no word of it where %s', async (_, args) => {
    const run = await init(['--provider', 'openai', ...args], `${OPENAI}\n`, { A: OPENAI })
    expect(run.status, run.stderr).toBe(0)
    expect(run.stderr).not.toContain('standard input')
  })

  it.each(['/dev/null', 'empty.txt'])('no word of it where standard input is %s', async name => {
    const input = resolve(folder, name)
    await writeFile(input, '')
    const stdin = openSync(input, 'r')
    const args = ['init', '--provider', 'openai', '--method', 'env', '--yes']
    const run = spawnSync(process.execPath, [BIN, ...args], {
      cwd: folder,
      env: cleanEnv(folder),
      stdio: [stdin, 'pipe', 'pipe'],
    })
    closeSync(stdin)
    expect(run.status, String(run.stderr)).toBe(0)
    expect(String(run.stderr)).not.toContain('standard input')
  })
})

it.each([
  ['.env', 2, /the file for the key is the \.env beside the config/],
  ['prod.env', 3, /prod\.env is there already, and is not this key/],
])('a key takes no file of variables: %s', async (name, status, message) => {
  await writeFile(join(folder, name), 'A=1\n')
  const run = await init(
    ['--provider', 'openai', '--method', 'file', '--key-file', name, '--key-from-stdin'],
    `${OPENAI}\n`,
  )
  expect([run.status, run.stderr]).toEqual([status, expect.stringMatching(message)])
  expect(await read(name)).toBe('A=1\n')
})

it('a manifest that was changed is replaced only when told to', async () => {
  const args = ['--provider', 'openai', '--method', 'kubernetes']
  expect((await init(args)).status).toBe(0)
  const names = (await readdir(folder)).filter(name => name !== 'config.yaml')
  const [name = ''] = names
  await writeFile(join(folder, name), 'mine: 1\n')
  await rm(join(folder, 'config.yaml'))
  const run = await init(args)
  expect([run.status, run.stderr]).toEqual([3, expect.stringMatching(`${name} is there already, and says`)])
  expect([await read(name), await readdir(folder)]).toEqual(['mine: 1\n', names])
  expect((await init([...args, '--dry-run'])).stderr).toContain('  - mine: 1')
  expect((await init([...args, '--force'])).status).toBe(0)
  expect(await read(name)).not.toBe('mine: 1\n')
})

it('warns once', async () => {
  const run = await init(['--provider', 'openai', '--method', 'passthrough'])
  expect(run.stderr.match(/^warning /gm)).toHaveLength(1)
})

describe('a flag without effect is refused, and nothing is written', () => {
  it.each([
    [
      'a provider a second time',
      [
        '--provider',
        'openai',
        '--provider',
        'openai',
        '--model',
        'gpt-5',
        '--model',
        'gpt-4o',
        '--method',
        'env',
      ],
      2,
      /openai is given twice: requests for gpt-\* would never reach the second[\s\S]*once/,
    ],
    [
      'a model without a name',
      ['--provider', 'openai', '--method', 'env', '--model', ' '],
      2,
      /--model has a value that does not fit/,
    ],
    [
      'a config without a name',
      ['--provider', 'openai', '--method', 'env', '--file', ''],
      2,
      /--file has a value that does not fit/,
    ],
    [
      'two hosts for one model',
      [
        ...['openai-compatible', 'groq'].flatMap(name => ['--provider', name, '--model', 'm']),
        ...['--base-url', 'https://llm.example.com/v1', '--method', 'env'],
      ],
      2,
      /openai-compatible and groq both have the model m[\s\S]*another --model/,
    ],
    [
      'a model that is missing, before any key is taken',
      ['--provider', 'openai', '--provider', 'groq', '--method', 'env', '--key-from-stdin'],
      2,
      /Groq needs the name of its model[\s\S]*--model once for each --provider/,
    ],
    [
      'a folder that is not there',
      ['--provider', 'openai', '--method', 'file', '--key-file', 'no/such/openai.key', '--key-from-stdin'],
      3,
      /no\/such\/openai\.key cannot be written: its folder does not exist\n.*mkdir -p no\/such/,
    ],
    [
      'a line too few',
      [...both, '--method', 'env', '--key-from-stdin'],
      4,
      /1 line, and there are 2 providers/,
    ],
    [
      'a variable of the system',
      ['--provider', 'openai', '--method', 'env', '--env', 'PATH'],
      2,
      /--env names PATH, which belongs to the system/,
    ],
    ['--env with a file', ['--provider', 'openai', '--method', 'file', '--env', 'A'], 2, /--env has no use/],
    [
      '--key-file with env',
      ['--provider', 'openai', '--method', 'env', '--key-file', 'a'],
      2,
      /--key-file has no use/,
    ],
    [
      '--header with env',
      ['--provider', 'openai', '--method', 'env', '--header', 'a'],
      2,
      /--header has no use/,
    ],
    [
      'a key for passthrough',
      ['--provider', 'openai', '--method', 'passthrough', '--key-from-stdin'],
      2,
      /no key to store/,
    ],
    [
      'a name too many',
      ['--provider', 'openai', '--method', 'env', '--env', 'A', '--env', 'B'],
      2,
      /--env is given 2 times/,
    ],
    [
      'a model too many',
      ['--provider', 'openai', '--method', 'env', '--model', 'A', '--model', 'B'],
      2,
      /--model is given 2 times/,
    ],
    [
      'an address for nobody',
      [...both, '--method', 'env', '--base-url', 'https://a.example.com'],
      2,
      /--base-url has no use/,
    ],
    [
      'the address of a call',
      ['--provider', 'openai-compatible', '--base-url', 'https://a.example.com/v1/chat/completions'],
      2,
      /leave \/chat\/completions out at its end/,
    ],
    ['no project', ['--provider', 'vertex', '--method', 'env'], 2, /--vertex-project/],
    [
      'a region for nobody',
      ['--provider', 'openai', '--method', 'env', '--aws-region', 'a'],
      2,
      /--aws-region has no use/,
    ],
    [
      'a resource for nobody',
      ['--provider', 'openai', '--method', 'env', '--azure-resource', 'a'],
      2,
      /--azure-resource has no use/,
    ],
  ] as const)('%s', async (_, args, status, says) => {
    const run = await init([...args], `${OPENAI}\n`)
    expect(run.stderr).toMatch(says)
    expect(run.stderr).toMatch(/→ \w/)
    expect(run.status).toBe(status)
    expect(await readdir(folder)).toEqual([])
  })
})

/** The printed line, typed into a shell in a new folder, writes the same files. */
describe.skipIf(process.platform === 'win32')('the printed command does the same', () => {
  it.each([
    ['a model with a space', ['--provider', 'openai', '--model', 'my model', '--method', 'env']],
    ['a file with a quote', ['--provider', 'openai', '--method', 'file', '--key-file', "it's mine.key"]],
    ['a config elsewhere', ['--provider', 'openai', '--method', 'env', '--file', 'my conf/a b.yaml']],
    ['a namespace', ['--provider', 'openai', '--method', 'kubernetes', '--namespace', 'llm']],
    [
      'several of all',
      [...both, '--method', 'env', '--env', 'A', '--env', 'B', '--style', 'binds', '--port', '4000'],
    ],
    ['keys from variables', [...both, '--method', 'inline', '--key-from-env', 'A', '--key-from-env', 'B']],
    ['a key from a pipe', ['--provider', 'anthropic', '--method', 'file', '--key-from-stdin']],
    [
      'azure',
      [
        '--provider',
        'azure',
        '--azure-resource',
        'res',
        '--azure-resource-type',
        'foundry',
        '--method',
        'env',
      ],
    ],
    [
      'vertex',
      ['--provider', 'vertex', '--vertex-project', 'p', '--vertex-region', 'europe-west1', '--method', 'env'],
    ],
    ['bedrock', ['--provider', 'bedrock', '--aws-region', 'eu-central-1', '--method', 'env']],
    ['a header', ['--provider', 'openai', '--method', 'passthrough', '--header', 'x-key']],
    [
      'a host',
      ['--provider', 'openai-compatible', '--base-url', 'https://a.example.com/v1', '--method', 'env'],
    ],
    ['over what is there', ['--provider', 'openai', '--method', 'env', '--force']],
  ])('%s', async (_, args) => {
    const env = { A: OPENAI, B: ANTHROPIC }
    const other = await tempFolder()
    for (const place of [folder, other]) {
      await mkdir(join(place, 'my conf'))
      if (args.includes('--force')) await writeFile(join(place, 'config.yaml'), 'mine: 1\n')
    }
    const run = await init(args, `${ANTHROPIC}\n`, env)
    expect(run.status, run.stderr).toBe(0)
    const line = /without questions:\n {2}agw (.*)\n/.exec(run.stdout)?.[1] ?? ''
    expect(line.includes('--force')).toBe(args.includes('--force'))
    const typed = `'${process.execPath}' '${BIN}' ${line}`
    const again = spawnSync('sh', ['-c', typed], {
      cwd: other,
      env: cleanEnv(other, env),
      input: `${ANTHROPIC}\n`,
    })
    expect(again.status, String(again.stderr)).toBe(0)
    expect(await files(other)).toEqual(await files(folder))
  })
})

it('the next commands name files from where they are typed', async () => {
  await mkdir(join(folder, 'my conf'))
  const run = await init(['--provider', 'openai', '--method', 'kubernetes', '--file', 'my conf/c.yaml'])
  expect(run.stdout).toContain("--file 'my conf/c.yaml'")
  expect(run.stdout).toContain("-f 'my conf/kubernetes.yaml'  # where agentgateway's controller runs")
  expect(run.stdout).toContain("-f 'my conf/kubernetes-pod.yaml'  # or, without it")
  expect(await readFile(join(folder, 'my conf', 'kubernetes-pod.yaml'), 'utf8')).not.toMatch(/[&*]a\d/)
})

async function files(place: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const entry of await readdir(place, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile()) found[path.slice(place.length)] = await readFile(path, 'utf8')
  }
  return found
}

describe('an Azure resource', () => {
  const azure = (resource: string) =>
    init(['--provider', 'azure', '--azure-resource', resource, '--method', 'env'])

  it.each([
    ['name', 'my-llm', 'my-llm', 'openAI'],
    ['endpoint', 'https://my-llm.openai.azure.com/', 'my-llm', 'openAI'],
    ['host', 'my-llm.cognitiveservices.azure.com', 'my-llm', 'openAI'],
    ['endpoint of a foundry', 'https://my-llm.services.ai.azure.com/api/projects/one', 'my-llm', 'foundry'],
  ])('is taken by its %s', async (_, given, name, kind) => {
    const run = await azure(given)
    expect(run.status, run.stderr).toBe(0)
    const config = await read('config.yaml')
    expect(config).toContain(`azureResourceName: ${name}\n`)
    expect(config).toContain(`azureResourceType: ${kind}\n`)
  })

  it.each(['my resource', 'https://llm.example.com', ''])('is no host of somebody else: %j', async given => {
    const run = await azure(given)
    expect(run.status).toBe(2)
    expect(run.stderr).toMatch(
      /--azure-resource has a value that does not fit\n {2}→ it takes its name, of letters, .* as in https:\/\/my-resource\.openai\.azure\.com/,
    )
    expect(await readdir(folder)).toEqual([])
  })
})

it.each([
  ['vertex', ['--vertex-project', 'a b']],
  ['vertex', ['--vertex-project', 'p', '--vertex-region', 'europe west1']],
  ['bedrock', ['--aws-region', 'us east/1']],
])('%s %j makes no host, and is refused before a key is asked for', async (provider, args) => {
  const run = await init(['--provider', provider, ...args, '--method', 'env'])
  expect(run.status).toBe(2)
  expect(run.stderr).toMatch(/--[-\w]+ has a value that does not fit\n {2}→ it takes .*as in [a-z]+-[-\w]+/)
})

describe('several providers are told apart by the model', () => {
  const models = async () =>
    [...(await read('config.yaml')).matchAll(/name: "?([^"\n]+)"?\n\s+provider: (\S+)/g)].map(one =>
      one.slice(1),
    )

  it('the first has every model that no other one is for', async () => {
    const run = await init([...both, '--method', 'env'])
    expect(run.status, run.stderr).toBe(0)
    expect(await models()).toEqual([
      ['*', 'openAI'],
      ['claude-*', 'anthropic'],
    ])
    const way = async (model: string) =>
      (await agw(['test-route', '--explain', '--model', model], { cwd: folder })).stdout
    expect(await way('text-embedding-3-small')).toContain('https://api.openai.com')
    expect(await way('claude-haiku-4-5')).toContain('https://api.anthropic.com')
    const checked = await agw(['validate', '--no-secrets', '--strict'], { cwd: folder })
    expect(checked.status, checked.stdout).toBe(0)
  })

  it('the first is for its own models alone where one is named for it', async () => {
    const run = await init([...both, '--method', 'env', '--model', 'gpt-4o', '--model', 'claude-opus-4-5'])
    expect(run.status, run.stderr).toBe(0)
    expect((await models())[0]).toEqual(['gpt-*', 'openAI'])
  })
})

describe('a host that wants no key', () => {
  /** Neither `keys list` nor `doctor` does. */
  const missesNone = async (): Promise<void> => {
    const listed = await agw(['keys', 'list'], { cwd: folder })
    expect(listed.status, listed.stdout).toBe(0)
    expect(listed.stdout).not.toContain('missing')
    const { stdout } = await agw(['doctor'], { cwd: folder })
    expect(stdout).not.toContain('✗ key')
  }

  it('Ollama is neither asked for a method nor given a key', async () => {
    const run = await init(['--provider', 'ollama'])
    expect(run.status, run.stderr).toBe(0)
    expect(await read('config.yaml')).not.toContain('apiKey')
    expect(run.stdout).not.toContain('keys set')
    const way = await agw(['test-route', '--explain'], { cwd: folder })
    expect(way.stdout).toContain('http://localhost:11434/v1/chat/completions')
    const checked = await agw(['validate', '--strict', '--engine', 'embedded'], { cwd: folder })
    expect(checked.status, checked.stdout).toBe(0)
    await missesNone()
  })

  it('another goes without one by --method none', async () => {
    const run = await init([
      ...['--provider', 'openai-compatible', '--base-url', 'http://127.0.0.1:8000/v1', '--method', 'none'],
    ])
    expect(run.status, run.stderr).toBe(0)
    expect(await read('config.yaml')).not.toContain('apiKey')
    await missesNone()
  })

  it('stands beside one that wants a key', async () => {
    const run = await init([
      ...['--provider', 'openai', '--provider', 'ollama'],
      ...['--model', 'gpt-4o', '--model', 'llama3.2', '--method', 'env'],
    ])
    expect(run.status, run.stderr).toBe(0)
    expect((await read('config.yaml')).match(/apiKey/g)).toHaveLength(1)
    expect(run.stdout).toContain('--method env')
    expect(run.stdout.match(/keys set/g)).toHaveLength(1)
  })

  it.each([
    ['OpenAI wants a key', ['--provider', 'openai', '--method', 'none']],
    ['ollama takes no key: --method env has no use', ['--provider', 'ollama', '--method', 'env']],
    [
      'ollama is on this machine',
      [
        ...['--provider', 'openai', '--provider', 'ollama', '--model', 'a', '--model', 'b'],
        '--method',
        'kubernetes',
      ],
    ],
    ['with --method none the gateway has no key to store', ['--provider', 'ollama', '--key-from-stdin']],
  ])('%s', async (message, args) => {
    const run = await init(args)
    expect(run.status).toBe(2)
    expect(run.stderr).toContain(message)
    expect(await readdir(folder)).toEqual([])
  })
})

it.each(['binds', 'gateways'])('says under which paths several providers are: %s', async style => {
  const run = await init([...both, '--method', 'env', '--style', style])
  expect(run.status, run.stderr).toBe(0)
  expect(run.stderr).toMatch(/a path of its own \(\/openai, \/anthropic\): .*\/openai\/v1\/chat\/completions/)
  const way = await agw(['test-route', '/openai/v1/chat/completions', '--explain'], { cwd: folder })
  expect(way.status, way.stdout).toBe(0)
})
