import { writeFile } from 'node:fs/promises'
import { createServer as createPlain, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { agw, type Run, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { makeCertificate } from '../helpers/tls.ts'

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})

const put = (config: object): Promise<void> => writeFile(join(folder, 'config.yaml'), JSON.stringify(config))

const test = (args: readonly string[], env: Record<string, string> = {}, input = ''): Promise<Run> =>
  agw(['test-route', ...args], { cwd: folder, env, input })

const answering = (name: string) => ({ name, policies: { directResponse: { status: 200, body: name } } })
const hello = { gateways: { default: { port: 3000 } }, routes: [answering('hello')] }

async function listening<S extends Server>(server: S, port = 0): Promise<number> {
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

describe('a gateway that runs', () => {
  const hosts: (string | undefined)[] = []
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    hosts.push(request.headers.host)
    response.setHeader('connection', 'close').end('ok')
  }
  beforeEach(() => {
    hosts.length = 0
  })

  it('is called by the host and the port of its address, and the way is told for these', async () => {
    const [first, second] = [await freePort(), await listening(createPlain(answer))]
    await put({
      gateways: { default: { port: first }, more: { port: second } },
      routes: [
        { ...answering('first'), gateways: ['default'] },
        { ...answering('second'), gateways: ['more'] },
      ],
    })
    const url = `http://127.0.0.1:${second}`
    const { stdout, stderr, status } = await test(['--url', url])
    expect(status, stderr).toBe(0)
    expect(hosts).toEqual([`127.0.0.1:${second}`])
    expect(stdout).toContain(`Host: 127.0.0.1:${second}`)
    expect(stdout).toMatch(/default\/second .*matches$/m)
    await test(['--url', url, '--host', 'site.test'])
    expect(hosts.at(-1)).toBe('site.test')
  })

  it('over TLS is asked for the certificate of its own name, and one that is not trusted is told', async () => {
    const { ca, cert, key } = makeCertificate(['localhost'])
    const port = await listening<TlsServer>(createServer({ cert, key }, answer))
    await put(hello)
    await writeFile(join(folder, 'ca.pem'), ca)
    const args = ['--url', `https://localhost:${port}`, '--host', 'site.test']
    const doubted = await test(args)
    expect(doubted.status).toBe(5)
    expect(doubted.stderr).toMatch(/its certificate is not trusted.*\n.*NODE_EXTRA_CA_CERTS/)
    const trusted = await test(args, { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') })
    expect(trusted.status, trusted.stderr).toBe(0)
    expect(hosts).toEqual(['site.test'])
    const plain = await test(['--url', `https://127.0.0.1:${await listening(createPlain(answer))}`])
    expect(plain.stderr).toMatch(/no TLS is spoken there\n.*--url/)
  })

  it.each([
    ['a password', 'http://ann:canary-password@127.0.0.1:1'],
    ['a query', 'http://127.0.0.1:1/?key=canary-password'],
  ])('is not named by an address with %s', async (_, url) => {
    await put(hello)
    const { status, stdout, stderr } = await test(['--url', url])
    expect(status).toBe(2)
    expect(stdout + stderr).not.toContain('canary-password')
  })

  it('is not reached elsewhere: that is what --url is for', async () => {
    await put(hello)
    const { status } = await test(['--url', 'http://127.0.0.1:1', '--connect-to', 'a:1:b:2'])
    expect(status).toBe(2)
  })
})

describe('what no request can hold', () => {
  it.each([
    ['a host of two lines', ['--host', 'a\r\nx-evil: 1'], /--host holds characters/],
    ['a host with other letters', ['--host', 'bücher.test'], /--host holds characters.*\n.*xn--/],
    ['a header of two lines', ['-H', 'x-a: b\nc'], /--header holds characters/],
    ['a timeout that no clock has', ['--timeout', '99999999'], /86400/],
  ])('is refused: %s', async (_, args, says) => {
    await put(hello)
    const { status, stderr } = await test(args)
    expect(stderr).toMatch(says)
    expect(status).toBe(2)
  })
})

it('standard input cannot hold both the config and a key', async () => {
  const { status, stderr } = await test(['-f', '-', '--key-from-stdin'], {}, JSON.stringify(hello))
  expect(status).toBe(2)
  expect(stderr).toMatch(/standard input cannot hold both.*\n.*--key-from-env/)
})

it('shows no credential of the path that a policy looks for there', async () => {
  const keys = [{ key: 'canary-in-the-path' }]
  const apiKey = { mode: 'strict', location: { queryParameter: { name: 'team' } }, keys }
  await put({ ...hello, routes: [{ policies: { apiKey, directResponse: { status: 200, body: 'hello' } } }] })
  for (const args of [[], ['--explain'], ['--json'], ['--explain', '--json']]) {
    const run = await test(['/v1/models?team=canary-in-the-path&page=2', ...args])
    expect(run.status, run.stdout + run.stderr).toBe(0)
    expect(run.stdout).toContain('/v1/models?team=<redacted>&page=2')
    expect(run.stdout + run.stderr).not.toContain('canary-in-the-path')
  }
})

it.each([
  ['a cookie', 'cookie: page=1; team=canary-in-a-cookie', 'canary-in-a-cookie'],
  [
    'a password',
    `authorization: Basic ${Buffer.from('ann:canary-password').toString('base64')}`,
    'canary-password',
  ],
])('takes %s that is given as a header out of what comes back', async (_, header, canary) => {
  await put({
    ...hello,
    routes: [{ policies: { directResponse: { status: 200, body: `you said ${canary}` } } }],
  })
  for (const args of [[], ['--json']]) {
    const { stdout } = await test(['-H', header, ...args])
    expect(stdout).toContain('you said ')
    expect(stdout).not.toContain(canary)
  }
})

it('a secret of the config that is no key of a provider is not shown either', async () => {
  const body = 'it is $HOUSE_SECRET'
  await put({ ...hello, routes: [{ policies: { directResponse: { status: 200, body } } }] })
  for (const args of [[], ['--explain'], ['--json']]) {
    const { stdout, status } = await test(args, { HOUSE_SECRET: 'canary-of-the-house' })
    expect(status, stdout).toBe(0)
    expect(stdout).toContain('it is [redacted')
    expect(stdout).not.toContain('canary-of-the-house')
  }
})

it('with --explain asks no source that may leave the machine', async () => {
  await writeFile(join(folder, 'ran.sh'), 'touch ran; echo canary-key-from-a-program\n')
  await writeFile(join(folder, 'agw.yaml'), 'secrets: {OPENAI_API_KEY: {exec: [sh, ran.sh]}}\n')
  await put({ llm: { models: [{ name: '*', provider: 'openAI', params: { apiKey: '$OPENAI_API_KEY' } }] } })
  const { status, stdout, stderr } = await test(['--explain'], { AGW_TRUST: '1' })
  expect(status, stderr).toBe(0)
  expect(stdout).toContain('its value was not read')
  const { existsSync } = await import('node:fs')
  expect(existsSync(join(folder, 'ran'))).toBe(false)
})
