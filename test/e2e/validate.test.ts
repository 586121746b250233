import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { startMock } from '../../src/mock/index.ts'
import { agw, type Run, tempFolder } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'
import { makeCertificate } from '../helpers/tls.ts'

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})
const put = async (files: Readonly<Record<string, string | Uint8Array>>): Promise<void> => {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true })
    await writeFile(join(folder, name), content)
  }
}
const validate = (args: readonly string[], env: Record<string, string> = {}, input = ''): Promise<Run> =>
  agw(['validate', ...args], { cwd: folder, env, input })
const KEY = keyLike('openai', 'validate')

const GOOD = 'binds: []\n'
const BAD = 'bindz: []\n'
/** One warning: a deprecated or doubtful place would do as well. */
const DOUBTFUL = `llm:
  models:
  - name: gpt-5
    provider: openAI
    params: { apiKey: "$OPENAI_API_KEY" }
  policies:
    apiKey:
      mode: strict
      keys:
      - key: a-client-key
`
/** Sound, and only the real binary runs it. */
const NOT_HERE = 'mcp:\n  targets:\n  - name: my-tools\n    stdio: {cmd: my-tools}\n'
const ENV = { OPENAI_API_KEY: KEY }

interface Json {
  readonly files: readonly {
    readonly file: string
    readonly valid: boolean
    readonly diagnostics: readonly { readonly code: string; readonly line: number }[]
  }[]
  readonly summary: Readonly<Record<string, number>>
}
const json = (run: Run): Json => JSON.parse(run.stdout) as Json

describe('several files', () => {
  it('are checked in one run, each with its findings', async () => {
    await put({ 'conf/a.yaml': GOOD, 'conf/b.yaml': BAD, 'conf/deep/c.yaml': BAD, 'other.yaml': DOUBTFUL })
    const run = await validate(['conf/**/*.yaml', 'other.yaml', '--json', '--engine', 'agentgateway'], ENV)
    expect(run.status).toBe(1)
    expect(
      json(run).files.map(({ file, valid, diagnostics }) => [file, valid, diagnostics.map(one => one.code)]),
    ).toEqual([
      [join('conf', 'a.yaml'), true, []],
      [join('conf', 'b.yaml'), false, ['UNKNOWN_KEY']],
      [join('conf', 'deep', 'c.yaml'), false, ['UNKNOWN_KEY']],
      ['other.yaml', true, ['PLAIN_VIRTUAL_KEY']],
    ])
    expect(json(run).summary).toEqual({ files: 4, errors: 2, warnings: 1, notes: 0 })
  })

  it('end in one line with the sum', async () => {
    await put({ 'a.yaml': GOOD, 'b.yaml': BAD })
    const run = await validate(['?.yaml'])
    expect(run.stdout).toMatch(
      /✓ a\.yaml: no findings[\s\S]*b\.yaml:1:1 error UNKNOWN_KEY[\s\S]*✗ b\.yaml: 1 error\n\n2 files: 1 error\n$/,
    )
  })

  it('may come from everywhere at once, and none twice', async () => {
    await put({ 'a.yaml': GOOD, 'b.yaml': GOOD })
    const run = await validate(['-f', 'a.yaml', '-', './a.yaml', 'b.yaml', '--json'], {}, BAD)
    expect(json(run).files.map(one => one.file)).toEqual(['a.yaml', '<stdin>', 'b.yaml'])
    expect(run.status).toBe(1)
  })

  it('each have their own .env', async () => {
    await put({ 'a/config.yaml': GUIDE.env, 'a/.env': `OPENAI_API_KEY=${KEY}\n`, 'b/config.yaml': GUIDE.env })
    const run = await validate(['*/config.yaml', '--json'])
    expect(json(run).files.map(one => one.valid)).toEqual([true, false])
    expect(run.stdout + run.stderr).not.toContain(KEY)
  })
})

