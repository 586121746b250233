import { spawn, spawnSync } from 'node:child_process'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/index.ts'
import { BIN, cleanEnv, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'
import { manifest } from '../helpers/known-flags.ts'
import { noGit, unless } from '../helpers/needs.ts'
import { makeCertificate } from '../helpers/tls.ts'

const [OLD, NEW] = [keyLike('openai', 'example'), keyLike('openai', 'the next example')]

/** What each command line that `--help` prints needs besides the folder that all of them get. */
interface Needs {
  /** Typed before it. */
  readonly first?: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  /** Where the config has its key. */
  readonly key?: string
  /** The client that the config knows. */
  readonly client?: string
  /** It runs until it is told to end; this is what it says when it is ready. */
  readonly ready?: string
  /** What it must have printed, and with which status it ends. */
  readonly says?: string
  readonly status?: number
}
const FILE = '{ file: openai.key }'
const ready = 'ready'
/** A dry run asks what the keychain holds. Here is none. */
const NO_KEYCHAIN: Needs = {
  env: { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere' },
  ...(process.platform === 'linux' && { says: 'no keychain answers', status: 4 }),
}
const NEEDS: Readonly<Record<string, Needs>> = {
  'agw clients add research': { client: 'sales' },
  'agw clients add alice --metadata team=research --models "gpt-4o*"': { client: 'sales' },
  'agw clients remove research': { client: 'research' },
  'agw clients remove sha256:1a2b3c4d --yes': { client: 'research' },
  'agw clients remove sha256:1a2b3c4d': { client: 'research' },
  'agw clients rotate research': { client: 'research' },
  'agw init': { env: { AGW_PROVIDER: 'openai', AGW_METHOD: 'env' } },
  'agw keys move openai --to env --yes': { key: FILE },
  'agw keys move openai --to keychain --dry-run': NO_KEYCHAIN,
  'agw keys rotate openai': { input: NEW },
  'agw keys rotate openai --undo': { first: 'agw keys rotate openai < new-key.txt' },
  // The folder has keys in clear text: those that the examples read.
  'agw keys scan': { says: 'new-key.txt:1:1 error KEY_IN_TEXT', status: 1 },
  'agw keys scan . --format sarif > keys.sarif': { status: 1 },
  'agw keys scan --baseline known-keys.json': { first: 'agw keys scan --write-baseline known-keys.json' },
  'agw keys set openai': { input: NEW },
  'agw keys set openai --from-env OPENAI_API_KEY --method file': { env: { OPENAI_API_KEY: OLD } },
  'agw mock --port 9000': { ready: 'listens on' },
  'agw mock --fail-status 429 --fail-rate 0.5': { ready: 'listens on' },
  'agw mock --latency 300 --chunk-delay 50': { ready: 'listens on' },
  'agw run -- agentgateway -f config.yaml': { says: 'agentgateway -f config.yaml has the key' },
  'agw run --only OPENAI_API_KEY -- node script.js': { says: 'script.js has the key' },
  'agw serve': { ready },
  'agw serve --mock': { ready },
  'agw serve --host 0.0.0.0 --log-format json': { ready },
  'agw serve --engine agentgateway': { says: 'has the key' },
  'agw trust': { first: 'cp deploy/agw.yaml .' },
}
const examples = Object.entries(manifest.commands).flatMap(([id, { examples = [] }]) =>
  examples.map(example => [
    id.replaceAll(':', ' '),
    example.replaceAll('<%= config.bin %>', 'agw').replace(/^\$ /, ''),
  ]),
) as [string, string][]

describe.skipIf(process.platform === 'win32' || noGit !== undefined)(
  `what --help prints${unless(noGit)}`,
  () => {
    let provider: Mock
    let folder: string
    let ca: string
    beforeAll(async () => {
      const tls = makeCertificate(['api.openai.com'])
      ca = tls.ca
      provider = await startMock({ tls, keys: [OLD, NEW] })
    })
    afterAll(() => provider.close())
    beforeEach(async () => {
      folder = await tempFolder()
      spawnSync('git', ['init', '-q'], { cwd: folder, env: cleanEnv(folder) })
    })

    it('has an example of each command', () => {
      const lacking = Object.entries(manifest.commands).filter(([id]) => id !== 'about' && !has(id))
      expect(lacking.map(([id]) => id)).toEqual([])
    })

    it('is all that needs something here', () => {
      const lines = new Set(examples.map(([, line]) => line))
      expect(Object.keys(NEEDS).filter(line => !lines.has(line))).toEqual([])
    })

    it.each(examples)('%s: %s', async (id, line) => {
      const needs = NEEDS[line] ?? {}
      await furnish(needs, id !== 'init' || line.includes('--add'))
      if (needs.first !== undefined) expect((await sh(needs.first, needs)).status).toBe(0)
      const done = await sh(line, needs)
      expect(done.status, done.output).toBe(needs.status ?? 0)
      expect(done.output).toContain(needs.says ?? '')
      for (const key of [OLD, NEW]) expect(done.output).not.toContain(key)
      const [, file] = / > (\S+)$/.exec(line) ?? []
      if (file !== undefined) JSON.parse(await readFile(join(folder, file), 'utf8'))
    })

    function has(id: string): boolean {
      return examples.some(([command]) => command === id.replaceAll(':', ' '))
    }

    /** What the examples speak of: configs, keys, and the programs that they start. */
    async function furnish({ key = '"$OPENAI_API_KEY"', client }: Needs, hasConfig: boolean): Promise<void> {
      for (const name of ['bin', 'conf', 'deploy']) await mkdir(join(folder, name))
      const hash = `sha256:1a2b3c4d${'0'.repeat(56)}`
      const policies = `  policies: { apiKey: { mode: strict, keys: [{ keyHash: "${hash}", metadata: { name: ${client} } }] } }\n`
      const config = async (): Promise<string> =>
        `gateways: { default: { port: ${await freePort()} } }
llm:
  models: [{ name: "*", provider: openAI, params: { apiKey: ${key} } }]
${client === undefined ? '' : policies}`
      const names = [
        'gateway.yaml',
        'conf/one.yaml',
        'deploy/config.yaml',
        ...(hasConfig ? ['config.yaml'] : []),
      ]
      for (const name of names) await writeFile(join(folder, name), await config())
      const agwFile = 'secrets: { OPENAI_API_KEY: { exec: [cat, key.txt] } }\n'
      for (const name of hasConfig ? ['deploy/agw.yaml'] : []) await writeFile(join(folder, name), agwFile)
      const secret = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 })
      for (const name of ['.env', 'conf/.env']) await secret(name, `OPENAI_API_KEY=${OLD}\n`)
      await secret('openai.key', OLD)
      await secret('key.txt', OLD)
      await secret('new-key.txt', NEW)
      await writeFile(join(folder, '.gitignore'), '.env\n*.key\nkey.txt\nnew-key.txt\n')
      await writeFile(join(folder, 'ca.pem'), ca)
      await program('agw', `exec '${process.execPath}' '${BIN}' "$@"`)
      await program('agentgateway', `[ "$OPENAI_API_KEY" = '${OLD}' ] && echo "agentgateway $* has the key"`)
      const script = `if (process.env.OPENAI_API_KEY?.startsWith('sk-')) console.log('script.js has the key')\n`
      await writeFile(join(folder, 'script.js'), script)
    }

    async function program(name: string, text: string): Promise<void> {
      await writeFile(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`)
      await chmod(join(folder, 'bin', name), 0o755)
    }

    /** A line typed in bash; one that runs on is told to end once it is ready. */
    function sh(
      line: string,
      { env, input, ready }: Needs,
    ): Promise<{ status: number | null; output: string }> {
      return new Promise(resolve => {
        const typed = line.replace('--port 9000', '--port 0')
        const child = spawn('bash', ['-c', ready === undefined ? typed : `exec ${typed}`], {
          cwd: folder,
          env: cleanEnv(folder, {
            PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
            NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
            AGW_CONNECT_TO: line.includes('--mock')
              ? undefined
              : `api.openai.com:443:127.0.0.1:${provider.port}`,
            AGW_MOCK_PORT: '0',
            AGW_YES: '1',
            ...env,
          }),
          stdio: ['pipe', 'pipe', 'pipe'],
        })
        let output = ''
        let isTold = false
        for (const stream of [child.stdout, child.stderr])
          stream.on('data', (chunk: Buffer) => {
            output += chunk.toString()
            if (isTold || ready === undefined || !output.includes(ready)) return
            isTold = true
            child.kill('SIGTERM')
          })
        child.on('close', status => resolve({ status, output }))
        child.stdin.on('error', () => {})
        child.stdin.end(input ?? '')
      })
    }
  },
)
