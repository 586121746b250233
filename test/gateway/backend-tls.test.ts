import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Runtime, upstreamsOf } from '../../src/gateway/runtime.ts'
import { makeCertificate } from '../helpers/tls.ts'
import { call, post } from './kit/client.ts'
import { runtimeOf } from './kit/config.ts'
import { toHost } from './kit/configs.ts'
import { startTestGateway } from './kit/gateway.ts'
import { startUpstream } from './kit/upstream.ts'

const SERVER = makeCertificate(['up.test', '127.0.0.1'])
const OTHER = makeCertificate(['other.test'])
const CLIENT = makeCertificate(['client.test'])

const FILES: Readonly<Record<string, string>> = {
  'ca.pem': SERVER.ca,
  'other-ca.pem': OTHER.ca,
  'client.pem': CLIENT.cert,
  'client.key': CLIENT.key,
  'other.key': OTHER.key,
}
const compile = { readFile: (path: string) => FILES[path] ?? '' }

/** Answers with the name of the client's certificate, or `nobody`. */
async function secureUpstream(certificate = SERVER): Promise<number> {
  const server = createTlsServer(
    { ...certificate, ca: CLIENT.ca, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const socket = request.socket as import('node:tls').TLSSocket
      response.end(socket.authorized ? String(socket.getPeerCertificate().subject.CN) : 'nobody')
    },
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const NAME = 'upstream call failed: TLS: the certificate is for another name'
const ISSUER = 'upstream call failed: TLS: the certificate cannot be verified'

const CASES: readonly (readonly [
  title: string,
  tls: object,
  certificate: typeof SERVER,
  status: number,
  body: string,
])[] = [
  ['a root of its own', { root: 'ca.pem' }, SERVER, 200, 'nobody'],
  ['no root for it', {}, SERVER, 503, ISSUER],
  ['another root', { root: 'other-ca.pem' }, SERVER, 503, ISSUER],
  ['a name that the certificate has', { root: 'ca.pem', hostname: 'up.test' }, SERVER, 200, 'nobody'],
  ['a name that it has not', { root: 'ca.pem', hostname: 'x.test' }, SERVER, 503, NAME],
  ['any certificate, said so', { insecure: true }, OTHER, 200, 'nobody'],
  ['any name, said so', { root: 'other-ca.pem', insecureHost: true }, OTHER, 200, 'nobody'],
  ['any name, but not any signature', { root: 'ca.pem', insecureHost: true }, OTHER, 503, ISSUER],
  [
    'a certificate of the gateway',
    { root: 'ca.pem', cert: 'client.pem', key: 'client.key' },
    SERVER,
    200,
    'client.test',
  ],
]

describe('TLS to a backend', () => {
  it.each(CASES)('with %s', async (_title, backendTLS, certificate, status, body) => {
    const upstream = await secureUpstream(certificate)
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream}`, { backendTLS }), { compile })
    expect(await call(port, { method: 'GET' })).toMatchObject({ status, body })
  })

  it.each([
    ['a key of another certificate', { cert: 'client.pem', key: 'other.key' }, /the key does not belong/],
    [
      'a certificate without its key',
      { cert: 'client.pem' },
      /a client certificate is a certificate and its key/,
    ],
  ])('is refused before it starts: %s', (_title, backendTLS, words) => {
    expect(() => runtimeOf(toHost('a.test:443', { backendTLS }), compile)).toThrow(words)
  })

  it('two routes with different certificates share no connection', () => {
    const plain = runtimeOf(toHost('a.test:443', { backendTLS: { root: 'ca.pem' } }), compile)
    const mutual = runtimeOf(
      toHost('a.test:443', { backendTLS: { root: 'ca.pem', cert: 'client.pem', key: 'client.key' } }),
      compile,
    )
    const keyOf = (runtime: Runtime) => upstreamsOf(runtime)[0]?.key
    expect(keyOf(plain)).not.toBe(keyOf(mutual))
    expect(keyOf(mutual)).not.toContain('PRIVATE KEY')
  })
})

describe('whether a provider is called by TLS', () => {
  const model =
    (params: object, more: object = {}) =>
    (address: string) => ({
      llm: { models: [{ name: 'm', provider: 'openAI', params: fill(params, address), ...more }] },
    })
  const backend = (policies: object) => (address: string) => {
    const ai = { name: 'a', provider: { openAI: {} }, hostOverride: address, policies }
    return { binds: [{ port: 3000, listeners: [{ routes: [{ backends: [{ ai }] }] }] }] }
  }
  const fill = (params: object, address: string) =>
    JSON.parse(JSON.stringify(params).replaceAll('ADDRESS', address))
  const TLS = { status: 503, body: 'upstream call failed: TLS: the handshake failed' }
  const PLAIN = { status: 200, body: '{}' }

  it.each<[string, (address: string) => object, object]>([
    ['baseUrl with https', model({ baseUrl: 'https://ADDRESS/v1' }), TLS],
    ['baseUrl with http', model({ baseUrl: 'http://ADDRESS/v1' }), PLAIN],
    ['baseUrl with http, and tls', model({ baseUrl: 'http://ADDRESS/v1' }, { tls: {} }), TLS],
    ['the same by its other name', model({ baseUrl: 'http://ADDRESS/v1' }, { backendTLS: {} }), TLS],
    ['hostOverride', model({ hostOverride: 'ADDRESS' }), PLAIN],
    ['hostOverride, and tls', model({ hostOverride: 'ADDRESS' }, { tls: {} }), TLS],
    ['hostOverride of an ai backend', backend({}), PLAIN],
    ['hostOverride of an ai backend, and backendTLS', backend({ backendTLS: {} }), TLS],
  ])('%s', async (_title, config, wanted) => {
    const upstream = await startUpstream()
    const { port } = await startTestGateway(JSON.stringify(config(`127.0.0.1:${upstream.port}`)))
    expect(await post(port, '/v1/chat/completions', { model: 'm', messages: [] })).toMatchObject(wanted)
  })
})

describe('a backend on a Unix socket', () => {
  it('is called there, by the name that the client gave', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'agw-unix-'))
    const server = createServer((request, response) => response.end(`${request.url} ${request.headers.host}`))
    await new Promise<void>(resolve => server.listen(join(folder, 'up.sock'), resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
      rmSync(folder, { recursive: true })
    })
    const { port, nextEvent } = await startTestGateway(toHost(`unix:${join(folder, 'up.sock')}`))
    const answer = await call(port, { method: 'GET', path: '/x', headers: { host: 'client.test' } })
    expect(answer).toMatchObject({ status: 200, body: '/x client.test' })
    expect(await nextEvent()).toMatchObject({ endpoint: `unix:${join(folder, 'up.sock')}` })
  })
})
