import { execFile } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, BIN, cleanEnv, start, tempFolder } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})

/** `agw …` typed into a shell, redirections and all. */
const inShell = (line: string): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise(resolve => {
    const script = `"${process.execPath}" "${BIN}" ${line}`
    execFile('sh', ['-c', script], { cwd: folder, env: cleanEnv(folder) }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })

describe('what hands type by habit', () => {
  it.each([
    [['--json'], {}],
    [['--json', '--json'], {}],
    [[], { AGW_JSON: '1' }],
  ])('no command at all is one JSON document, too: agw %j %j', async (args, env) => {
    const run = await agw(args, { cwd: folder, env })
    expect(run).toMatchObject({ status: 2, stderr: '' })
    expect(JSON.parse(run.stdout)).toEqual({
      error: { code: 'USAGE', message: 'no command is named', hint: 'agw --help lists them', exitCode: 2 },
    })
  })

  it.each([
    [['-h'], /COMMANDS/],
    [['help'], /COMMANDS/],
    [['keys', 'set', '-h'], /--from-env/],
    [['help', 'keys', 'set'], /--from-env/],
    [['version'], /^agw\/\d/],
    [['-v'], /^agw\/\d/],
  ])('is understood: agw %s', async (args, says) => {
    const run = await agw(args, { cwd: folder })
    expect(run).toMatchObject({ status: 0, stdout: expect.stringMatching(says) })
  })

  it.each([
    ['serve config.yaml', /^error agw serve takes no argument\n {2}→ name a config with --file PATH\n$/],
    ['keys list openai', /^error agw keys list takes no argument\n {2}→ name a config with --file PATH\n$/],
    ['doctor now please', /^error agw doctor takes no argument\n {2}→ name a config with --file PATH\n$/],
    ['schema x', /^error agw schema takes no argument\n {2}→ `agw schema --help` says what it takes\n$/],
    ['list', /"list" is not a command.*\n {2}→ did you mean `agw keys list`\?/],
    ['rotate openai', /"rotate" is not a command.*\n {2}→ did you mean `agw keys rotate`\?/],
    ['keys add openai', /"keys add" is not a command.*\n {2}→ did you mean `agw keys set`\?/],
    ['keys delete openai', /"keys delete" is not a command.*\n {2}→ did you mean `agw keys remove`\?/],
    ['keys foo', /"keys foo" is not a command.*\n {2}→ there is: agw keys check, .*agw keys set\n$/],
    ['export kube', /"export kube" is not a command.*\n {2}→ did you mean `agw export kubernetes`\?/],
    ['start', /"start" is not a command.*\n {2}→ did you mean `agw serve`\?/],
    ['test', /"test" is not a command.*\n {2}→ did you mean `agw test-route`\?/],
    ['validate --config x.yaml', /--config is not a flag of this command\n {2}→ did you mean --file\?/],
    ['serve -c x.yaml', /-c is not a flag of this command\n {2}→ did you mean --file\?/],
    ['serve --port 4000', /--port is not a flag.*\n {2}→ the config says the port.*port: 4000/],
    ['serve --verbose', /--verbose is not a flag.*\n {2}→ as in --log-level debug, or warn/],
    ['keys move a --method env', /--method is not a flag.*\n {2}→ did you mean --to\?/],
    ['keys check a --yes', /--yes is not a flag.*\n {2}→ leave it out: this command asks for no yes/],
    [
      'init --provider openai,groq',
      /--provider takes one provider\n {2}→ repeat it: --provider openai --provider groq/,
    ],
    ['init --provider claude', /"claude" is not a provider.*\n {2}→ did you mean anthropic\?/],
    ['init --api-key x', /--api-key is not a flag.*\n {2}→ a key is never an argument: .*--key-from-stdin/],
    ['keys set a --value x', /--value is not a flag.*\n {2}→ a key is never an argument: .*--from-env/],
    ['clients add Bob Smith', /more arguments than this command takes\n {2}→ .*in quotes/],
    ['explain INLINE', /"INLINE" is not a code of agw\n {2}→ did you mean INLINE_KEY\?/],
    ['help nope', /"nope" is not a command of agw\n {2}→ agw --help lists them/],
    ['keys lsit --help', /"keys lsit" is not a command.*\n {2}→ did you mean `agw keys list`\?/],
    ['-f x.yaml validate', /-f is not a flag of agw itself\n {2}→ flags stand behind a command/],
    ['--hepl', /--hepl is not a flag of agw itself\n {2}→ did you mean --help\?/],
    ['clients add', /missing argument: NAME\n {2}→ .*`agw clients add research`/],
    ['clients remove', /missing argument: NAME\n {2}→ `agw clients list` names them/],
    ['export kubernetes --out k8s', /--out is not a flag.*\n {2}→ the manifests go beside the config/],
    ['keys remove', /missing argument: NAME\n {2}→ `agw keys list` names them/],
    ['test-route --expect 200', /--expect is not a flag.*\n {2}→ did you mean --expect-status\?/],
    ['validate', /no config\.yaml here.*\n {2}→ .*`agw validate -` reads standard input/],
    [
      'init --provider openai',
      /How is the key handed over.*\n {2}→ give it with --method, .*: env, file, .*kubernetes/,
    ],
    ['init', /an answer is needed: Which provider\?; nobody can be asked.*\n {2}→ give it with --provider/],
  ])('is told what to type: agw %s', async (line, says) => {
    const run = await agw(line.split(' '), { cwd: folder })
    expect(run).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(says) })
    const json = await agw([...line.split(' '), '--json'], { cwd: folder })
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { exitCode: 2, hint: expect.any(String) } })
  })

  it.skipIf(process.platform !== 'linux').each(['', '--json'])(
    'says in plain words that its output finds no room: validate %s',
    async flag => {
      await writeFile(join(folder, 'config.yaml'), 'binds: []\n')
      const run = await inShell(`validate ${flag} > /dev/full`)
      expect(run).toMatchObject({ code: 5, stdout: '' })
      expect(run.stderr).toMatch(/^error cannot write to standard output: there is no space left\n {2}→ /)
    },
  )

  it.skipIf(process.platform !== 'linux').each([
    ['full', 'standard output: there is no space left; nothing was written'],
    ['null', 'standard output is /dev/null, where the key would be lost'],
  ])('makes no client whose key nobody gets: /dev/%s', async (device, why) => {
    await writeFile(join(folder, 'config.yaml'), GUIDE.env)
    const run = await inShell(`clients add x --require-keys --yes > /dev/${device}`)
    expect(run).toMatchObject({ code: 5, stdout: '' })
    expect(run.stderr).toContain(why)
    expect(await readFile(join(folder, 'config.yaml'), 'utf8')).toBe(GUIDE.env)
    expect((await readdir(folder)).filter(name => name.endsWith('lock'))).toEqual([])
  })

  it.each<[string[], Record<string, string>]>([
    [['keys', '--json'], {}],
    [['--json', 'keys'], {}],
    [['keys'], { AGW_JSON: '1' }],
  ])('has one document for a group of commands: agw %j', async (args, env) => {
    const { stdout, status } = await agw(args, { cwd: folder, env })
    expect(status).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'USAGE', message: 'no command is named' } })
  })

  it.each<[string[], Record<string, string>]>([
    [['--version', '--json'], {}],
    [['--json', '-v'], {}],
    [['version'], { AGW_JSON: '1' }],
  ])('tells its version as a document: agw %j', async (args, env) => {
    const { stdout, status } = await agw(args, { cwd: folder, env })
    expect(status).toBe(0)
    const { agw: version, ...rest } = JSON.parse(stdout)
    expect((await agw(['--version'], { cwd: folder })).stdout).toContain(`agw/${version} `)
    expect(rest).toEqual({ node: process.version, platform: process.platform, arch: process.arch })
  })

  it('takes --json in front of the command', async () => {
    const { stdout, status } = await agw(['--json', 'keys', 'list'], { cwd: folder })
    expect(status).not.toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'CONFIG_NOT_FOUND' } })
  })

  it.each([
    [['keys', 'move', 'openai'], '--to is needed: one of env, file, keychain, encrypted, inline'],
    [['mock', '--fail-rate', '0.5'], '--fail-rate needs --fail-status too'],
    [['validate', '--online', '--no-secrets'], '--online and --no-secrets exclude each other'],
  ])('is told in our own words: agw %s', async (args, message) => {
    const { stdout, status } = await agw([...args, '--json'], { cwd: folder })
    expect(status).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'USAGE', message, hint: 'see --help' } })
  })

  it.skipIf(process.platform === 'win32').each([
    ['SIGINT', 130],
    ['SIGTERM', 0],
  ] as const)('the mock ends as serve does: %s', async (signal, status) => {
    const mock = start(['mock', '--port', '0'], { cwd: folder })
    await mock.until('listens on')
    expect(await mock.stop(signal)).toBe(status)
  })

  it('says of a dry run what would be, not that it was', async () => {
    const run = await agw(['init', '--dry-run', '--provider', 'openai', '--method', 'env'], { cwd: folder })
    expect(run).toMatchObject({ status: 0, stdout: expect.stringMatching(/^would be created config\.yaml/) })
  })
})
