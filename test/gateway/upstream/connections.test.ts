import { Agent, createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Connections } from '../../../src/gateway/upstream/connections.ts'
import { call, post } from '../kit/client.ts'
import { toHost, toModel } from '../kit/configs.ts'
import { dispatched } from '../kit/dispatched.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'
import { startUpstream } from '../kit/upstream.ts'

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

describe('connections to upstreams', () => {
  it('are kept and used again', async () => {
    const upstream = await startUpstream()
    const { port } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    for (let i = 0; i < 10; i++) expect((await post(port, '/', { model: 'm' })).status).toBe(200)
    expect(upstream.seen).toHaveLength(10)
    expect(upstream.connections).toHaveLength(1)
  })

  it('that the upstream closed while idle cost no request', async () => {
    const upstream = await startRawUpstream(socket => {
      socket.write(OK)
      setTimeout(() => socket.end(), 5)
    })
    const { port } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    for (let i = 0; i < 10; i++) {
      expect((await post(port, '/', { model: 'm' })).status).toBe(200)
      await new Promise(resolve => setTimeout(resolve, 25))
    }
    expect(upstream.sockets).toHaveLength(10)
  })

  it('that die under a request which was written do not have it sent twice', async () => {
    let requests = 0
    const upstream = await startRawUpstream(socket => {
      requests++
      socket.write(OK)
      socket.on('data', () => {
        requests++
        socket.resetAndDestroy()
      })
    })
    const { port } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    expect((await post(port, '/', { model: 'm' })).status).toBe(200)
    // A model may have been asked, and paid for, already: the client is told, and decides itself.
    expect(await post(port, '/', { model: 'm' })).toMatchObject({ status: 503 })
    expect(requests).toBe(2)
  })

  it('whose request is given up are not opened again', async () => {
    const upstream = await startRawUpstream(() => {})
    const { port } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    for (let i = 0; i < 5; i++) {
      const leaving = new AbortController()
      const call = fetch(`http://127.0.0.1:${port}/`, {
        method: 'POST',
        body: '{"model":"m"}',
        signal: leaving.signal,
      })
      await expect.poll(() => upstream.bytes().split('POST /').length).toBe(i + 2)
      leaving.abort()
      await expect(call).rejects.toThrow()
    }
    await expect.poll(() => upstream.sockets.filter(socket => !socket.destroyed)).toEqual([])
    expect(upstream.sockets).toHaveLength(5)
  })

  it('serve many clients at a time', async () => {
    const upstream = await startUpstream((response, seen) => {
      setTimeout(() => response.end(JSON.stringify({ echo: JSON.parse(seen.body).n })), 10)
    })
    const { port } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    const agent = new Agent({ keepAlive: true, maxSockets: 32 })
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) => call(port, { body: JSON.stringify({ model: 'm', n }), agent })),
    )
    agent.destroy()
    expect(answers.map(answer => JSON.parse(answer.body).echo)).toEqual(
      Array.from({ length: 200 }, (_, n) => n),
    )
  })
})

describe('many connections', () => {
  it('are forgotten when their sockets close, and kept for the next request until then', async () => {
    const upstream = await startUpstream(response => setTimeout(() => response.end('ok'), 20))
    const connections = new Connections(`http://127.0.0.1:${upstream.port}`, {})
    const burst = () => Promise.all(Array.from({ length: 300 }, () => dispatched(connections)))
    const open = () => upstream.connections.filter(socket => !socket.destroyed)
    expect(new Set(await burst())).toEqual(new Set(['ok']))
    expect(connections.count).toBe(300)
    // Out of order, and the ones that are used next among them.
    for (const [index, socket] of open().entries()) if (index % 3 !== 1) socket.destroy()
    await expect.poll(() => connections.count).toBe(100)
    expect(new Set(await burst())).toEqual(new Set(['ok']))
    expect(connections.count).toBe(open().length)
    for (const socket of open()) socket.destroy()
    await expect.poll(() => connections.count).toBe(0)
    expect(await dispatched(connections)).toBe('ok')
    await connections.destroy()
  })

  it('are forgotten when the idle time is over', async () => {
    const upstream = await startUpstream(response => response.end('ok'))
    const connections = new Connections(`http://127.0.0.1:${upstream.port}`, { idleMs: 50 })
    await Promise.all(Array.from({ length: 50 }, () => dispatched(connections)))
    await expect.poll(() => connections.count, { timeout: 5000 }).toBe(0)
    await connections.close()
  })

  it('are forgotten when an answer ends them', async () => {
    const upstream = await startUpstream(response => response.setHeader('connection', 'close').end('ok'))
    const connections = new Connections(`http://127.0.0.1:${upstream.port}`, {})
    for (let i = 0; i < 5; i++) expect(await dispatched(connections)).toBe('ok')
    await expect.poll(() => connections.count).toBe(0)
    expect(upstream.connections).toHaveLength(5)
    await connections.close()
  })

  it('that break under their requests fail those alone, and are forgotten', async () => {
    const upstream = await startUpstream((response, { url }) => {
      if (url === '/break') response.destroy()
      else if (url === '/half') {
        response.writeHead(200, { 'content-length': '9' })
        response.write('half')
        setTimeout(() => response.destroy(), 10)
      } else response.end('ok')
    })
    const connections = new Connections(`http://127.0.0.1:${upstream.port}`, {})
    const asked = ['/', '/break', '/', '/half', '/'].map(path => dispatched(connections, { path }))
    expect(await Promise.all(asked)).toEqual(['ok', 'UND_ERR_SOCKET', 'ok', 'UND_ERR_SOCKET', 'ok'])
    await expect.poll(() => connections.count).toBe(3)
    await connections.destroy()
  })

  it('that cannot be made, or speak no TLS, fail their requests and leave nothing', async () => {
    const upstream = await startUpstream(response => response.end('ok'))
    const plain = new Connections(`https://127.0.0.1:${upstream.port}`, {})
    const told = await Promise.all(Array.from({ length: 10 }, () => dispatched(plain)))
    expect(told.every(code => /^(?:ERR_SSL|EPROTO|ECONNRESET)/.test(code))).toBe(true)
    expect(plain.count).toBe(0)
    const closed = createServer()
    await new Promise<void>(resolve => closed.listen(0, '127.0.0.1', resolve))
    const { port } = closed.address() as AddressInfo
    await new Promise(resolve => closed.close(resolve))
    const nobody = new Connections(`http://127.0.0.1:${port}`, {})
    expect(new Set(await Promise.all(Array.from({ length: 10 }, () => dispatched(nobody))))).toEqual(
      new Set(['ECONNREFUSED']),
    )
    expect(nobody.count).toBe(0)
    await Promise.all([plain.destroy(), nobody.close()])
  })

  it('that are dropped while they open fail their requests, and no socket stays', async () => {
    const upstream = await startUpstream(response => response.end('ok'))
    const connections = new Connections(`http://127.0.0.1:${upstream.port}`, {})
    const asked = Array.from({ length: 10 }, () => dispatched(connections))
    await connections.destroy()
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['UND_ERR_DESTROYED']))
    await expect.poll(() => upstream.connections.every(socket => socket.destroyed)).toBe(true)
  })

  it('that are to close see their requests through first', async () => {
    const upstream = await startUpstream(response => setTimeout(() => response.end('ok'), 50))
    const connections = new Connections(`http://127.0.0.1:${upstream.port}`, {})
    const asked = Array.from({ length: 10 }, () => dispatched(connections))
    await connections.close()
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['ok']))
    await expect.poll(() => upstream.connections.every(socket => socket.destroyed)).toBe(true)
  })
})

