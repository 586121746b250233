import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, type SeenRequest, startMock } from '../../src/mock/index.ts'
import { fingerprint } from '../../src/secrets/secret.ts'
import { agw, start, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'
import { makeCertificate } from '../helpers/tls.ts'

const KEY = keyLike('openai', 'methods')
const posix = process.platform !== 'win32'

let mock: Mock
let seen: SeenRequest[]
let folder: string
let env: Record<string, string>

/** A TLS stand-in for the provider, trusted through NODE_EXTRA_CA_CERTS and reached through --connect-to. */
const { ca, cert, key } = makeCertificate(['api.openai.com'])
/** The same for all: a process takes its authorities once. */
let authorities: string
beforeAll(async () => {
  authorities = await mkdtemp(join(tmpdir(), 'agw-test-'))
  await writeFile(join(authorities, 'ca.pem'), ca)
})
afterAll(() => rm(authorities, { recursive: true }))
beforeEach(async () => {
  folder = await tempFolder()
  seen = []
  mock = await startMock({ tls: { cert, key }, keys: [KEY], onRequest: one => seen.push(one) })
  env = {
    NODE_EXTRA_CA_CERTS: join(authorities, 'ca.pem'),
    AGW_CONNECT_TO: `api.openai.com:443:127.0.0.1:${mock.port}`,
  }
})
afterEach(() => mock.close())

const styles = ['llm', 'gateways', 'binds'] as const
const methods = ['inline', 'env', 'file', 'kubernetes', 'passthrough'] as const
const table = styles.flatMap(style => methods.map(method => [style, method] as const))

describe.each(table)('a config in the %s style with the %s method', (style, method) => {
  it('is written, checked, tried and served, and the provider sees the key', async () => {
    const port = await freePort()
    const init = [
      'init',
      '--provider',
      'openai',
      '--method',
      method,
      '--style',
      style,
      '--port',
      String(port),
      '--yes',
    ]
    const withKey = method === 'inline' ? ['--key-from-stdin'] : []
    const written = await agw([...init, ...withKey, '--json'], { cwd: folder, env, input: KEY })
    expect(written.status, written.stderr).toBe(0)
    if (method === 'env' || method === 'file') {
      const stored = await agw(['keys', 'set', 'openai', '--json'], { cwd: folder, env, input: `${KEY}\n` })
      expect(stored.status, stored.stderr).toBe(0)
      expect(JSON.parse(stored.stdout)).toMatchObject({
        name: 'openai',
        method,
        changed: true,
        fingerprint: fingerprint(KEY),
      })
    }
    // The pod's Secret becomes its environment; here the test is the kubelet.
    const run = method === 'kubernetes' ? { ...env, OPENAI_API_KEY: KEY } : env

    const checked = await agw(['validate', '--json'], { cwd: folder, env: run })
    expect(JSON.parse(checked.stdout).files[0], checked.stdout).toMatchObject({ valid: true })

    const header = method === 'passthrough' ? ['--header', `authorization: Bearer ${KEY}`] : []
    const tried = await agw(['test-route', '--json', '--model', 'gpt-4o-mini', ...header], {
      cwd: folder,
      env: run,
    })
    expect(tried.status, tried.stdout + tried.stderr).toBe(0)
    expect(JSON.parse(tried.stdout)).toMatchObject({ ok: true, upstream: { status: 200 } })
    expect(seen.at(-1)).toMatchObject({ keyFingerprint: fingerprint(KEY), path: '/v1/chat/completions' })

    const gateway = start(['serve', '--json'], { cwd: folder, env: run })
    await gateway.until('"ready"')
    const credential: Record<string, string> =
      method === 'passthrough' ? { authorization: `Bearer ${KEY}` } : {}
    const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...credential },
      body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello' }] }),
    })
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ object: 'chat.completion' })
    expect(seen.at(-1)?.headers['authorization']).toBe(`Bearer ${fingerprint(KEY)}`)
    expect(await gateway.stop()).toBe(0)
    for (const text of [
      written.stdout,
      written.stderr,
      checked.stdout,
      tried.stdout,
      tried.stderr,
      gateway.stdout(),
      gateway.stderr(),
    ]) {
      expect(text).not.toContain(KEY)
    }
  })
})

describe.runIf(posix)('files that hold a key are for their owner only', () => {
  it.each([
    ['inline', 'config.yaml', ['--key-from-stdin']],
    ['env', '.env', ['--key-from-stdin']],
    ['file', 'openai.key', ['--key-from-stdin']],
    ['kubernetes', 'kubernetes-secret.yaml', ['--key-from-stdin']],
  ])('%s: %s', async (method, file, more) => {
    const done = await agw(['init', '--provider', 'openai', '--method', method, '--yes', ...more], {
      cwd: folder,
      input: KEY,
    })
    expect(done.status, done.stderr).toBe(0)
    expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600)
  })

  it('tightens a key file that was open', async () => {
    await agw(['init', '--provider', 'openai', '--method', 'file', '--yes'], { cwd: folder })
    await writeFile(join(folder, 'openai.key'), 'old')
    await chmod(join(folder, 'openai.key'), 0o644)
    await agw(['keys', 'set', 'openai', '--json'], { cwd: folder, input: KEY })
    expect((await stat(join(folder, 'openai.key'))).mode & 0o777).toBe(0o600)
    expect(await readFile(join(folder, 'openai.key'), 'utf8')).toBe(`${KEY}\n`)
  })
})

describe('a key moves from method to method in one step', () => {
  const moves = ['env', 'file', 'inline', 'file', 'env'] as const
  it.each(styles)('%s', async style => {
    await agw(['init', '--provider', 'openai', '--method', 'file', '--style', style, '--yes'], {
      cwd: folder,
    })
    const before = await readFile(join(folder, 'config.yaml'), 'utf8')
    for (const method of moves) {
      const set = await agw(['keys', 'set', 'openai', '--method', method, '--json'], {
        cwd: folder,
        input: KEY,
      })
      expect(set.status, set.stderr).toBe(0)
      const listed = JSON.parse((await agw(['keys', 'list', '--json'], { cwd: folder })).stdout)
      expect(listed.keys).toHaveLength(1)
      expect(listed.keys[0]).toMatchObject({
        name: 'openai',
        method,
        state: 'ok',
        fingerprint: fingerprint(KEY),
      })
    }
    const after = await readFile(join(folder, 'config.yaml'), 'utf8')
    expect(after.split('\n').filter(line => line.startsWith('#'))).toEqual(
      before.split('\n').filter(line => line.startsWith('#')),
    )
    const again = await agw(['keys', 'set', 'openai', '--json'], { cwd: folder, input: KEY })
    expect(JSON.parse(again.stdout)).toMatchObject({ changed: false })
  })
})
