import { describe, expect, it } from 'vitest'
import { Pools } from '../../../src/gateway/upstream/pools.ts'
import type { Upstream } from '../../../src/gateway/upstream/upstream.ts'
import { dispatched } from '../kit/dispatched.ts'
import { startUpstream } from '../kit/upstream.ts'

function upstreamAt(port: number, key = 'a'): Upstream {
  return {
    key,
    origin: `http://127.0.0.1:${port}`,
    hostname: '127.0.0.1',
    port,
    servername: '127.0.0.1',
    endpoint: `127.0.0.1:${port}`,
    socketPath: undefined,
    tls: undefined,
    connectTimeoutMs: 1000,
    idleMs: 4000,
  }
}

const ask = (pools: Pools, upstream: Upstream): Promise<string> =>
  dispatched(pools.to(upstream), { method: 'POST' })

describe('the connections to all upstreams', () => {
  it('are dropped with those of an upstream that is no longer named, whose requests go on till then', async () => {
    const server = await startUpstream(() => {})
    const pools = new Pools()
    const asked = ask(pools, upstreamAt(server.port))
    await expect.poll(() => server.seen).toHaveLength(1)
    pools.keep(new Set())
    await pools.destroy()
    expect(await asked).toBe('UND_ERR_DESTROYED')
    await expect.poll(() => server.connections.every(socket => socket.destroyed)).toBe(true)
  })

  it('are not opened once they were dropped, to old upstreams or new ones', async () => {
    const server = await startUpstream(response => response.end('ok'))
    const pools = new Pools()
    expect(await ask(pools, upstreamAt(server.port))).toBe('ok')
    await pools.destroy()
    expect(await ask(pools, upstreamAt(server.port))).toBe('UND_ERR_DESTROYED')
    expect(await ask(pools, upstreamAt(server.port, 'b'))).toBe('UND_ERR_DESTROYED')
    pools.keep(new Set())
    await pools.destroy()
    expect(server.seen).toHaveLength(1)
    expect(server.connections).toHaveLength(1)
  })
})