describe('a connection to an upstream', () => {
  it('is there for the next request when one could not be written', async () => {
    const upstream = await startUpstream()
    const connections = new Connections(`http://127.0.0.1:${upstream.port}`, {})
    const ask = (path: string): Promise<string> =>
      new Promise(resolve =>
        connections.dispatch(
          { path, method: 'GET', headers: [], body: null, servername: '' },
          {
            onConnect() {},
            onHeaders: () => true,
            onData: () => true,
            onComplete: () => resolve('done'),
            onError: ({ message }) => resolve(message),
          },
        ),
      )
    const told: string[] = []
    for (const path of ['/', '/a b', '/', '/a b', '/']) {
      told.push(await ask(path))
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    const refused = 'the path of the request holds what HTTP does not allow'
    expect(told).toEqual(['done', refused, 'done', refused, 'done'])
    expect(upstream.connections).toHaveLength(1)
    await connections.close()
  })

  it('is not free for others when one could not be written and the next one is under way', async () => {
    const upstream = await startUpstream((response, { url }) => {
      if (url !== '/held') response.end('ok')
    })
    const connections = new Connections(`http://127.0.0.1:${upstream.port}`, {})
    const refuse = () =>
      dispatched(connections, { method: 'POST', headers: ['content-length', '5'], body: Buffer.from('ab') })
    expect(await refuse()).toBe('UND_ERR_REQ_CONTENT_LENGTH_MISMATCH')
    await new Promise(resolve => setImmediate(resolve))
    const refused = refuse()
    const held = dispatched(connections, { path: '/held' })
    expect(await refused).toBe('UND_ERR_REQ_CONTENT_LENGTH_MISMATCH')
    expect(await Promise.race([dispatched(connections), held])).toBe('ok')
    expect(upstream.connections).toHaveLength(2)
    await connections.destroy()
    expect(await held).toBe('UND_ERR_DESTROYED')
  })

  it('carries one request at a time, and is the first to be used again', async () => {
    const upstream = await startUpstream((response, { url }) => {
      if (url === '/held') response.write('a')
      else response.end('ok')
    })
    const { port } = await startTestGateway(toHost(`127.0.0.1:${upstream.port}`))
    const held = await Promise.all(Array.from({ length: 30 }, () => streamed(port, '/held')))
    expect(upstream.connections).toHaveLength(30)
    for (let i = 0; i < 5; i++) expect((await call(port)).body).toBe('ok')
    expect(upstream.connections).toHaveLength(31)
    for (const leave of held) leave()
  })

  it('is made anew when it could not be made before', async () => {
    const late = createServer((_request, response) => response.end('late'))
    const listen = (port: number): Promise<void> =>
      new Promise(resolve => late.listen(port, '127.0.0.1', resolve))
    await listen(0)
    const { port: taken } = late.address() as AddressInfo
    await new Promise(resolve => late.close(resolve))
    const { port } = await startTestGateway(toHost(`127.0.0.1:${taken}`))
    for (let i = 0; i < 3; i++) expect((await call(port)).status).toBe(503)
    await listen(taken)
    onTestFinished(() => void late.close())
    expect(await call(port)).toMatchObject({ status: 200, body: 'late' })
  })
})

/** Resolves with a way to leave once the first bytes of the answer are here. */
function streamed(port: number, path: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const sent = get({ host: '127.0.0.1', port, path, agent: false }, answer => {
      answer.once('data', () => resolve(() => answer.destroy()))
      answer.on('error', () => {})
    })
    sent.on('error', reject)
  })
}
