import { describe, expect, it } from 'vitest'
import { openConnection, statusesIn } from '../kit/client-connection.ts'

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
