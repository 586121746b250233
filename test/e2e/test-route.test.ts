import { writeFile } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startMock } from '../../src/mock/index.ts'
import { agw, start, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'
import { refusingPort } from '../helpers/refusing-port.ts'
import { toOpenAi } from '../helpers/serving.ts'

const KEY = keyLike('openai', 'test-route')

let folder: string
let server: Server | undefined
beforeEach(async () => {
  folder = await tempFolder()
})
afterEach(() => server?.close())

const config = (port: number, upstream: string, auth = `key: "${KEY}"`): Promise<void> =>
  writeFile(
    join(folder, 'config.yaml'),
    toOpenAi({ port, upstream, auth, policies: ['timeout: { requestTimeout: 1s }'] }),
  )

/** A raw provider; gives its `host:port`. */
async function raw(onData: (socket: Socket) => void): Promise<string> {
  const it = createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', () => onData(socket))
  })
  server = it
  await new Promise<void>(resolve => it.listen(0, '127.0.0.1', resolve))
  const address = it.address()
  return `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
}

interface Trouble {
  readonly what: string
  readonly host: () => Promise<string> | string
  readonly says: RegExp
}
const troubles: Trouble[] = [
  {
    what: 'refuses',
    host: async () => `127.0.0.1:${(await refusingPort()).port}`,
    says: /no answer from 127\.0\.0\.1:\d+: upstream call failed: connection refused\n.*is it running/,
  },
  {
    what: 'is not known by name',
    host: () => 'no-such-host.invalid:80',
    says: /no answer from no-such-host\.invalid:80: .*DNS.*\n.*host name/,
  },
  {
    what: 'hangs',
    host: () => raw(() => {}),
    says: /no answer from 127\.0\.0\.1:\d+: .*timeout\n.*more time/,
  },
  {
    what: 'resets',
    host: () => raw(socket => socket.resetAndDestroy()),
    says: /no answer from 127\.0\.0\.1:\d+: upstream call failed: connection (?:reset|closed)/,
  },
  {
    what: 'answers nonsense',
    host: () => raw(socket => socket.end('220 mail.example.com ESMTP\r\n')),
    says: /no answer from 127\.0\.0\.1:\d+: .*not HTTP\/1\.1\n.*the right port/,
  },
  {
    what: 'stops in the middle of its answer',
    host: () =>
      raw(socket => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"id":')
        setTimeout(() => socket.destroy(), 50)
      }),
    says: /no whole answer from 127\.0\.0\.1:\d+: the answer was cut off\n.*look at the provider/,
  },
]

describe('a provider that gives no answer is a failure of the network, not of the route', () => {
  it.each(troubles)('one that $what', async ({ host, says }) => {
    await config(3000, await host())
    const run = await agw(['test-route'], { cwd: folder })
    expect(run.stderr).toMatch(says)
    expect(run.status).toBe(5)
    expect(run.stdout + run.stderr).not.toContain(KEY)
    const json = await agw(['test-route', '--json'], { cwd: folder })
    expect(JSON.parse(json.stdout)).toMatchObject({
      error: { code: 'UPSTREAM_FAILED', exitCode: 5 },
      // And all that was seen until then.
      matched: { route: expect.any(String), policies: expect.arrayContaining(['backendAuth']) },
      upstream: { status: expect.any(Number) },
      ok: false,
    })
    expect(json.status).toBe(5)
  })

  it('behind a gateway that runs already, too', async () => {
    const port = await freePort()
    await config(port, `127.0.0.1:${(await refusingPort()).port}`)
    const gateway = start(['serve', '--log-level', 'off'], { cwd: folder })
    await gateway.until('ready')
    const run = await agw(['test-route', '--url', `http://127.0.0.1:${port}`], { cwd: folder })
    expect(run.stderr).toMatch(/no answer from the upstream: .*connection refused/)
    expect(run.status).toBe(5)
    await gateway.stop()
    const nobody = await agw(['test-route', '--url', `http://127.0.0.1:${port}`], { cwd: folder })
    expect(nobody.stderr).toMatch(/nothing listens there\n.*agw serve/)
    expect(nobody.status).toBe(5)
  })

  it('unless that status is what was expected', async () => {
    await config(3000, `127.0.0.1:${(await refusingPort()).port}`)
    const run = await agw(['test-route', '--expect-status', '503'], { cwd: folder })
    expect(run.status, run.stderr).toBe(0)
  })

  it("an error that the provider itself answers stays the route's result", async () => {
    const mock = await startMock({ failStatus: 503 })
    await config(3000, `127.0.0.1:${mock.port}`)
    const run = await agw(['test-route'], { cwd: folder })
    await mock.close()
    expect(run.stdout).toContain('did not pass')
    expect(run.status).toBe(1)
  })
})

