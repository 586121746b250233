import { writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { agw, type Run, tempFolder } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'
import { toOpenAi } from '../helpers/serving.ts'
import { makeCertificate } from '../helpers/tls.ts'

const KEY = keyLike('openai', 'test-route')

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})

const put = (config: string | object): Promise<void> =>
  writeFile(join(folder, 'config.yaml'), typeof config === 'string' ? config : JSON.stringify(config))

const test = (args: readonly string[] = [], env: Record<string, string> = {}): Promise<Run> =>
  agw(['test-route', ...args], { cwd: folder, env })

/** A provider that answers with bytes as they are; gives its address. */
async function raw(
  answer: (socket: Socket) => void,
  at: { path?: string; host?: string } = {},
): Promise<string> {
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', () => answer(socket))
  })
  await new Promise<void>(resolve =>
    server.listen(at.path ? { path: at.path } : { port: 0, host: at.host ?? '127.0.0.1' }, resolve),
  )
  onTestFinished(() => void server.close())
  const address = server.address()
  if (typeof address === 'string' || address === null) return `unix:${at.path}`
  return at.host === '::1' ? `[::1]:${address.port}` : `127.0.0.1:${address.port}`
}

/** A provider with one body. */
const saying = (body: string | Buffer, head = 'content-type: text/plain', at = {}): Promise<string> =>
  raw(socket => {
    const length = `content-length: ${Buffer.byteLength(body)}`
    socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n${length}\r\nconnection: close\r\n\r\n`)
    socket.end(body)
  }, at)

const leadingTo = (upstream: string): Promise<void> =>
  put(toOpenAi({ port: 3000, upstream, auth: `key: "${KEY}"` }))

/** Signs that a terminal acts on. */
const ACTED_ON = /[\0-\x08\x0b-\x1f\x7f-\x9f\u202e\u2066]/

describe('what others have written cannot act on the terminal', () => {
  const evil = 'one\u001b]0;title\u0007two\u009b31m\u202ethree\u0000\r\nfour\tfive\n'

  it('in an answer', async () => {
    await leadingTo(await saying(evil, 'content-type: text/plain\r\nretry-after: 1\u009b31m'))
    const { stdout, stderr, status } = await test()
    expect(status, stderr).toBe(0)
    expect(stdout + stderr).not.toMatch(ACTED_ON)
    const { stdout: json } = await test(['--json'])
    expect(json).not.toMatch(ACTED_ON)
    expect(JSON.parse(json).ok).toBe(true)
  })

  it('is shown line by line, with a tab as it is', async () => {
    await leadingTo(await saying('one\u001b[2J\r\nfour\tfive\n'))
    expect((await test()).stdout).toContain('\n\none␛[2J\nfour\tfive\n')
  })

  it('in the config', async () => {
    const policies = { directResponse: { status: 200, body: evil } }
    const config = { gateways: { default: { port: 3000 } }, routes: [{ name: 'a\u001b[2Jb', policies }] }
    await put(JSON.stringify(config).replaceAll('\u009b', '\\u009b'))
    for (const args of [[], ['--explain'], ['--explain', '--json']]) {
      const { stdout, status, stderr } = await test(args)
      expect(status, stderr).toBe(0)
      expect(stdout).not.toMatch(ACTED_ON)
    }
  })

  it('in what a gateway that runs says of its upstream', async () => {
    const head = 'HTTP/1.1 503 No\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n'
    const address = await raw(socket =>
      socket.end(`${head}upstream call failed: \u001b[2J${'x'.repeat(9999)}`),
    )
    await leadingTo('127.0.0.1:9')
    const { stderr, status } = await test(['--url', `http://${address}`])
    expect(status).toBe(5)
    expect(stderr).not.toMatch(ACTED_ON)
    expect(stderr.length).toBeLessThan(600)
  })
})

