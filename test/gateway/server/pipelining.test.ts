import type { Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { rawClient } from '../kit/client.ts'
import { refusal } from '../kit/client-connection.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'
import { startUpstream } from '../kit/upstream.ts'
import { eventually } from '../kit/wait.ts'

const get = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\nhost: a\r\n${headers}\r\n`
const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `/${i + 1}`)
const gets = (count: number): string =>
  numbered(count)
    .map(path => get(path))
    .join('')

const posted = (path: string, body: string, length = body.length): string =>
  `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n${body}`

/** An upstream whose answers are the paths it was asked for; `/hang` gets none. */
async function startPaths() {
  return startUpstream((response, { url, body }) => {
    if (url === '/hang') return
    response.setHeader('content-length', url.length + body.length)
    response.end(url + body)
  })
}

describe('requests that a client sends before it has the answers', () => {
  it('go upstream one at a time', async () => {
    let asking: Socket | undefined
    const upstream = await startRawUpstream(first => {
      asking = first
      first.on('data', () => {
        asking = first
      })
    })
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write(gets(3))
    for (const path of numbered(3)) {
      await eventually(() => upstream.bytes().includes(`GET ${path} `))
      const asked = upstream.bytes().match(/GET \/\d/g)
      expect(asked).toEqual(numbered(Number(path.slice(1))).map(one => `GET ${one}`))
      asking?.write(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n${path}`)
      await client.until(text => text.endsWith(path))
    }
  })

  it('have their answers in order, bodies, refusals and expectations among them', async () => {
    const upstream = await startPaths()
    const { port, events } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    const body = 'b'.repeat(100_000)
    client.socket.write(
      [
        get('/1'),
        posted('/2', body),
        'GET /3 HTTP/1.1\r\n\r\n',
        get('/4', 'expect: magic\r\n'),
        get('/5', 'expect: 100-continue\r\ncontent-length: 0\r\n'),
      ].join(''),
    )
    await client.closed
    expect(
      client
        .received()
        .match(/HTTP\/1\.1 [2-5]\d\d|\/\d/g)
        ?.filter(text => text !== '/1'),
    ).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', '/2', 'HTTP/1.1 400', 'HTTP/1.1 417', 'HTTP/1.1 200', '/5'])
    expect(client.received()).toContain(`/2${body}`)
    expect(events.map(({ path, status }) => [path, status])).toEqual([
      ['/1', 200],
      ['/2', 200],
      ['/3', 400],
      ['/4', 417],
      ['/5', 200],
    ])
  })

  it('may be hundreds behind one', async () => {
    const upstream = await startPaths()
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write(gets(500))
    await eventually(() => client.received().endsWith('\r\n\r\n/500'))
    expect(client.received().match(/(?<=\r\n\r\n)\/\d+/g)).toEqual(numbered(500))
    expect(client.received()).not.toMatch(/connection: close/i)
  })

  it('may be half a megabyte; the others are to be sent again', async () => {
    let goOn = (): void => {}
    const upstream = await startUpstream((response, { url }) => {
      const answer = (): void => void response.end(url)
      if (url === '/1') goOn = answer
      else answer()
    })
    const remove = Array.from({ length: 60 }, (_, i) => `x-${i}`)
    const policies = { requestHeaderModifier: { remove } }
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`, policies))
    const client = await rawClient(port)
    const large = remove.map(name => `${name}: ${'v'.repeat(1000)}\r\n`).join('')
    const sent = numbered(30).map(path => get(path, large))
    await new Promise<void>(resolve => client.socket.write(sent.join(''), () => resolve()))
    await eventually(() => upstream.seen.length === 1)
    await new Promise(resolve => setTimeout(resolve, 100))
    goOn()
    await client.closed
    const whole = 1 + Math.floor((512 * 1024) / (sent[5]?.length ?? 0))
    expect(upstream.seen.map(({ url }) => url)).toEqual(numbered(whole))
    expect(client.received().match(/(?<=HTTP\/1\.1 )\d{3}/g)).toEqual(Array(whole).fill('200'))
  })

  it.each<[string, string]>([
    ['with a length', posted('/3', 'b'.repeat(300_000))],
    [
      'in chunks',
      `POST /3 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${'1\r\nb\r\n'.repeat(60_000)}0\r\n\r\n`,
    ],
  ])('may wait with half a megabyte of bodies; whose body is not kept is told so: %s', async (_, third) => {
    let goOn = (): void => {}
    const upstream = await startUpstream((response, { url, body }) => {
      const answer = (): void => void response.end(`${url} ${body.length}.`)
      if (url === '/1') goOn = answer
      else answer()
    })
    const { port, events } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    const bodies = [posted('/2', 'b'.repeat(300_000)), third, posted('/4', 'b')]
    await new Promise<void>(resolve => client.socket.write(get('/1') + bodies.join(''), () => resolve()))
    await eventually(() => upstream.seen.length === 1)
    await new Promise(resolve => setTimeout(resolve, 100))
    goOn()
    await client.closed
    const said = client.received().match(/(?<=HTTP\/1\.1 )\d{3}|\/\d \d+\.|Connection: close/g)
    expect(said).toEqual(['200', '/1 0.', '200', '/2 300000.', '413', 'Connection: close'])
    expect(events.map(({ status }) => status)).toEqual([200, 200, 413])
  })

  it('come as long as they do not wait', async () => {
    const upstream = await startPaths()
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    for (const round of [1, 2, 3]) {
      client.socket.write(gets(90))
      await eventually(() => client.received().split('\r\n\r\n/90').length === round + 1)
    }
    expect(upstream.seen).toHaveLength(270)
  })

  it('take one connection upstream, however many they are', async () => {
    const warnings: string[] = []
    const note = (warning: Error): number => warnings.push(warning.name)
    process.on('warning', note)
    onTestFinished(() => void process.off('warning', note))
    const upstream = await startPaths()
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    await new Promise<void>(resolve => client.socket.write(get('/hang').repeat(30_000), () => resolve()))
    await eventually(() => upstream.seen.length === 1)
    client.socket.destroy()
    await eventually(() => upstream.connections.every(({ destroyed }) => destroyed))
    expect(upstream.seen.length).toBe(1)
    expect(warnings).toEqual([])
  })
})

describe('bytes that are no request', () => {
  it.each<[string, string[], string]>([
    ['behind one that is under way', [get('/1')], 'nonsense\r\n\r\n'],
    ['behind several', [get('/1'), get('/2'), get('/3')], 'nonsense\r\n\r\n'],
    [
      'in the body of one that waits',
      [get('/1')],
      'POST /2 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nno size\r\n',
    ],
    ['behind one that closes, of which nobody hears', [get('/1', 'connection: close\r\n')], '\r\nnonsense'],
  ])('are refused in their turn: %s', async (_, good, bad) => {
    const upstream = await startPaths()
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write(good.join('') + bad)
    await client.closed
    const statuses = client.received().match(/(?<=HTTP\/1\.1 )\d{3}/g)
    expect(statuses).toEqual([...good.map(() => '200'), ...(good[0]?.includes('close') ? [] : ['400'])])
    expect(upstream.seen.map(({ url }) => url)).toEqual(numbered(good.length))
  })

  it('take nothing of the answer before from the client', async () => {
    const size = 16 << 20
    const upstream = await startUpstream(response => response.end(Buffer.alloc(size, 'x')))
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write(`${get('/1')}nonsense\r\n\r\n`)
    await client.closed
    const received = client.received()
    expect(received.slice(-300)).toMatch(refusal('400 Bad Request', 'the request is no well-formed HTTP/1.1'))
    expect(received.slice(0, -300)).toMatch(/xxx$/)
    expect(received.length).toBeGreaterThan(size)
  })

  it('are told to no client that leaves, and the call before is given up', async () => {
    const upstream = await startPaths()
    const { port, nextEvent } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write(`${get('/hang')}nonsense\r\n\r\n`)
    await eventually(() => upstream.seen.length === 1)
    client.socket.resetAndDestroy()
    expect(await nextEvent()).toMatchObject({ path: '/hang', error: 'client disconnected' })
    await eventually(() => upstream.connections.every(socket => socket.destroyed))
  })
})

describe('a client that leaves while its requests wait', () => {
  const WAITING: readonly (readonly [title: string, bytes: string])[] = [
    ['a few', get('/big', `x: ${'p'.repeat(20_000)}\r\n`).repeat(4)],
    ['too many', get('/more').repeat(400)],
    ['one with a large body, half of it sent', posted('/large', 'b'.repeat(2 << 20), 4 << 20)],
    ['several with bodies', posted('/body', 'b'.repeat(300_000)).repeat(4)],
    ['those that the gateway refuses', 'GET / HTTP/1.1\r\n\r\n'.repeat(90)],
    ['those whose expectation nobody knows', get('/', 'expect: magic\r\n').repeat(400)],
  ]
  const LEAVING: readonly (readonly [title: string, leave: (socket: Socket) => void])[] = [
    ['by closing', socket => socket.destroy()],
    ['by a reset', socket => socket.resetAndDestroy()],
  ]

  it.each(
    WAITING.flatMap(([what, bytes]) => LEAVING.map(([how, leave]) => [what, how, bytes, leave] as const)),
  )('%s, %s, ends the call upstream', async (_what, _how, bytes, leave) => {
    const upstream = await startPaths()
    const { port, nextEvent } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const client = await rawClient(port)
    client.socket.write(get('/hang'))
    await eventually(() => upstream.seen.length === 1)
    await new Promise<void>(resolve => client.socket.write(bytes, () => resolve()))
    client.socket.write(get('/later'))
    await new Promise(resolve => setTimeout(resolve, 100))
    leave(client.socket)
    expect(await nextEvent()).toMatchObject({ path: '/hang', error: 'client disconnected' })
    await eventually(() => upstream.connections.every(({ destroyed }) => destroyed))
    expect(upstream.seen).toHaveLength(1)
  })
})
