import { X509Certificate } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { connect, type TLSSocket } from 'node:tls'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { makeCertificate } from '../../helpers/tls.ts'
import { runtimeOf } from '../kit/config.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'

const SERVER = makeCertificate(['a.test'])
const [ONE, OTHER] = [makeCertificate(['client.test']), makeCertificate(['client.test'])]
const FILES: Readonly<Record<string, string>> = {
  'a.pem': SERVER.cert,
  'a.key': SERVER.key,
  'one.pem': ONE.ca,
  'other.pem': OTHER.ca,
  'both.pem': `${OTHER.ca}\n${ONE.ca}`,
}
const compile = { readFile: (path: string) => FILES[path] ?? '' }

type Roots = Readonly<Record<string, string | undefined>>

/**
 * Listeners by host name, `*` for all, with the root for their clients; each tells its name, or asks the upstream where
 * one is given.
 */
function listeners(roots: Roots, upstream?: { readonly port: number }): string {
  const answer = (hostname: string): object =>
    upstream === undefined
      ? { policies: { directResponse: { status: 200, body: `at ${hostname}` } } }
      : { backends: [{ host: `127.0.0.1:${upstream.port}` }] }
  const written = Object.entries(roots).map(([hostname, root]) => ({
    ...(hostname !== '*' && { hostname }),
    protocol: 'HTTPS',
    tls: { cert: 'a.pem', key: 'a.key', ...(root && { root }) },
    routes: [answer(hostname)],
  }))
  return JSON.stringify({ binds: [{ port: 3000, listeners: written }] })
}

interface Client {
  readonly servername?: string
  readonly as?: typeof ONE | undefined
  readonly session?: Buffer | undefined
  readonly version?: 'TLSv1.2' | 'TLSv1.3'
}

interface Visit {
  /** The status and the body, or that no connection came about. */
  readonly heard: string
  /** What the client may show to be taken for the same again. */
  readonly session: Buffer | undefined
}

function clientOf(
  port: number,
  { servername = 'a.test', as, session, version = 'TLSv1.3' }: Client,
): TLSSocket {
  const shown = as && { cert: as.cert, key: as.key }
  const versions = { minVersion: version, maxVersion: version }
  const socket = connect({
    ...{ host: '127.0.0.1', port, servername, session, rejectUnauthorized: false },
    ...{ ...shown, ...versions },
  })
  onTestFinished(() => void socket.destroy())
  return socket.on('error', () => {})
}

async function visit(port: number, client: Client): Promise<Visit> {
  const socket = clientOf(port, client)
  const host = client.servername ?? 'a.test'
  let session: Buffer | undefined
  socket.on('session', given => {
    session = given
  })
  socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)
  let text = ''
  socket.on('data', chunk => {
    text += chunk
  })
  await new Promise(resolve => socket.once('close', resolve))
  const [, status = 'no answer', body = ''] = /^HTTP\/1\.1 (\d+) .*\r\n\r\n(.*)$/s.exec(text) ?? []
  return { heard: `${status} ${body}`.trim(), session }
}

describe('certificates of clients, by a reload', () => {
  it.each<[string, string | undefined, string | undefined, string, string]>([
    ['are asked for once there is a root', undefined, 'one.pem', 'no answer', '200 at *'],
    ['are not asked for any more once there is none', 'one.pem', undefined, '200 at *', '200 at *'],
    ['are judged by the new root', 'other.pem', 'one.pem', 'no answer', '200 at *'],
  ])('%s', async (_title, before, after, without, withOne) => {
    const { gateway } = await startTestGateway(listeners({ '*': before }), { compile })
    await gateway.reload(runtimeOf(listeners({ '*': after }), compile))
    const port = gateway.addresses[0]?.port ?? 0
    expect(await visit(port, {})).toMatchObject({ heard: without })
    expect(await visit(port, { as: ONE })).toMatchObject({ heard: withOne })
  })

  it('are asked of those, too, who have come without one before', async () => {
    const { gateway, port } = await startTestGateway(listeners({ '*': undefined }), { compile })
    const kept = clientOf(port, {})
    kept.write('GET / HTTP/1.1\r\nhost: a.test\r\n\r\n')
    await new Promise(resolve => kept.once('data', resolve))
    await gateway.reload(runtimeOf(listeners({ '*': 'one.pem' }), compile))
    await new Promise(resolve => kept.once('close', resolve))
  })
})