describe('an answer', () => {
  it('that is no text is told by its size and type', async () => {
    await leadingTo(
      await saying(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 0xff]), 'content-type: image/png'),
    )
    expect((await test()).stdout).toContain('(7 bytes that are no text, of type image/png)')
    const { stdout } = await test(['--json'])
    expect(JSON.parse(stdout)).toMatchObject({ response: null, responseType: 'image/png', responseBytes: 7 })
  })

  it('that is huge is told by its beginning and its size', async () => {
    const size = 3_000_000
    await leadingTo(await saying('é'.repeat(size / 2)))
    const { stdout, status } = await test()
    expect(status).toBe(0)
    expect(stdout).toContain(`… ${size} bytes in all`)
    expect(stdout.length).toBeLessThan(5000)
    expect(stdout).not.toContain('\ufffd')
    expect(JSON.parse((await test(['--json'])).stdout).responseBytes).toBe(size)
  })

  it('of HTTP/1.0, which ends with its connection, is a whole one', async () => {
    await leadingTo(
      await raw(socket => socket.end('HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n{"id":"x"}')),
    )
    const { stdout, status, stderr } = await test()
    expect(status, stderr).toBe(0)
    expect(stdout).toContain('{"id":"x"}')
  })

  it.each([
    [
      'has begun',
      'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: {"some":1}\n\n',
      /answer {5}200 /,
    ],
    ['has not begun', '', /^upstream {3}POST /m],
  ])('that does not end, and %s: the way is shown, and the time is over', async (_, begins, shows) => {
    await leadingTo(
      await raw(socket => {
        socket.write(begins)
        const drip = setInterval(() => socket.writable && begins && socket.write(': still here\n'), 200)
        socket.on('close', () => clearInterval(drip))
      }),
    )
    const started = Date.now()
    const { stdout, stderr, status } = await test(['--timeout', '1'])
    expect(status).toBe(5)
    expect(Date.now() - started).toBeLessThan(15_000)
    expect(stderr).toMatch(/no whole answer from 127\.0\.0\.1:\d+ within 1 s\n.*--timeout/)
    expect(stdout).toMatch(shows)
    expect(stdout).toContain('✗ did not pass')
    if (begins) expect(stdout).toContain('data: {"some":1}')
  })

  it('that breaks off is shown as far as it came', async () => {
    await leadingTo(
      await raw(socket => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"id":')
        setTimeout(() => socket.destroy(), 100)
      }),
    )
    const { stdout, stderr, status } = await test(['--expect-status', '200'])
    expect(status).toBe(5)
    expect(stderr).toMatch(/the answer was cut off/)
    expect(stdout).toContain('{"id":')
    expect(stdout).toMatch(/^answer {5}200 {2}head/m)
    expect(stdout).toContain('✗ did not pass: the answer is not whole')
  })
})

describe('a provider', () => {
  it('behind a Unix socket is called there, and named so', async () => {
    const path = join(folder, 'provider.sock')
    const upstream = await saying('{"id":"x"}', 'content-type: application/json', { path })
    await leadingTo(upstream)
    const { stdout, status, stderr } = await test()
    expect(status, stderr).toBe(0)
    expect(stdout).toMatch(new RegExp(`^upstream {3}POST http://localhost/\\S+ over unix:${path}$`, 'm'))
    const { stdout: json } = await test(['--explain', '--json'])
    expect(JSON.parse(json).upstream.endpoint).toBe(`unix:${path}`)
  })

  it('at an address of IPv6 is called there', async () => {
    const upstream = await saying('{"id":"x"}', 'content-type: application/json', { host: '::1' })
    await leadingTo(upstream)
    const { stdout, status, stderr } = await test()
    expect(status, stderr).toBe(0)
    expect(stdout).toContain(`POST http://${upstream}/`)
  })
})

describe('a port with TLS', () => {
  beforeEach(async () => {
    const { cert, key } = makeCertificate(['site.test', 'localhost'])
    await writeFile(join(folder, 'cert.pem'), cert)
    await writeFile(join(folder, 'key.pem'), key)
    const tls = { cert: 'cert.pem', key: 'key.pem' }
    const redirect = { requestRedirect: { path: { full: '/new' } } }
    await put({
      binds: [
        {
          port: 3443,
          listeners: [
            { name: 'site', hostname: 'site.test', protocol: 'HTTPS', tls, routes: [{ policies: redirect }] },
            {
              name: 'rest',
              protocol: 'HTTPS',
              tls,
              routes: [{ policies: { directResponse: { status: 200, body: 'rest' } } }],
            },
          ],
        },
      ],
    })
  })

  it('is tried over TLS, by the name of the host', async () => {
    for (const args of [[], ['--explain']]) {
      const rest = await test(args)
      expect(rest.status, rest.stdout + rest.stderr).toBe(0)
      expect(rest.stdout).toMatch(/^listener {3}rest$/m)
      const site = await test(['--host', 'site.test', '--expect-status', '302', ...args])
      expect(site.stdout).toMatch(/^listener {3}site$/m)
      expect(site.stdout).toContain('location: https://site.test/new')
    }
  })
})