describe('agw test-route --explain with client auth', () => {
  const rules = (...written: object[]): Promise<void> =>
    writeFile(
      join(folder, 'config.yaml'),
      `gateways: {default: {port: 3000}}
routes:
- name: one
  backends: [{host: 'a.test:80'}]
  policies:
    authorization:
      rules:
${written.map(rule => `      - ${JSON.stringify(rule)}\n`).join('')}`,
    )

  it.each<[what: string, written: object[], line: number, path: string]>([
    ['a deny rule', [{ allow: 'true' }, { deny: 'true' }], 9, '.rules[1].deny'],
    ['a require rule', [{ require: 'true' }, { require: '1 == 2' }], 9, '.rules[1].require'],
    ['the only allow rule', [{ allow: '1 == 2' }], 8, '.rules[0].allow'],
    ['none of several allow rules', [{ allow: '1 == 2' }, { allow: '1 == 3' }], 7, '.rules'],
  ])('names what refuses a request: %s', async (_, written, line, path) => {
    await rules(...written)
    const { status, stdout } = await agw(['test-route', '--explain'], { cwd: folder })
    expect(status).toBe(1)
    expect(stdout).toContain('answer     403 from the gateway itself\n')
    expect(stdout).toContain(`decided by config.yaml:${line}  routes[0].policies.authorization${path}\n`)
    const sent = await agw(['test-route', '--json'], { cwd: folder })
    expect(JSON.parse(sent.stdout)).toMatchObject({
      upstream: { status: 403 },
      decidedBy: { place: `config.yaml:${line}`, path: `routes[0].policies.authorization${path}` },
    })
  })

  it('says which checks are open without a network, and shows no token', async () => {
    const jwtAuth = {
      mode: 'strict',
      issuer: 'https://issuer.test',
      jwks: { url: 'https://issuer.test/jwks' },
    }
    const text = JSON.stringify({
      gateways: { default: { port: 3000, jwtAuth } },
      routes: [
        { name: 'one', backends: [{ host: 'a.test:80' }], policies: { timeout: { requestTimeout: '1s' } } },
      ],
    })
    await writeFile(join(folder, 'config.yaml'), text)
    const token = 'eyJhbGciOiJFUzI1NiJ9.canary.c2ln'
    const asked = ['test-route', '--explain', '-H', `authorization: Bearer ${token}`]
    const { status, stdout } = await agw(asked, { cwd: folder })
    expect(status).toBe(0)
    expect(stdout).toContain(
      'policy     jwtAuth  gateway  gateways.default.jwtAuth\npolicy     timeout  route    routes[0].policies.timeout',
    )
    expect(stdout).toContain('open       jwtAuth is not decided without the keys at https://issuer.test/jwks')
    expect(stdout).toContain('✓ passed, as far as it is decided')
    const json = await agw([...asked, '--json'], { cwd: folder })
    expect(JSON.parse(json.stdout)).toMatchObject({ undecided: [{ name: 'jwtAuth' }], ok: true })
    expect(stdout + json.stdout).not.toContain('canary')
  })
})
