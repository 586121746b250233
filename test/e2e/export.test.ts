import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { agw, type Run, tempFolder } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'
import { filesWith, leaksOf } from '../helpers/leaks.ts'

const KEY = keyLike('openai', 'export')
const leaks = leaksOf([KEY])
const LLM = `gateways: { default: { port: 3000 } }
llm:
  models:
    - { name: "*", provider: openAI, params: { apiKey: "$OPENAI_API_KEY" } }
`
const LIMITED = `${LLM}  policies:
    localRateLimit: [{ maxTokens: 1, tokensPerFill: 1, fillInterval: 10s }]
`

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})
const put = (text: string): Promise<void> => writeFile(join(folder, 'config.yaml'), text)
const run = (args: readonly string[], env: Record<string, string> = {}): Promise<Run> =>
  agw(['export', 'kubernetes', ...args], { cwd: folder, env })
const kindsIn = async (name: string): Promise<unknown[]> =>
  parseAllDocuments(await readFile(join(folder, name), 'utf8')).map(
    one => (one.toJS() as { kind: string }).kind,
  )

describe('agw export kubernetes', () => {
  it('writes the manifests beside the config, without a key, and says which Secrets they look for', async () => {
    await put(LLM)
    const { status, stdout, stderr } = await run(['--yes', '--namespace', 'llm'], { OPENAI_API_KEY: KEY })
    expect(status, stderr).toBe(0)
    expect(await kindsIn('kubernetes.yaml')).toEqual(['Gateway', 'AgentgatewayBackend', 'HTTPRoute'])
    expect(await readdir(folder)).toEqual(expect.not.arrayContaining(['kubernetes-secret.yaml']))
    expect(stdout).toContain(
      'agw export kubernetes --secrets --namespace llm  # unless openai-secret is there',
    )
    expect(leaks(stdout + stderr)).toEqual([])
    expect(await filesWith(leaks, folder)).toEqual([])
    const again = await run(['--namespace', 'llm'])
    expect([again.status, again.stdout]).toEqual([0, expect.stringContaining('unchanged')])
  })

  it('writes the keys with --secrets, into a file of their own', async () => {
    await put(LLM)
    const { status, stdout, stderr } = await run(['--secrets', '--yes'], { OPENAI_API_KEY: KEY })
    expect(status, stderr).toBe(0)
    expect(leaks(stdout + stderr)).toEqual([])
    expect(await kindsIn('kubernetes-secret.yaml')).toEqual(['Secret'])
    expect((await stat(join(folder, 'kubernetes-secret.yaml'))).mode & 0o777).toBe(0o600)
    const files = await filesWith(leaks, folder)
    expect(files.map(file => file.replace(/^.*\//, ''))).toEqual(['kubernetes-secret.yaml'])
    const missing = await run(['--secrets', '--yes'])
    expect([missing.status, missing.stderr]).toEqual([4, expect.stringContaining('openai has no key')])
  })

  it('writes nothing where a part would be left out, and names it with its place', async () => {
    await put(LIMITED)
    const { status, stdout, stderr } = await run(['--yes'])
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toContain(
      'config.yaml:6:5: llm.policies.localRateLimit is not written: the controller fills each second, minute or hour, and never else; requests that it stops would pass there',
    )
    expect(stderr).toMatch(/nothing was written: one part of config\.yaml would be left out\n.*--partial/)
    expect(existsSync(join(folder, 'kubernetes.yaml'))).toBe(false)
    const partial = await run(['--yes', '--partial', '--json'])
    expect(partial.status).toBe(0)
    expect(JSON.parse(partial.stdout)).toMatchObject({
      files: [{ file: 'kubernetes.yaml', action: 'created' }],
      leftOver: [{ path: 'llm.policies.localRateLimit', line: 6, column: 5, why: expect.any(String) }],
      secrets: [{ slot: 'openai', secret: 'openai-secret' }],
    })
  })

  it('writes certificates with the keys, and names the place of a file that is none', async () => {
    const pem = (noun: string, body: string): string =>
      `-----BEGIN ${noun}-----\n${body}\n-----END ${noun}-----\n`
    const body = keyLike('openai', 'certificate')
    const leaks = leaksOf([body])
    await put('gateways: { default: { port: 443, tls: { cert: tls/c.pem, key: tls/k.pem } } }\n')
    await mkdir(join(folder, 'tls'))
    await writeFile(join(folder, 'tls/c.pem'), pem('CERTIFICATE', 'MIIB'))
    await writeFile(join(folder, 'tls/k.pem'), 'no key')
    const wrong = await run(['--secrets', '--yes'])
    expect([wrong.status, wrong.stdout]).toEqual([3, ''])
    expect(wrong.stderr).toContain(
      'config.yaml:1:64: gateways.default.tls.key: tls/k.pem holds no private key in PEM form',
    )
    expect(existsSync(join(folder, 'kubernetes.yaml'))).toBe(false)
    await writeFile(join(folder, 'tls/k.pem'), pem('EC PRIVATE KEY', body))
    const { status, stdout, stderr } = await run(['--secrets', '--yes', '--json'])
    expect(status, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      certificates: [{ path: 'gateways.default.tls', secret: 'agw-https-443-tls' }],
    })
    expect(leaks(stdout + stderr)).toEqual([])
    const [secret] = parseAllDocuments(await readFile(join(folder, 'kubernetes-secret.yaml'), 'utf8'))
    expect(secret?.toJS()).toMatchObject({
      kind: 'Secret',
      type: 'kubernetes.io/tls',
      data: { 'tls.key': expect.any(String) },
    })
    const files = await filesWith(leaks, folder)
    expect(files.map(file => file.replace(/^.*\//, '')).sort()).toEqual(['k.pem', 'kubernetes-secret.yaml'])
    const without = await run(['--yes'])
    expect(without.stdout).toContain('--secrets  # unless agw-https-443-tls is there')
  })

  it('suggests the same for the same config', async () => {
    await writeFile(join(folder, 'my gateway.yaml'), LLM)
    const { stdout } = await run(['--file', 'my gateway.yaml', '--yes'])
    expect(stdout).toContain("agw export kubernetes --secrets --file 'my gateway.yaml'  # unless")
  })

  it('leaves a file that is not from agw as it is', async () => {
    await put(LLM)
    const path = join(folder, 'kubernetes.yaml')
    await writeFile(path, 'kind: Namespace\n')
    const { status, stderr } = await run(['--yes'])
    expect([status, stderr]).toEqual([
      3,
      expect.stringContaining('kubernetes.yaml is there already, and is not from agw'),
    ])
    expect(await readFile(path, 'utf8')).toBe('kind: Namespace\n')
    expect((await run(['--dry-run'])).status).toBe(0)
  })

  it.each([
    [
      'a name that no object may have',
      ['--gateway', 'My_Gateway'],
      /--gateway has a value that does not fit/,
    ],
    ['a config on standard input', ['--file', '-'], /standard input/],
  ])('refuses %s', async (_, args, message) => {
    await put(LLM)
    const { status, stderr } = await run([...args, '--yes'])
    expect([status, stderr]).toEqual([2, expect.stringMatching(message)])
  })
})