describe('the exit status', () => {
  it.each<[number, string, string[]]>([
    [0, GOOD, []],
    [1, BAD, []],
    [0, DOUBTFUL, []],
    [1, DOUBTFUL, ['--strict']],
    [0, DOUBTFUL, ['--max-warnings', '1']],
    [1, DOUBTFUL, ['--max-warnings', '0']],
    [1, BAD, ['--max-warnings', '100']],
    [0, DOUBTFUL, ['--no-secrets']],
    [0, NOT_HERE, []],
    [0, NOT_HERE, ['--strict']],
    [0, NOT_HERE, ['--engine', 'agentgateway']],
    [1, NOT_HERE, ['--engine', 'embedded']],
    [2, GOOD, ['nope.yaml']],
    [2, GOOD, ['config.yaml', 'nope.yaml']],
    [2, GOOD, ['*.yml']],
    [2, GOOD, ['--format', 'xml']],
    [2, GOOD, ['--max-warnings', '-1']],
    [2, GOOD, ['--schema', 'nope.json']],
    [2, GOOD, ['--schema', 'http://127.0.0.1:1/schema.json']],
    [2, GOOD, ['--schema', 'ftp://x/y']],
    [5, GOOD, ['--schema', 'https://127.0.0.1:1/schema.json']],
    [2, GOOD, ['--fix', '-']],
  ])('is %d for %j with %j', async (status, text, args) => {
    await put({ 'config.yaml': text })
    const run = await validate(args, ENV, text)
    expect(run.status, run.stdout + run.stderr).toBe(status)
  })

  it('says why where the findings do not', async () => {
    await put({ 'config.yaml': DOUBTFUL })
    expect((await validate(['--strict'], ENV)).stderr).toMatch(/not passed: --strict/)
    expect((await validate(['--max-warnings', '0'], ENV)).stderr).toMatch(
      /not passed: 1 warnings?, .*allows 0/,
    )
  })

  it('comes with nothing on standard output when there is nothing to check', async () => {
    await put({ 'config.yaml': BAD })
    for (const format of ['text', 'github', 'sarif', 'junit']) {
      expect((await validate(['config.yaml', 'nope.yaml', '--format', format])).stdout).toBe('')
    }
    for (const args of [['--json'], ['--format', 'json'], ['--format=json']]) {
      expect(JSON.parse((await validate(['nope.yaml', ...args])).stdout)).toMatchObject({
        error: { exitCode: 2 },
      })
    }
  })
})