const GET = 'GET / HTTP/1.1\r\nhost: a.test\r\n\r\n'

/** A connection with all that has come over it. */
function listen(socket: TLSSocket): {
  until(end: string): Promise<string>
  readonly closed: Promise<string>
} {
  let text = ''
  socket.on('data', chunk => {
    text += chunk
  })
  return {
    async until(end) {
      while (!text.endsWith(end)) await new Promise(resolve => socket.once('data', resolve))
      return text
    },
    closed: new Promise(resolve => socket.once('close', () => resolve(text))),
  }
}

describe('a connection whose root a reload takes away', () => {
  /** One that has been served once; the upstream answers when it is told to. */
  async function served(): Promise<{
    readonly client: TLSSocket
    readonly heard: ReturnType<typeof listen>
    readonly held: ServerResponse[]
    readonly asked: () => Promise<ServerResponse>
    readonly reload: (roots: Roots) => Promise<void>
  }> {
    const held: ServerResponse[] = []
    const waiting: ((response: ServerResponse) => void)[] = []
    const upstream = await startUpstream(response => {
      held.push(response)
      waiting.shift()?.(response)
    })
    const asked = (): Promise<ServerResponse> => new Promise(resolve => waiting.push(resolve))
    const { gateway, port } = await startTestGateway(listeners({ 'a.test': 'one.pem' }, upstream), {
      compile,
    })
    const client = clientOf(port, { as: ONE })
    const heard = listen(client)
    const first = asked()
    client.write(GET)
    ;(await first).end('first')
    await heard.until('first')
    const reload = (roots: Roots) => gateway.reload(runtimeOf(listeners(roots, upstream), compile))
    return { client, heard, held, asked, reload }
  }

  it.each<[string, Roots]>([
    ['another root', { 'a.test': 'other.pem' }],
    ['a listener for its name with another root', { '*': 'one.pem', 'a.test': 'other.pem' }],
  ])('is closed when it is idle: %s', async (_title, roots) => {
    const { heard, reload } = await served()
    await reload(roots)
    expect(await heard.closed).toMatch(/first$/)
  })

  it('gets the answer to what is under way, is told, and is closed', async () => {
    const { client, heard, asked, reload } = await served()
    const second = asked()
    client.write(GET)
    const response = await second
    await reload({ 'a.test': 'other.pem' })
    response.end('second')
    expect(await heard.closed).toMatch(/\r\nconnection: close\r\n.*second$/is)
  })

  it('gets the rest of an answer that has begun, and no other', async () => {
    const { client, heard, held, asked, reload } = await served()
    const second = asked()
    client.write(GET)
    const response = await second
    response.writeHead(200, { 'content-length': 12 }).write('begun')
    await heard.until('begun')
    client.write(GET)
    await reload({ 'a.test': 'other.pem' })
    response.end(', ended')
    expect(await heard.closed).toMatch(/begun, ended$/)
    expect(held).toHaveLength(2)
  })

  it('lives on where the new root is one beside it', async () => {
    const { client, heard, asked, reload } = await served()
    await reload({ '*': 'other.pem', 'a.test': 'both.pem' })
    const second = asked()
    client.write(GET)
    ;(await second).end('second')
    expect(await heard.until('second')).not.toMatch(/connection: close/i)
  })
})

