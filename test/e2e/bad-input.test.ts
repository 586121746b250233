import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, tempFolder } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})
const KEY = keyLike('openai', 'bad-input')
const put = (name: string, content: string | Uint8Array) => writeFile(join(folder, name), content)
const notRoot = process.getuid?.() !== 0

interface Case {
  readonly what: string
  readonly files?: Record<string, string | Uint8Array>
  readonly env?: Record<string, string>
  readonly args: readonly string[]
  readonly input?: string
  readonly status: number
  /** Parts of what is printed: what, where, what to do. */
  readonly says: readonly RegExp[]
  readonly when?: boolean
  readonly prepare?: () => Promise<void>
}

const cases: Case[] = [
  {
    what: 'a URL where test-route takes a path',
    files: { 'config.yaml': GUIDE.inline.replace('sk-proj....', KEY) },
    args: ['test-route', 'http://x.example/y', '--explain'],
    status: 2,
    says: [/the path of a request/, /--host/],
  },
  {
    what: 'another status than the expected one',
    files: { 'config.yaml': GUIDE.inline.replace('sk-proj....', KEY) },
    args: ['test-route', '--mock', '--expect-status', '401'],
    status: 1,
    says: [/did not pass: expected 401, got 200/],
  },
  { what: 'no config at all', args: ['serve'], status: 3, says: [/no config\.yaml here/, /agw init/] },
  {
    what: 'a config that does not exist',
    args: ['serve', '-f', 'nope.yaml'],
    status: 3,
    says: [/nope\.yaml does not exist/, /--file/],
  },
  {
    what: 'a config that does not exist, where machines read the log',
    args: ['serve', '-f', 'nope.yaml', '--log-format', 'json'],
    status: 3,
    says: [
      /^\{"time":"[^"]+","level":"error","scope":"serve","event":"failed","message":"[^"]*nope\.yaml does/,
    ],
  },
  {
    what: 'a config that does not exist, checked',
    args: ['validate', 'nope.yaml'],
    status: 2,
    says: [/nope\.yaml does not exist\n {2}→ .*`agw init --file nope\.yaml`, or name one that is there/],
  },
  {
    what: 'a config by a name that is almost its own',
    files: { 'config.yaml': GUIDE.env, 'config.txt': '' },
    args: ['validate', 'config.yml'],
    status: 2,
    says: [/config\.yml does not exist\n {2}→ did you mean "config\.yaml"\?/],
  },
  {
    what: 'a folder, checked',
    args: ['validate', '.'],
    status: 2,
    says: [/it is a folder\n {2}→ name the file inside it; validate takes patterns/],
  },
  { what: 'a folder', args: ['serve', '-f', '.'], status: 3, says: [/it is a folder/] },
  {
    what: 'a binary file',
    files: { 'config.yaml': Uint8Array.from([0x7f, 0x45, 0, 0, 1]) },
    args: ['validate'],
    status: 1,
    says: [/config\.yaml:1:3/, /NUL/],
  },
  {
    what: 'broken YAML',
    files: { 'config.yaml': 'binds:\n\t- port: 1\n' },
    args: ['validate'],
    status: 1,
    says: [/config\.yaml:2:1/, /YAML_SYNTAX/],
  },
  {
    what: 'broken YAML, served',
    files: { 'config.yaml': 'binds: [\n' },
    args: ['serve'],
    status: 3,
    says: [/config\.yaml:\d+:\d+/],
  },
  {
    what: 'a wrong type',
    files: { 'config.yaml': GUIDE.inline.replace('port: 3000', 'port: "3000"') },
    args: ['validate'],
    status: 1,
    says: [/config\.yaml:2:9/, /takes a number/],
  },
  {
    what: 'an unknown key',
    files: { 'config.yaml': GUIDE.inline.replace('policies:', 'polices:') },
    args: ['validate'],
    status: 1,
    says: [/config\.yaml:12:7/, /did you mean "policies"/],
  },
  {
    what: 'an unset variable',
    files: { 'config.yaml': GUIDE.env },
    args: ['validate'],
    status: 1,
    says: [/config\.yaml:14:17/, /OPENAI_API_KEY is not set/, /agw keys set openai/, /--no-secrets/],
  },
  {
    what: 'an unset variable, served',
    files: { 'config.yaml': GUIDE.env },
    args: ['serve'],
    status: 4,
    says: [/config\.yaml:14:17/, /OPENAI_API_KEY is not set/],
  },
  {
    what: 'a key with a quote, behind a reference without quotes',
    files: { 'config.yaml': GUIDE.env.replace('"$OPENAI_API_KEY"', '$OPENAI_API_KEY') },
    env: { OPENAI_API_KEY: `"${KEY}` },
    args: ['serve'],
    status: 3,
    says: [/config\.yaml:14:16/, /the value of OPENAI_API_KEY breaks the YAML/, /"\$OPENAI_API_KEY"/],
  },
  {
    what: 'a missing key file',
    files: { 'config.yaml': GUIDE.file },
    args: ['serve'],
    status: 4,
    says: [/key\.txt/, /→ \w/],
  },
  {
    what: 'a missing key file, checked',
    files: { 'config.yaml': GUIDE.file },
    args: ['validate'],
    status: 1,
    says: [/config\.yaml:\d+:\d+/, /key\.txt/],
  },
  {
    what: 'an empty key file',
    files: { 'config.yaml': GUIDE.file, 'key.txt': '\n' },
    args: ['serve'],
    status: 4,
    says: [/key\.txt is empty/],
  },
  {
    what: 'an unreadable key file',
    files: { 'config.yaml': GUIDE.file, 'key.txt': KEY },
    prepare: () => chmod(join(folder, 'key.txt'), 0),
    args: ['serve'],
    status: 4,
    says: [/key\.txt/],
    when: notRoot && process.platform !== 'win32',
  },
  {
    what: 'a key file that breaks off while it is read',
    // The system answers the first read with an error, whoever asks.
    files: { 'config.yaml': GUIDE.file.replace('key.txt', '/proc/self/mem') },
    args: ['serve'],
    status: 4,
    says: [/\/proc\/self\/mem/, /→ \w/],
    when: process.platform === 'linux',
  },
  {
    what: 'a day that is none',
    files: { 'config.yaml': GUIDE.file },
    args: ['keys', 'set', 'openai', '--expires', 'soon'],
    input: KEY,
    status: 2,
    says: [/^error --expires takes a day\n {2}→ write it as in/],
  },
  {
    what: 'a key file that is a folder',
    files: { 'config.yaml': GUIDE.file },
    prepare: async () => void (await mkdir(join(folder, 'key.txt'))),
    args: ['serve'],
    status: 4,
    says: [/key\.txt/],
  },
  {
    what: 'a key with a newline in it',
    files: { 'config.yaml': GUIDE.file },
    args: ['keys', 'set', 'openai'],
    input: `${KEY.slice(0, 20)}\n${KEY.slice(20)}`,
    status: 4,
    says: [/→/],
  },
  {
    what: 'a key with a space in it',
    files: { 'config.yaml': GUIDE.file },
    args: ['keys', 'set', 'openai'],
    input: `${KEY.slice(0, 20)} ${KEY.slice(20)}`,
    status: 4,
    says: [/→/],
  },
  {
    what: 'a key in quotes',
    files: { 'config.yaml': GUIDE.file },
    args: ['keys', 'set', 'openai'],
    input: `"${KEY}"`,
    status: 4,
    says: [/quotes/],
  },
  {
    what: 'a key with Bearer in front',
    files: { 'config.yaml': GUIDE.file },
    args: ['keys', 'set', 'openai'],
    input: `Bearer ${KEY}`,
    status: 4,
    says: [/Bearer/],
  },
  {
    what: 'no key on standard input',
    files: { 'config.yaml': GUIDE.file },
    args: ['keys', 'set', 'openai'],
    input: '',
    status: 4,
    says: [/empty/],
  },
  {
    what: 'a slot that does not exist',
    files: { 'config.yaml': GUIDE.file },
    args: ['keys', 'set', 'opnai'],
    input: KEY,
    status: 2,
    says: [/no key slot is called "opnai"/, /did you mean "openai"/],
  },
  {
    what: 'a key as an argument',
    files: { 'config.yaml': GUIDE.file },
    args: ['keys', 'set', 'openai', KEY],
    status: 2,
    says: [/more arguments/, /pipe it in/],
  },
  {
    what: 'a key instead of a name',
    files: { 'config.yaml': GUIDE.file },
    args: ['keys', 'set', KEY],
    input: KEY,
    status: 2,
    says: [/a key belongs in no argument\n.*end that key/],
  },
  {
    what: 'a variable that is not set',
    files: { 'config.yaml': GUIDE.file },
    args: ['keys', 'set', 'openai', '--from-env', 'NOPE'],
    status: 4,
    says: [/NOPE is not set/],
  },
  {
    what: 'a new config, without a yes',
    args: ['init', '--provider', 'openai', '--method', 'env'],
    status: 2,
    says: [/new file config\.yaml/, /nothing was written/, /--yes.*--dry-run/],
  },
  {
    what: 'a mend, without a yes',
    files: { 'config.yaml': GUIDE.env.replace('"$OPENAI_API_KEY"', '$OPENAI_API_KEY') },
    env: { OPENAI_API_KEY: `a: ${KEY}` },
    args: ['validate', '--fix'],
    status: 2,
    says: [/nothing was written/, /--yes.*--dry-run/],
  },
  {
    what: 'a variable that is neither yes nor no',
    files: { 'config.yaml': GUIDE.env },
    env: { AGW_DRY_RUN: 'banana' },
    args: ['keys', 'set', 'openai'],
    input: KEY,
    status: 2,
    says: [/AGW_DRY_RUN has a value that does not fit/, /1, true, yes or on; 0, false, no or off/],
  },
  {
    what: 'a number by variable that is none',
    env: { AGW_PORT: 'abc' },
    args: ['init', '--provider', 'openai', '--method', 'env', '--yes'],
    status: 2,
    says: [/error AGW_PORT has a value|"AGW_PORT has a value/, /a whole number from 1 to 65535/],
  },
  {
    what: 'a number out of its range',
    env: { AGW_PORT: '3000' },
    args: ['init', '--port', '99999', '--yes'],
    status: 2,
    says: [/--port has a value that does not fit/, /a whole number from 1 to 65535/],
  },
  {
    what: 'a flag given twice',
    args: ['serve', '--admin', '127.0.0.1:1', '--admin', '127.0.0.1:2'],
    status: 2,
    says: [/--admin is given more than once/, /give it once/],
  },
  {
    what: 'a choice by variable that is none',
    env: { AGW_FORMAT: 'xml' },
    args: ['validate'],
    status: 2,
    says: [/AGW_FORMAT has a value that does not fit/, /text, json, github, sarif, junit/],
  },
  {
    what: 'a line of .env that is none',
    files: { 'config.yaml': GUIDE.env, '.env': `# mine\nOPENAI_API_KEY: ${KEY}\n` },
    args: ['validate'],
    status: 1,
    says: [/^\.env:2:1 warning DOTENV_LINE\n {2}this line is not NAME=value|"file": "\.env"/],
  },
  {
    what: 'an agw.yaml that cannot be read, and a variable that it may know',
    files: { 'config.yaml': GUIDE.env, 'agw.yaml': 'secrets:\n  OPENAI_API_KEY: { flie: a.key }\n' },
    args: ['validate'],
    status: 1,
    says: [/agw\.yaml[\s\S]*config\.yaml/, /mend agw\.yaml first/],
  },
  {
    what: 'an unknown command of a topic that is misspelt',
    args: ['key', 'list'],
    status: 2,
    says: [/"key" is not a command/, /did you mean `agw keys list`/],
  },
  { what: 'an unknown command', args: ['serv'], status: 2, says: [/"serv" is not a command/, /agw serve/] },
  { what: 'an unknown flag', args: ['validate', '--strct'], status: 2, says: [/--strct/, /--strict/] },
  {
    what: 'a flag value out of its list',
    args: ['init', '--method', 'telepathy'],
    status: 2,
    says: [/--method/, /passthrough/],
  },
  {
    what: 'an unknown provider',
    args: ['init', '--provider', 'opnai', '--method', 'env'],
    status: 2,
    says: [/"opnai"/, /did you mean openai/],
  },
  { what: 'a missing answer', args: ['init'], status: 2, says: [/Which provider/, /--provider/] },
  {
    what: 'init over a config',
    files: { 'config.yaml': 'mine: 1\n' },
    args: ['init', '--provider', 'openai', '--method', 'env', '--yes'],
    status: 3,
    says: [/is there already/, /--force/],
  },
  ...(
    [
      ['--provider opnai', /did you mean openai/],
      ['--provider openai --method none', /OpenAI wants a key/],
      ['--provider openai --method passthrough --env X', /--env has no use/],
      ['--provider openai --base-url nowhere', /--base-url is not an address/],
      ['--provider bedrock --aws-region nowhere/', /--aws-region has a value that does not fit/],
    ] as const
  ).map(([flags, says]) => ({
    what: `a flag that no config makes right, before one that is there: ${flags}`,
    files: { 'config.yaml': GUIDE.env },
    args: ['init', ...flags.split(' ')],
    status: 2,
    says: [says],
  })),
  {
    what: 'a number of workers that is none, before a config that is broken',
    files: { 'config.yaml': 'x: 1\n' },
    args: ['serve', '--workers', 'many'],
    status: 2,
    says: [/--workers is neither a number/],
  },
  {
    what: 'a section the gateway does not run',
    files: { 'config.yaml': `${GUIDE.inline}mcp:\n  port: 3001\n  targets: []\n` },
    args: ['serve'],
    status: 3,
    says: [/config\.yaml:15:1/, /mcp/],
  },
]

describe('bad input is answered with what, where and what to do', () => {
  it.each(cases.filter(one => one.when !== false))(
    '$what',
    async ({ files = {}, prepare, args, env, input, status, says }) => {
      for (const [name, content] of Object.entries(files)) await put(name, content)
      await prepare?.()
      const before = await snapshot()
      const run = await agw(args, { cwd: folder, ...(env && { env }), ...(input !== undefined && { input }) })
      const printed = run.stdout + run.stderr
      for (const part of says) expect(printed).toMatch(part)
      expect(run.status, printed).toBe(status)
      expect(printed).not.toContain(KEY)
      expect(printed).not.toMatch(/\n\s+at .*\.js:\d+/)
      // Nothing lost, nothing half-written.
      expect(await snapshot()).toEqual(before)

      const json = await agw([...args, '--json'], {
        cwd: folder,
        ...(env && { env }),
        ...(input !== undefined && { input }),
      })
      expect(json.status).toBe(status)
      expect(() => JSON.parse(json.stdout), json.stdout).not.toThrow()
      expect(json.stdout + json.stderr).not.toContain(KEY)
    },
  )

  it('a port that is taken', async () => {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await put('config.yaml', GUIDE.inline.replace('3000', String(port)).replace('sk-proj....', KEY))
    const run = await agw(['serve'], { cwd: folder })
    server.close()
    expect(run.stderr).toMatch(new RegExp(`${port}`))
    expect(run.stderr).toMatch(/→/)
    expect(run.status).toBe(5)
  })
})

async function snapshot(): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const name of (await readdir(folder)).sort()) {
    found[name] = await readFile(join(folder, name), 'latin1').catch(error => String(error.code))
  }
  return found
}
