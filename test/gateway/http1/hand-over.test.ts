import { describe, expect, it } from 'vitest'
import { answer, get, openConnection, passed, statusesIn, type Taken } from '../kit/client-connection.ts'
import { eventually } from '../kit/wait.ts'

describe('a connection that becomes a WebSocket', () => {
  const OFFER =
    'GET / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'

  it('hands over what has come, and what comes, once and in order', async () => {
    const { connection, server, taken, send, received } = openConnection()
    await send(`${OFFER}one,`)
    await send('two,')
    const { request, response } = taken[0] as Taken
    expect(request.offer).toBe(connection)
    response.writeHead(101, 'Switching Protocols', ['connection', 'Upgrade', 'upgrade', 'websocket'])
    response.flushHeaders()
    const { socket, early } = connection.take()
    let text = Buffer.concat(early).toString()
    socket.on('data', bytes => {
      text += bytes
    })
    await send('three,')
    await send(get('/'))
    expect(text).toBe(`one,two,three,${get('/')}`)
    expect(taken).toHaveLength(1)
    expect(statusesIn(received())).toEqual(['101'])
    expect(received()).not.toContain('keep-alive')
    // No time limit has a say in it, nor has an end.
    connection.check(Number.POSITIVE_INFINITY)
    expect(server.destroyed).toBe(false)
    let isOver = false
    response.onOver = () => {
      isOver = true
    }
    server.destroy()
    await passed()
    expect(isOver).toBe(true)
  })

  it('loses nothing where so much comes early that reading stops', async () => {
    const { connection, client, server, send } = openConnection()
    await send(OFFER)
    const sent = Array.from({ length: 60 }, (_, i) => `${i} `.repeat(1000)).join('')
    for (let at = 0; at < sent.length; at += 10_000) client.write(sent.slice(at, at + 10_000))
    await passed()
    await eventually(() => server.isPaused())
    const { socket, early } = connection.take()
    let text = Buffer.concat(early).toString()
    expect(text.length).toBeLessThan(sent.length)
    socket.on('data', bytes => {
      text += bytes
    })
    socket.resume()
    await eventually(() => text.length >= sent.length)
    expect(text).toBe(sent)
  })

  it('is none where something of what came early is lost: the rest would be put behind a gap', async () => {
    const { client, taken, send, received } = openConnection()
    await send(get('/before'))
    client.write(`${OFFER}${'x'.repeat(600_000)}`)
    await passed()
    await send('behind the gap')
    answer(taken[0] as Taken, 'first')
    await passed()
    expect(statusesIn(received())).toEqual(['200', '413'])
    expect(taken[1]?.response.destroyed).toBe(true)
  })

  it('is none when that is refused, and whatever came early is dropped', async () => {
    const { client, server, taken, send, received } = openConnection()
    await send(`${OFFER}${get('/early')}`)
    client.write('x'.repeat(200_000))
    await passed()
    answer(taken[0] as Taken, 'no')
    await passed()
    expect(received()).toMatch(/Connection: close\r\n.*no$/s)
    expect(taken).toHaveLength(1)
    expect(server.writableEnded).toBe(true)
  })

  it.each([
    'CONNECT a:443 HTTP/1.1\r\n\r\n',
    OFFER.replace('GET', 'POST').replace('host', 'content-length: 5\r\nhost'),
  ])('is the last one where it is asked for in another way: %j', async text => {
    const { taken, send, received } = openConnection(answer)
    await send(text + get('/smuggled'))
    expect(taken).toHaveLength(1)
    expect(taken[0]?.request.complete).toBe(true)
    expect(received()).toContain('Connection: close\r\n')
  })
})