describe('formats', () => {
  const inline = GUIDE.inline.replace('sk-proj....', KEY)

  it.each(['text', 'json', 'github', 'sarif', 'junit'])(
    '%s goes to standard output, without a key',
    async format => {
      await put({ 'config.yaml': inline.replace('policies:', 'polices:') })
      const run = await validate(['--format', format])
      expect(run.status).toBe(1)
      expect(run.stdout).toContain('UNKNOWN_KEY')
      expect(run.stdout + run.stderr).not.toContain(KEY.slice(8, 24))
    },
  )

  it('json is the same by its flag, by --format and by the environment', async () => {
    await put({ 'config.yaml': BAD })
    const [a, b, c] = await Promise.all([
      validate(['--json']),
      validate(['--format', 'json']),
      validate([], { AGW_FORMAT: 'json' }),
    ])
    expect(b.stdout).toBe(a.stdout)
    expect(c.stdout).toBe(a.stdout)
    expect(json(a)).toEqual({
      files: [
        {
          file: 'config.yaml',
          valid: false,
          diagnostics: [
            {
              code: 'UNKNOWN_KEY',
              severity: 'error',
              message: '"bindz" is not a key of the config',
              hint: expect.stringMatching(/^did you mean "binds"\?/),
              line: 1,
              column: 1,
              endLine: 1,
              endColumn: 6,
              path: 'bindz',
            },
          ],
        },
      ],
      summary: { files: 1, errors: 1, warnings: 0, notes: 0 },
    })
  })

  it('github writes the page of the run, too', async () => {
    await put({ 'config.yaml': BAD, 'summary.md': '# before\n' })
    const run = await validate(['--format', 'github'], { GITHUB_STEP_SUMMARY: join(folder, 'summary.md') })
    expect(run.stdout).toMatch(/^::error file=config\.yaml,line=1,/)
    expect(await readFile(join(folder, 'summary.md'), 'utf8')).toMatch(
      /^# before\n### ❌ agw validate: 1 error\n/,
    )
    const other = await validate(['--format', 'github'], {
      GITHUB_STEP_SUMMARY: join(folder, 'no/such/file'),
    })
    expect([other.status, other.stderr]).toEqual([1, expect.stringMatching(/summary was not written/)])
  })

  it.each(['github', 'sarif', 'junit'])('%s names files from the workspace on', async format => {
    await put({ 'sub/config.yaml': BAD })
    const run = await agw(['validate', '--format', format], {
      cwd: join(folder, 'sub'),
      env: { GITHUB_WORKSPACE: folder },
    })
    expect(run.stdout).toContain('sub/config.yaml')
  })

  it('hide what a comment ignores, but for sarif, which tells', async () => {
    await put({
      'config.yaml': DOUBTFUL.replace('a-client-key', 'a-client-key # agw-ignore PLAIN_VIRTUAL_KEY: a test'),
    })
    const run = await validate(['--strict', '--engine', 'agentgateway'], ENV)
    expect([run.status, run.stdout]).toEqual([0, '✓ config.yaml: no findings (1 ignored by comments)\n'])
    const sarif = await validate(['--engine', 'agentgateway', '--format', 'sarif'], ENV)
    expect(JSON.parse(sarif.stdout).runs[0].results).toMatchObject([
      { ruleId: 'PLAIN_VIRTUAL_KEY', suppressions: [{ kind: 'inSource', justification: 'a test' }] },
    ])
  })
})

describe('a comment that ignores nothing', () => {
  const text = `${GOOD}# agw-ignore KEY_FILE_MODE: on the server\n# agw-ignore NOT_RUN_HERE: no\n`

  it.each<[string[], string[]]>([
    [[], ['SUPPRESSION_UNUSED']],
    [['--engine', 'agentgateway'], []],
    [['--no-secrets'], ['SUPPRESSION_UNUSED']],
  ])('is told with %j, unless it depends on the machine or was not looked for', async (args, codes) => {
    await put({ 'config.yaml': text })
    expect(json(await validate([...args, '--json'])).files[0]?.diagnostics.map(one => one.code)).toEqual(
      codes,
    )
  })

  it('is not told in a file whose other findings are not known yet', async () => {
    await put({ 'config.yaml': `${text}bindz: []\n` })
    expect(json(await validate(['--json'])).files[0]?.diagnostics.map(one => one.code)).toEqual([
      'UNKNOWN_KEY',
    ])
  })
})

