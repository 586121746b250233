import { describe, expect, it } from 'vitest'
import { answer, openConnection, passed, statusesIn, type Taken } from '../kit/client-connection.ts'

const get = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\nhost: a\r\n${headers}\r\n`
const CHUNKED = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n'

describe('a body that breaks the rules', () => {
  it.each([
    ['in the midst of what has come', 'zz\r\nmore'],
    ['at its end', 'zz\r\n'],
    ['before a line is whole', 'z'],
    ['behind a chunk', '1\r\nabcdef'],
  ])('behind the head of an answer ends the connection: %s', async (_, body) => {
    const { send, received, server } = openConnection(({ response }) => {
      response.writeHead(200, 'OK', [])
      response.flushHeaders()
    })
    await send(CHUNKED)
    expect(statusesIn(received())).toEqual(['200'])
    await send(body)
    expect(server.destroyed).toBe(true)
    expect(statusesIn(received())).toEqual(['200'])
  })
})

describe('what comes before its turn', () => {
  it('is no longer kept where something is missing before it', async () => {
    const { taken, send, received } = openConnection()
    const waiting = 20
    const large = `x: ${'y'.repeat(50_000)}\r\n`
    await send(get('/0'))
    for (let i = 1; i <= waiting; i++) await send(get(`/${i}`, large))
    for (let i = 0; i < Math.min(taken.length, 2 * waiting); i++) {
      answer(taken[i] as Taken)
      await passed()
      // Of what was lost this would become the end.
      await send(`\r\n\r\n${get('/smuggled')}`)
    }
    const whole = 1 + Math.floor((512 * 1024) / get('/10', large).length)
    expect(taken.map(({ request }) => request.url)).toEqual(Array.from({ length: whole }, (_, i) => `/${i}`))
    expect(statusesIn(received())).toEqual(Array(whole).fill('200'))
  })
})
