import { request } from 'node:https'
import { type AddressInfo, connect as connectPlain, createServer } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { makeCertificate } from '../../helpers/tls.ts'
import { type Answer, call } from '../kit/client.ts'
import { runtimeOf } from '../kit/config.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'

const A = makeCertificate(['a.test'])
const B = makeCertificate(['b.test'])
const NEXT = makeCertificate(['a.test'])
const CLIENT = makeCertificate(['client.test'])

/** Certificate files by name; a test may exchange one. */
function files(more: Record<string, string> = {}): (path: string) => string {
  const all: Record<string, string> = {
    'a.pem': A.cert,
    'a.key': A.key,
    'b.pem': B.cert,
    'b.key': B.key,
    'client-ca.pem': CLIENT.ca,
    ...more,
  }
  return path => all[path] ?? ''
}

/** Since OpenSSL 3.5. */
const hasPostQuantum = Number(process.versions.openssl.split('.', 2).join('.')) >= 3.5

interface Ask {
  readonly ca: string
  readonly servername: string
  readonly host?: string
  readonly path?: string
  readonly cert?: string
  readonly key?: string
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3'
}

function ask(port: number, { host, path = '/', ...tls }: Ask): Promise<Pick<Answer, 'status' | 'body'>> {
  return new Promise((resolve, reject) => {
    const headers = { host: host ?? tls.servername }
    const sent = request({ host: '127.0.0.1', port, path, headers, agent: false, ...tls }, async response => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() })
    })
    sent.on('error', reject)
    sent.end()
  })
}

function direct(body: string): object {
  return { policies: { directResponse: { status: 200, body } } }
}

const TWO = JSON.stringify({
  binds: [
    {
      port: 3000,
      listeners: [
        {
          name: 'a',
          hostname: 'a.test',
          protocol: 'HTTPS',
          tls: { cert: 'a.pem', key: 'a.key' },
          routes: [direct('a')],
        },
        {
          name: 'b',
          hostname: '*.b.test',
          protocol: 'HTTPS',
          tls: { cert: 'b.pem', key: 'b.key' },
          routes: [direct('b')],
        },
      ],
    },
  ],
})

function one(tls: object): string {
  return JSON.stringify({
    gateways: { default: { port: 3000, tls: { cert: 'a.pem', key: 'a.key', ...tls } } },
    routes: [direct('a')],
  })
}