describe('--fix', () => {
  it('mends what shows only when the file can be read', async () => {
    const text = `${DOUBTFUL.replace('"$OPENAI_API_KEY"', '$OPENAI_API_KEY')}`
    await put({ 'config.yaml': text })
    const run = await validate(['--fix', '--engine', 'agentgateway'], { OPENAI_API_KEY: 'a: b: #c' })
    const mended = await readFile(join(folder, 'config.yaml'), 'utf8')
    expect(mended).toMatch(/apiKey: "\$OPENAI_API_KEY"[\s\S]*keyHash: "sha256:/)
    expect(run.stdout).not.toMatch(/YAML_SYNTAX|PLAIN_VIRTUAL_KEY/)
  })

  const broken = `# costs $NOPE a month\r\n${DOUBTFUL.replaceAll('\n', '\r\n')}`
  const mended = /^# costs \$\$NOPE a month\r\n[\s\S]*- keyHash: "sha256:[0-9a-f]{64}"\r\n$/

  it('shows the diff, writes it, and says unchanged the second time', async () => {
    await put({ 'config.yaml': `\ufeff${broken}` })
    const first = await validate(['--fix', '--engine', 'agentgateway'], ENV)
    expect(first.stderr).toMatch(/- \ufeff# costs \$NOPE a month\n\s+\+ \ufeff# costs \$\$NOPE a month/)
    expect(first.stdout + first.stderr).not.toContain('a-client-key')
    expect([first.status, first.stdout]).toEqual([0, '✓ config.yaml: no findings\n'])
    const after = await readFile(join(folder, 'config.yaml'), 'utf8')
    expect(after.slice(1)).toMatch(mended)
    expect(after.startsWith('\ufeff')).toBe(true)
    const second = await validate(['--fix', '--engine', 'agentgateway'], ENV)
    expect(second.stderr).toMatch(/unchanged/)
    expect(await readFile(join(folder, 'config.yaml'), 'utf8')).toBe(after)
  })

  it('writes nothing with --dry-run, and exits 1 while there are errors', async () => {
    await put({ 'config.yaml': broken })
    const run = await validate(['--fix', '--dry-run'], ENV)
    expect([run.status, await readFile(join(folder, 'config.yaml'), 'utf8')]).toEqual([1, broken])
    expect(run.stderr).toMatch(/\+ # costs \$\$NOPE[\s\S]*dry run/)
  })

  it('tells in JSON what it did', async () => {
    await put({ 'config.yaml': broken, 'b.yaml': GOOD })
    const run = await validate(['*.yaml', '--fix', '--json'], ENV)
    expect(JSON.parse(run.stdout)).toMatchObject({
      files: [{ file: 'b.yaml' }, { file: 'config.yaml', valid: true }],
      fixed: [{ file: 'config.yaml', action: 'updated' }],
    })
  })

  it.skipIf(process.platform === 'win32')('closes key files to others, and leaves mounts alone', async () => {
    await put({ 'config.yaml': GUIDE.file, 'key.txt': KEY })
    await chmod(join(folder, 'key.txt'), 0o644)
    const dry = await validate(['--fix', '--dry-run'])
    expect([dry.status, (await stat(join(folder, 'key.txt'))).mode & 0o777]).toEqual([0, 0o644])
    const run = await validate(['--fix'])
    expect(run.stderr).toMatch(/chmod 0600 key\.txt/)
    expect((await stat(join(folder, 'key.txt'))).mode & 0o777).toBe(0o600)
    expect(run.stdout).not.toContain('KEY_FILE_MODE')
    expect((await validate(['--fix'])).stderr).toMatch(/unchanged/)

    const mount = join(folder, '..data')
    await mkdir(mount)
    await writeFile(join(mount, 'key'), KEY, { mode: 0o644 })
    await symlink(join(mount, 'key'), join(folder, 'mounted.txt'))
    await put({ 'config.yaml': GUIDE.file.replace('key.txt', 'mounted.txt') })
    await validate(['--fix'])
    expect((await stat(join(mount, 'key'))).mode & 0o777).toBe(0o644)
  })

  it('has nothing to do with what is not certain', async () => {
    await put({ 'config.yaml': BAD })
    const run = await validate(['--fix'])
    expect([run.status, run.stderr, await readFile(join(folder, 'config.yaml'), 'utf8')]).toEqual([
      1,
      expect.stringMatching(/nothing to fix: unchanged/),
      BAD,
    ])
  })
})

describe('--schema', () => {
  const SCHEMA = JSON.stringify({
    type: 'object',
    properties: { binds: {}, novelty: {} },
    additionalProperties: false,
  })

  it.each([['schema.json'], ['file']])('checks against a published schema, too (%s)', async kind => {
    await put({ 'config.yaml': `${GOOD}novelty: {}\nllm: { models: [] }\n`, 'schema.json': SCHEMA })
    const source = kind === 'file' ? new URL('schema.json', `file://${folder}/`).href : kind
    const run = await validate(['--schema', source, '--json'])
    expect(json(run).files[0]?.diagnostics).toMatchObject([
      { code: 'UNKNOWN_KEY', severity: 'note', line: 2 },
      { code: 'PUBLISHED_SCHEMA', severity: 'error', line: 3, path: 'llm' },
    ])
  })

  it.each<[string, number, RegExp]>([
    ['/schema.json', 1, /PUBLISHED_SCHEMA/],
    ['/moved', 1, /PUBLISHED_SCHEMA/],
    ['/nowhere', 5, /cannot read the schema https:\/\/localhost:\d+\/nowhere: the answer has status 404/],
    ['/plain', 5, /an address without TLS/],
    ['/round', 5, /from one address to the next/],
    ['/html', 2, /is not a JSON Schema/],
  ])('reads %s over https', async (path, status, said) => {
    const { ca, cert, key } = makeCertificate(['localhost'])
    const server = createServer({ cert, key }, (request, response) => {
      const to: Record<string, string> = {
        '/moved': '/schema.json',
        '/plain': 'http://localhost:1/',
        '/round': '/round',
      }
      const target = to[request.url?.split('?')[0] ?? '']
      if (target !== undefined) response.writeHead(302, { location: target }).end()
      else if (request.url?.startsWith('/schema.json')) response.end(SCHEMA)
      else if (request.url?.startsWith('/html')) response.end('<html></html>')
      else response.writeHead(404).end()
    })
    await new Promise<void>(resolve => server.listen(0, 'localhost', resolve))
    await put({ 'config.yaml': 'llm: { models: [] }\n', 'ca.pem': ca })
    const { port } = server.address() as AddressInfo
    const run = await validate(['--schema', `https://localhost:${port}${path}?token=${KEY}`], {
      NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
    })
    server.close()
    expect(run.stdout + run.stderr).toMatch(said)
    expect(run.status).toBe(status)
    expect(run.stdout + run.stderr).not.toContain(KEY)
  })

  it('shows no user name of an address', async () => {
    await put({ 'config.yaml': GOOD })
    const run = await validate(['--schema', `https://user:${KEY}@localhost/s.json`])
    expect([run.status, run.stderr]).toEqual([2, expect.stringMatching(/with a user name in it/)])
    expect(run.stdout + run.stderr).not.toContain(KEY)
  })
})

describe('large and strange input', () => {
  it('50 MB is a finding, from a file and from a pipe', async () => {
    const large = 'a'.repeat(50 * 1024 * 1024)
    await put({ 'config.yaml': large })
    for (const run of [await validate([]), await validate(['-'], {}, large)]) {
      expect([run.status, run.stdout]).toEqual([1, expect.stringMatching(/1:1 error TOO_LARGE/)])
    }
  })

  it('a line of a million characters is not printed', async () => {
    await put({ 'config.yaml': `bindz: [${'a, '.repeat(300_000)}]\n` })
    const run = await validate([])
    expect([run.status, run.stdout.length < 2000]).toEqual([1, true])
    expect(run.stdout).toContain('a line of 900009 characters, not shown')
  })
})

it('opens no connection', async () => {
  await put({
    'config.yaml': GUIDE.env,
    'no-network.cjs': `
      const refuse = name => () => { process._rawDebug('NETWORK ' + name); process.exit(99) }
      require('node:net').Socket.prototype.connect = refuse('net')
      require('node:dgram').Socket.prototype.bind = refuse('dgram')
      for (const dns of [require('node:dns'), require('node:dns').promises])
        for (const name of Object.keys(dns)) if (/^(lookup|resolve)/.test(name)) dns[name] = refuse(name)
      globalThis.fetch = refuse('fetch')
    `,
  })
  const options = { NODE_OPTIONS: `--require "${join(folder, 'no-network.cjs')}"`, ...ENV }
  for (const args of [
    [],
    ['--engine', 'embedded'],
    ['--format', 'sarif'],
    ['--fix', '--dry-run'],
    ['--no-secrets'],
  ]) {
    const run = await validate(args, options)
    expect([run.status, run.stderr.includes('NETWORK')], args.join(' ')).toEqual([0, false])
  }
  for (const args of [['--schema', 'https://127.0.0.1:1/x'], ['--online']]) {
    const online = await validate(args, options)
    expect([online.status, online.stderr]).toEqual([99, expect.stringContaining('NETWORK')])
  }
})

describe('--online', () => {
  const config = (url: string): string =>
    `llm:\n  models:\n  - {name: m, provider: openAI, params: {apiKey: "$OPENAI_API_KEY", baseUrl: "${url}"}}\n`
  const codes = (run: Run): string[] => json(run).files.flatMap(file => file.diagnostics.map(one => one.code))

  it('tells a key that works from one that does not, and says nothing of either', async () => {
    const mock = await startMock({ keys: [KEY] })
    onTestFinished(() => mock.close())
    await put({ 'config.yaml': config(`${mock.url}/v1`) })
    const args = ['--online', '--engine', 'agentgateway', '--json']
    const good = await validate(args, ENV)
    expect([good.status, codes(good).filter(code => code.startsWith('KEY_'))]).toEqual([0, []])
    const wrong = keyLike('openai', 'wrong')
    const bad = await validate(args, { OPENAI_API_KEY: wrong })
    expect([bad.status, codes(bad)]).toEqual([1, expect.arrayContaining(['KEY_REJECTED'])])
    expect(bad.stdout + bad.stderr).not.toContain(wrong)
  })

  it('shows no key to the provider of another, nor a word that is none', async () => {
    const seen: unknown[] = []
    const mock = await startMock({ onRequest: request => seen.push(request) })
    onTestFinished(() => mock.close())
    await put({ 'config.yaml': config(`${mock.url}/v1`) })
    for (const key of [keyLike('anthropic', 'stray'), 'changeme'])
      await validate(['--online'], { OPENAI_API_KEY: key })
    expect(seen).toEqual([])
  })

  it('needs the keys', async () => {
    await put({ 'config.yaml': GOOD })
    expect((await validate(['--online', '--no-secrets'])).status).toBe(2)
  })
})

describe('explain and schema', () => {
  it('explain says what a code means, and which was meant', async () => {
    const run = await agw(['explain', 'key-file-mode'], { cwd: folder })
    expect([run.status, run.stdout]).toEqual([
      0,
      expect.stringMatching(/^KEY_FILE_MODE warning\n[\s\S]*Bad\n[\s\S]*Good\n/),
    ])
    const wrong = await agw(['explain', 'KEY_FILE_MOD'], { cwd: folder })
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('did you mean KEY_FILE_MODE?')])
    const key = await agw(['explain', KEY], { cwd: folder })
    expect([key.status, (key.stdout + key.stderr).includes(KEY)]).toEqual([2, false])
  })

  it('explain lists all codes without one', async () => {
    const listed = JSON.parse((await agw(['explain', '--json'], { cwd: folder })).stdout).codes
    expect(listed.length).toBeGreaterThan(40)
    const text = (await agw(['explain'], { cwd: folder })).stdout
    for (const { code } of listed) expect(text).toContain(`  ${code} `)
  })

  it('schema is JSON, with and without --json', async () => {
    const [plain, flagged] = [
      await agw(['schema'], { cwd: folder }),
      await agw(['schema', '--json'], { cwd: folder }),
    ]
    expect(JSON.parse(plain.stdout)).toEqual(JSON.parse(flagged.stdout))
    expect(JSON.parse(plain.stdout)).toMatchObject({ title: 'config.yaml of agentgateway', type: 'object' })
  })
})
