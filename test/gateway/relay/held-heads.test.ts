import { afterEach, describe, expect, it, vi } from 'vitest'
import { HeldHeads } from '../../../src/gateway/relay/held-heads.ts'
import { openChat } from '../kit/client.ts'
import { toHost, toModel } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'

describe('heads that wait for the first byte', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it('are let go after a moment, but for those that have gone by then', () => {
    vi.useFakeTimers()
    const gone: string[] = []
    const held = new HeldHeads<string>(head => gone.push(head))
    for (const head of ['a', 'b', 'c']) held.add(head)
    for (const head of ['b', 'none']) held.remove(head)
    vi.advanceTimersByTime(49)
    held.add('d')
    expect(gone).toEqual([])
    vi.advanceTimersByTime(2)
    held.remove('d')
    vi.advanceTimersByTime(49)
    expect(gone.sort()).toEqual(['a', 'c'])
    vi.advanceTimersByTime(1000)
    expect(gone).toHaveLength(2)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('wait as long each, whenever they come', () => {
    vi.useFakeTimers()
    const gone: string[] = []
    const held = new HeldHeads<string>(head => gone.push(head))
    for (let i = 0; i < 20; i++) {
      held.add(String(i))
      vi.advanceTimersByTime(10)
    }
    // Those of the last 50 ms at least are there still, and those that came 100 ms ago are not.
    expect(gone).toEqual(Array.from({ length: gone.length }, (_, i) => String(i)))
    expect(gone.length).toBeGreaterThanOrEqual(10)
    expect(gone.length).toBeLessThanOrEqual(15)
  })
})

describe('an answer that tells its length', () => {
  it.each([
    ['of a host', toHost],
    ['of a model', toModel],
  ])('and then pauses: the client sees its head meanwhile, %s', async (_, config) => {
    const upstream = await startRawUpstream(
      socket => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-a: 1\r\n\r\n'),
    )
    const { port, nextEvent } = await startTestGateway(config(`127.0.0.1:${upstream.port}`))
    const asked = Array.from({ length: 3 }, () => openChat(port, '{"model":"m"}'))
    const answers = await Promise.all(asked)
    for (const answer of answers)
      expect(answer).toMatchObject({ statusCode: 200, headers: { 'content-length': '5', 'x-a': '1' } })
    for (const socket of upstream.sockets) socket.write('hello')
    for (const answer of answers) expect(String(Buffer.concat(await answer.toArray()))).toBe('hello')
    expect(await nextEvent()).toMatchObject({ status: 200, bytes: 5, error: undefined })
  })

  it('and breaks off before its first byte is told with a status, at once', async () => {
    const upstream = await startRawUpstream(socket => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n', () => socket.resetAndDestroy())
    })
    const { port } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`))
    expect((await openChat(port, '{"model":"m"}')).statusCode).toBe(503)
  })
})
