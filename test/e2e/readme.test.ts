import { spawn } from 'node:child_process'
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type SeenRequest, startMock } from '../../src/mock/index.ts'
import { fingerprint } from '../../src/secrets/secret.ts'
import { agw, BIN, cleanEnv, ROOT, start, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'
import { makeCertificate } from '../helpers/tls.ts'

const README = await readFile(join(ROOT, 'README.md'), 'utf8')
const blocks = [...README.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
  language,
  text,
}))
const shell = blocks.filter(block => block.language === 'sh').map(block => block.text)

describe('the README', () => {
  it('starts with two lines of npm, which the package has', async () => {
    const lines = shell.flatMap(text => text.trim().split('\n'))
    expect(lines.slice(0, 2)).toEqual(['npm ci && npm run demo', 'npm ci && npm test'])
    const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['demo', 'test']))
  })

  it('names the commands there are, and no others', async () => {
    const manifest = JSON.parse(await readFile(join(ROOT, 'oclif.manifest.json'), 'utf8'))
    const there = Object.keys(manifest.commands)
      .filter(id => manifest.commands[id].hidden !== true)
      .map(id => id.replaceAll(':', ' '))
    const table = [...README.matchAll(/^\| `agw ([a-z -]+?)(?: [A-Z[].*?)?`\s*\|/gm)].map(
      ([, name = '']) => name,
    )
    expect(table.sort()).toEqual(there.sort())
  })

  it('links to files that exist', async () => {
    for (const [, target = ''] of README.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
      await expect(readFile(join(ROOT, target)), target).resolves.toBeDefined()
    }
  })
})

const KEY = keyLike('openai', 'readme')
const [client = '', library = ''] = blocks.filter(one => one.language === 'js').map(one => one.text)

/** The remaining shell blocks, typed one after the other, with a stand-in for api.openai.com behind them. */
describe.skipIf(process.platform === 'win32')("the README's commands, as they stand", () => {
  it('go from nothing to an answer, with curl and with the SDK', async () => {
    const folder = await tempFolder()
    const seen: SeenRequest[] = []
    const { ca, cert, key } = makeCertificate(['api.openai.com'])
    const mock = await startMock({ tls: { cert, key }, keys: [KEY], onRequest: one => seen.push(one) })
    await writeFile(join(folder, 'ca.pem'), ca)
    await writeFile(join(folder, 'agw'), `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`)
    await chmod(join(folder, 'agw'), 0o755)
    const env = {
      PATH: `${folder}:${process.env['PATH']}`,
      NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
      AGW_CONNECT_TO: `api.openai.com:443:127.0.0.1:${mock.port}`,
    }
    const [setup = '', curl = ''] = shell.slice(2)
    const lines = setup.trim().split('\n')
    expect(lines.at(-1)).toBe('agw serve')
    // The port of the README may be taken on this machine: the same lines with a free one are the same promise.
    const port = await freePort()
    const here = (text: string): string => text.replaceAll('127.0.0.1:3000', `127.0.0.1:${port}`)
    for (const line of lines.slice(0, -1)) {
      const typed = line.startsWith('agw init') ? `${line} --port ${port}` : line
      const done = await sh(typed, folder, env, `${KEY}\n`)
      expect(done.status, `${typed}\n${done.output}`).toBe(0)
      expect(done.output).not.toContain(KEY)
    }
    const gateway = start(['serve'], { cwd: folder, env })
    await gateway.until('ready')
    const answer = await sh(here(curl), folder, env)
    expect(JSON.parse(answer.stdout)).toMatchObject({ object: 'chat.completion' })

    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    await writeFile(join(folder, 'client.mjs'), here(client))
    const sdk = await sh(`'${process.execPath}' client.mjs`, folder, env)
    expect(sdk.status, sdk.output).toBe(0)
    expect(sdk.stdout).toContain('Say hello')
    expect(seen.map(one => one.keyFingerprint)).toEqual([fingerprint(KEY), fingerprint(KEY)])
    await gateway.stop()
    await mock.close()
  })

  it('have a library beside them', async () => {
    const folder = await tempFolder()
    await mkdir(join(folder, 'node_modules'))
    await symlink(ROOT, join(folder, 'node_modules/agw'))
    const model = '{ name: "*", provider: openAI, params: { apiKey: "$OPENAI_API_KEY" } }'
    await writeFile(
      join(folder, 'config.yaml'),
      `gateways: { default: { port: ${await freePort()} } }\nllm: { models: [${model}] }\n`,
    )
    await writeFile(join(folder, 'own.mjs'), library)
    const own = await sh(`'${process.execPath}' own.mjs`, folder, { OPENAI_API_KEY: KEY })
    expect(own.status, own.output).toBe(0)
    expect(own.stdout).toMatch(/'ready'[\s\S]*http:\/\/127\.0\.0\.1:\d+[\s\S]*'stopped'/)
    const unset = await sh(`'${process.execPath}' own.mjs`, folder, {})
    expect(unset.stdout).toMatch(/^2 VARIABLE_UNSET .*OPENAI_API_KEY/)
    expect(unset.status).toBe(1)
  })

  it('keep the promise of every method in its table', async () => {
    for (const [, command = ''] of README.matchAll(/`agw (init --method \w+)`/g)) {
      const folder = await tempFolder()
      const key = command.endsWith('passthrough') ? [] : ['--key-from-stdin']
      const args = [...command.split(' '), '--provider', 'openai', '--yes', ...key]
      const done = await agw(args, { cwd: folder, input: KEY })
      expect(done.status, `${command}: ${done.stderr}`).toBe(0)
    }
  })
})

function sh(
  line: string,
  cwd: string,
  env: Record<string, string | undefined>,
  input = '',
): Promise<{ status: number | null; stdout: string; output: string }> {
  return new Promise(resolve => {
    const child = spawn('sh', ['-c', line], { cwd, env: cleanEnv(cwd, env), stdio: ['pipe', 'pipe', 'pipe'] })
    let stdout = ''
    let output = ''
    child.stdout.on('data', chunk => {
      stdout += chunk
      output += chunk
    })
    child.stderr.on('data', chunk => {
      output += chunk
    })
    child.on('close', status => resolve({ status, stdout, output }))
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}