it('nobody is let in by a second handshake over a connection, which could ask for another name', async () => {
  const { port } = await startTestGateway(listeners({ 'a.test': 'one.pem' }), { compile })
  const client = clientOf(port, { as: ONE, version: 'TLSv1.2' })
  const heard = listen(client)
  client.write(GET)
  await heard.until('at a.test')
  const outcome = await new Promise<string>(resolve => {
    client.once('error', error => resolve(error.message))
    client.renegotiate({ rejectUnauthorized: false }, error => resolve(error?.message ?? 'shaken again'))
  })
  expect(outcome).toMatch(/no renegotiation/)
})

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a session of %s', version => {
  it.each<[string, Client]>([
    ['at another listener', { servername: 'b.test' }],
    ['at the same listener', { servername: 'a.test' }],
  ])('stands for no certificate %s', async (_title, client) => {
    const roots = { 'a.test': 'one.pem', 'b.test': 'other.pem' }
    const { port } = await startTestGateway(listeners(roots), { compile })
    const { heard, session } = await visit(port, { as: ONE, version })
    expect(heard).toBe('200 at a.test')
    expect(session).toBeDefined()
    expect(await visit(port, { ...client, session, version })).toMatchObject({ heard: 'no answer' })
  })

  it('stands for no certificate once the root is another', async () => {
    const { gateway, port } = await startTestGateway(listeners({ '*': 'one.pem' }), { compile })
    const { session } = await visit(port, { as: ONE, version })
    await gateway.reload(runtimeOf(listeners({ '*': 'other.pem' }), compile))
    expect(await visit(port, { session, version })).toMatchObject({ heard: 'no answer' })
    expect(await visit(port, { as: OTHER, session, version })).toMatchObject({ heard: '200 at *' })
  })

  it.each([
    ['for its own name', 'a.test'],
    ['for another name', 'b.test'],
  ])('shown %s leads to the listener of that name', async (_title, servername) => {
    const roots = { 'a.test': undefined, 'b.test': undefined, '*': undefined }
    const { port } = await startTestGateway(listeners(roots), { compile })
    const { session } = await visit(port, { version })
    expect(await visit(port, { servername, session, version })).toMatchObject({
      heard: `200 at ${servername}`,
    })
  })
})

describe('expressions', () => {
  const NAMES = ['client.test', 'spiffe://td/ns/team/sa/app', '10.0.0.1', '2001:db8::5']
  const CLIENT = makeCertificate(NAMES)
  const readFile = (path: string): string => (path === 'client.pem' ? CLIENT.ca : (FILES[path] ?? ''))

  async function said(bodyExpression: string, as?: typeof CLIENT, root?: string): Promise<string> {
    const tls = { cert: 'a.pem', key: 'a.key', ...(root !== undefined && { root }) }
    const routes = [{ policies: { directResponse: { status: 200, bodyExpression } } }]
    const config = { binds: [{ port: 3000, listeners: [{ protocol: 'HTTPS', tls, routes }] }] }
    const { port } = await startTestGateway(JSON.stringify(config), { compile: { readFile } })
    return (await visit(port, { as })).heard
  }

  it.each([
    ['source.subject', 'CN=client.test'],
    ['source.subjectCn', 'client.test'],
    ['source.issuer', 'CN=agw test CA'],
    ['source.subjectAltNames.join(" ")', NAMES.join(' ')],
    ['source.spiffeId', 'spiffe://td/ns/team/sa/app'],
    ['source.identity.trustDomain + source.identity.namespace + source.identity.serviceAccount', 'tdteamapp'],
    ['string(source.certificate.startsWith("-----BEGIN CERTIFICATE-----"))', 'true'],
    ['destination.hostname', 'a.test'],
  ])('see who a client is by its certificate: %s', async (expression, value) => {
    expect(await said(expression, CLIENT, 'client.pem')).toBe(`200 ${value}`)
  })

  it('see nothing of a certificate that nobody has asked for', async () => {
    expect(await said('default(source.subjectCn, "nobody")', CLIENT)).toBe('200 nobody')
  })

  it('see it in the log, too, once the connection has ended', async () => {
    const config = JSON.stringify({
      frontendPolicies: { accessLog: { add: { who: 'source.subjectCn' } } },
      ...(JSON.parse(listeners({ '*': 'one.pem' })) as object),
    })
    const { port, nextEvent } = await startTestGateway(config, { compile })
    await visit(port, { as: ONE })
    expect((await nextEvent()).log?.added).toEqual({ who: 'client.test' })
  })

  it.each([
    ['never where none asks', {}, 0],
    ['once for all requests of a connection', { add: { a: 'source.subjectCn', b: 'source.issuer' } }, 1],
  ])('have it read %s', async (_title, accessLog, times) => {
    const reading = vi.spyOn(X509Certificate.prototype, 'toLegacyObject')
    onTestFinished(() => reading.mockRestore())
    const config = JSON.stringify({
      frontendPolicies: { accessLog },
      ...(JSON.parse(listeners({ '*': 'one.pem' })) as object),
    })
    const { port, nextEvent } = await startTestGateway(config, { compile })
    const client = clientOf(port, { as: ONE })
    for (let i = 0; i < 3; i++) {
      client.write(GET)
      await nextEvent()
    }
    expect(reading).toHaveBeenCalledTimes(times)
  })
})