describe('an HTTPS listener', () => {
  it('shows the certificate of the name that is asked for, and serves its routes', async () => {
    const { port, nextEvent } = await startTestGateway(TWO, { compile: { readFile: files() } })
    expect(await ask(port, { ca: A.ca, servername: 'a.test' })).toEqual({ status: 200, body: 'a' })
    expect(await nextEvent()).toMatchObject({ listener: 'a' })
    await expect(ask(port, { ca: A.ca, servername: 'x.b.test' })).rejects.toThrow(/certificate|signature/)
  })

  it('says so where it listens', async () => {
    const { gateway } = await startTestGateway(TWO, { compile: { readFile: files() } })
    expect(gateway.addresses[0]).toMatchObject({ scheme: 'https' })
  })

  it.each([
    ['a host of another listener is misdirected', 'x.b.test', { status: 421, body: 'misdirected request' }],
    ['a host of no listener has no route', 'c.test', { status: 404, body: 'route not found' }],
    ['a port in the host changes nothing', 'a.test:8443', { status: 200, body: 'a' }],
    ['nor does the dot of the root', 'a.test.', { status: 200, body: 'a' }],
  ])('%s', async (_title, host, answer) => {
    const { port, nextEvent } = await startTestGateway(TWO, { compile: { readFile: files() } })
    expect(await ask(port, { ca: A.ca, servername: 'a.test', host })).toEqual(answer)
    expect(await nextEvent()).toMatchObject({ reason: answer.status === 200 ? 'DirectResponse' : 'NotFound' })
  })

  it('shows the same certificate to who asks with the dot of the root', async () => {
    const { port } = await startTestGateway(TWO, { compile: { readFile: files() } })
    expect(await ask(port, { ca: A.ca, servername: 'a.test.' })).toEqual({ status: 200, body: 'a' })
  })

  it('makes no connection for a name that no listener has', async () => {
    const { port } = await startTestGateway(TWO, { compile: { readFile: files() } })
    await expect(ask(port, { ca: A.ca, servername: 'c.test' })).rejects.toThrow()
  })

  it('serves a host of all names by the certificate it has', async () => {
    const { port } = await startTestGateway(one({}), { compile: { readFile: files() } })
    expect(await ask(port, { ca: A.ca, servername: 'a.test', host: 'other.test' })).toEqual({
      status: 200,
      body: 'a',
    })
  })

  it('refuses clients that speak an older TLS than it takes', async () => {
    const { port } = await startTestGateway(one({ minTLSVersion: 'TLS_V1_3' }), {
      compile: { readFile: files() },
    })
    await expect(ask(port, { ca: A.ca, servername: 'a.test', maxVersion: 'TLSv1.2' })).rejects.toThrow()
    expect(await ask(port, { ca: A.ca, servername: 'a.test' })).toMatchObject({ status: 200 })
  })

  it.each<[string, object, object, object]>([
    [
      'a suite of TLS 1.3',
      { cipherSuites: ['TLS13_CHACHA20_POLY1305_SHA256'] },
      {},
      { protocol: 'TLSv1.3', cipher: 'TLS_CHACHA20_POLY1305_SHA256' },
    ],
    [
      'suites of TLS 1.2 alone',
      { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'] },
      {},
      { protocol: 'TLSv1.2', cipher: expect.stringMatching(/^ECDHE-(?:ECDSA|RSA)-AES128-GCM-SHA256$/) },
    ],
    ['a group', { keyExchangeGroups: ['P-384'] }, {}, { group: 'P-384' }],
    ['a group of all listeners', {}, { keyExchangeGroups: ['P-256'] }, { group: 'P-256' }],
    ['its own group', { keyExchangeGroups: ['P-384'] }, { keyExchangeGroups: ['P-256'] }, { group: 'P-384' }],
  ])('offers %s', async (_title, tls, all, wanted) => {
    const config = { ...JSON.parse(one(tls)), frontendPolicies: { tls: all } }
    const { port } = await startTestGateway(JSON.stringify(config), { compile: { readFile: files() } })
    const socket = connect({ host: '127.0.0.1', port, servername: 'a.test', ca: A.ca })
    await new Promise(resolve => socket.once('secureConnect', resolve))
    const { name, type } = socket.getEphemeralKeyInfo() as { name?: string; type: string }
    const curves: Record<string, string> = { prime256v1: 'P-256', secp384r1: 'P-384' }
    const group = curves[name ?? ''] ?? name ?? type
    expect({ protocol: socket.getProtocol(), cipher: socket.getCipher().name, group }).toMatchObject(wanted)
    socket.destroy()
  })

  it('makes no connection with a client that has none of its groups', async () => {
    const { port } = await startTestGateway(one({ keyExchangeGroups: ['P-384'] }), {
      compile: { readFile: files() },
    })
    const socket = connect({ host: '127.0.0.1', port, servername: 'a.test', ca: A.ca, ecdhCurve: 'X25519' })
    await expect(new Promise((_, reject) => socket.once('error', reject))).rejects.toThrow(/handshake/)
  })

  it.each([
    [
      'suites of a version that is not taken',
      { minTLSVersion: 'TLS_V1_3', cipherSuites: ['ECDHE-RSA-AES128-GCM-SHA256'] },
      'cipherSuites',
    ],
  ])('does not start with %s', (_title, tls, place) => {
    expect(() => runtimeOf(one(tls), { readFile: files() })).toThrow(`gateways.default.tls.${place}: `)
  })

  it.skipIf(hasPostQuantum)('does not start with a group that this Node.js does not have', () => {
    const tls = { keyExchangeGroups: ['X25519', 'X25519_MLKEM768'] }
    expect(() => runtimeOf(one(tls), { readFile: files() })).toThrow(/tls\.keyExchangeGroups: this Node\.js/)
  })

  it('with roots takes only clients that show a certificate of theirs', async () => {
    const { port } = await startTestGateway(one({ root: 'client-ca.pem' }), {
      compile: { readFile: files() },
    })
    await expect(ask(port, { ca: A.ca, servername: 'a.test' })).rejects.toThrow()
    await expect(ask(port, { ca: A.ca, servername: 'a.test', cert: B.cert, key: B.key })).rejects.toThrow()
    const { cert, key } = CLIENT
    expect(await ask(port, { ca: A.ca, servername: 'a.test', cert, key })).toMatchObject({ status: 200 })
  })

  it('tells a client in clear text what it speaks, and goes on', async () => {
    const { port } = await startTestGateway(one({}), { compile: { readFile: files() } })
    const socket = connectPlain(port, '127.0.0.1')
    let received = ''
    socket.on('data', chunk => {
      received += chunk
    })
    socket.write('GET / HTTP/1.1\r\nhost: a.test\r\n\r\n')
    await new Promise(resolve => socket.once('close', resolve).on('error', () => {}))
    expect(received).toMatch(
      /^HTTP\/1\.1 400 Bad Request\r\n.*Connection: close\r\n\r\nthis port speaks TLS: call it by https:\/\/$/s,
    )
    const other = connectPlain(port, '127.0.0.1')
    other.on('data', chunk => {
      received = chunk.toString()
    })
    received = ''
    other.write('SSH-2.0-OpenSSH_9.2\r\n')
    await new Promise(resolve => other.once('close', resolve).on('error', () => {}))
    expect(received).not.toContain('HTTP')
    expect(await ask(port, { ca: A.ca, servername: 'a.test' })).toMatchObject({ status: 200 })
  })

  it('shows a renewed certificate to new connections, and keeps the old ones', async () => {
    const { port, gateway } = await startTestGateway(one({}), { compile: { readFile: files() } })
    const kept: TLSSocket = connect({ host: '127.0.0.1', port, servername: 'a.test', ca: A.ca })
    await new Promise(resolve => kept.once('secureConnect', resolve))
    const readFile = files({ 'a.pem': NEXT.cert, 'a.key': NEXT.key })
    await gateway.reload(runtimeOf(one({}), { readFile }))
    await expect(ask(port, { ca: A.ca, servername: 'a.test' })).rejects.toThrow()
    expect(await ask(port, { ca: NEXT.ca, servername: 'a.test' })).toMatchObject({ status: 200 })
    kept.write('GET / HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n')
    let text = ''
    for await (const chunk of kept) text += chunk
    expect(text).toContain('200 OK')
  })

  it('renews it for clients that name no host, too', async () => {
    const { port, gateway } = await startTestGateway(one({}), { compile: { readFile: files() } })
    await gateway.reload(runtimeOf(one({}), { readFile: files({ 'a.pem': NEXT.cert, 'a.key': NEXT.key }) }))
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
    await new Promise(resolve => socket.once('secureConnect', resolve))
    expect(`${socket.getPeerCertificate().raw.toString('base64').slice(0, 40)}`).toBe(
      NEXT.cert.split('\n').slice(1, 2).join('').slice(0, 40),
    )
    socket.destroy()
  })

  it('a port may go from clear text to TLS with a reload', async () => {
    const plain = JSON.stringify({ gateways: { default: { port: 3000 } }, routes: [direct('plain')] })
    const { gateway } = await startTestGateway(plain)
    await gateway.reload(runtimeOf(one({}), { readFile: files() }))
    const [address] = gateway.addresses
    expect(address).toMatchObject({ scheme: 'https' })
    expect(await ask(address?.port ?? 0, { ca: A.ca, servername: 'a.test' })).toMatchObject({ status: 200 })
  })

  it('a change from clear text to TLS that cannot be made whole leaves the port as it was', async () => {
    const taken = createServer()
    await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void taken.close())
    const { port: other } = taken.address() as AddressInfo
    const plain = JSON.stringify({ gateways: { default: { port: 3000 } }, routes: [direct('plain')] })
    const { gateway } = await startTestGateway(plain)
    const next = JSON.parse(one({}))
    next.gateways.second = { port: other }
    await expect(gateway.reload(runtimeOf(JSON.stringify(next), { readFile: files() }))).rejects.toThrow(
      expect.objectContaining({ code: 'PORT_TAKEN' }),
    )
    const [address] = gateway.addresses
    expect(gateway.addresses).toHaveLength(1)
    expect(address).toMatchObject({ scheme: 'http' })
    expect(await call(address?.port ?? 0)).toMatchObject({ status: 200, body: 'plain' })
  })

  it('tells expressions and redirects that the scheme is https', async () => {
    const config = JSON.stringify({
      gateways: { default: { port: 3000, tls: { cert: 'a.pem', key: 'a.key' } } },
      routes: [
        {
          matches: [{ headers: [{ name: ':scheme', value: { exact: 'https' } }] }],
          policies: { urlRewrite: { authority: 'none' } },
          backends: [{ host: '127.0.0.1:1' }],
        },
      ],
    })
    const upstream = await startUpstream()
    const { port } = await startTestGateway(config, {
      compile: { readFile: files() },
      standIn: { host: '127.0.0.1', port: upstream.port },
    })
    expect(await ask(port, { ca: A.ca, servername: 'a.test' })).toMatchObject({ status: 200 })
  })

  it.each([
    ['a file that is not there', { cert: 'none.pem' }, /cert: none\.pem/],
    ['a key of another certificate', { key: 'b.key' }, /tls: the certificate and its key cannot be used/],
    ['a certificate in the place of the key', { key: 'a.pem' }, /key: a\.pem holds no private key/],
  ])('is refused before it starts: %s', (_title, tls, message) => {
    const readFile = (path: string) => {
      const text = files()(path)
      if (text === '') throw Object.assign(new Error('no'), { code: 'ENOENT' })
      return text
    }
    expect(() => runtimeOf(one(tls), { readFile })).toThrow(message)
  })

  it('a port cannot be both clear text and TLS', () => {
    const config = JSON.parse(TWO)
    config.binds[0].listeners.push({ hostname: 'c.test', routes: [] })
    expect(() => runtimeOf(JSON.stringify(config), { readFile: files() })).toThrow(
      /binds\[0\]\.listeners\[2\]: a port speaks TLS or does not/,
    )
  })
})
