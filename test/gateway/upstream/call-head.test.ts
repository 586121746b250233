import { describe, expect, it } from 'vitest'
import { callHead } from '../../../src/gateway/upstream/call-head.ts'

const HOST = 'up.test:8443'
const head = (method: string, path: string, headers: string[] = [], length = 0) =>
  callHead({ method, path, headers }, length, HOST)

describe('the head of a call', () => {
  it.each<[string, Parameters<typeof head>, string, boolean]>([
    [
      'GET',
      ['GET', '/a?b'],
      'GET /a?b HTTP/1.1\r\nhost: up.test:8443\r\nconnection: keep-alive\r\n\r\n',
      true,
    ],
    [
      'the host that its headers name, in front of them',
      ['POST', '/', ['x', '1', 'Host', 'a'], 3],
      'POST / HTTP/1.1\r\nhost: a\r\nconnection: keep-alive\r\nx: 1\r\ncontent-length: 3\r\n\r\n',
      true,
    ],
    [
      'a length where nothing follows, too',
      ['PUT', '/'],
      `PUT / HTTP/1.1\r\nhost: ${HOST}\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n`,
      true,
    ],
    [
      'the length once',
      ['PATCH', '/', ['Content-Length', '3'], 3],
      `PATCH / HTTP/1.1\r\nhost: ${HOST}\r\nconnection: keep-alive\r\ncontent-length: 3\r\n\r\n`,
      true,
    ],
    [
      'HEAD, for one answer',
      ['HEAD', '/'],
      `HEAD / HTTP/1.1\r\nhost: ${HOST}\r\nconnection: close\r\n\r\n`,
      false,
    ],
    [
      'a body where none is expected, for one answer',
      ['DELETE', '/', [], 2],
      `DELETE / HTTP/1.1\r\nhost: ${HOST}\r\nconnection: close\r\ncontent-length: 2\r\n\r\n`,
      false,
    ],
    [
      'that it is the last one',
      ['GET', '/', ['connection', 'x, close']],
      `GET / HTTP/1.1\r\nhost: ${HOST}\r\nconnection: close\r\n\r\n`,
      false,
    ],
  ])('has %s', (_, call, text, keepsAlive) => {
    expect(head(...call)).toEqual({ text, keepsAlive })
  })

  it.each<[string, Parameters<typeof head>]>([
    ['a space in the path', ['GET', '/a b']],
    ['a line feed in the path', ['GET', '/a\r\nx: y']],
    ['a path that begins with none', ['GET', 'http://a/']],
    ['a character of two bytes in the path', ['GET', '/\u20ac']],
    ['a method of two words', ['GET /', '/']],
    ['an empty method', ['', '/']],
    ['CONNECT', ['CONNECT', '/']],
    ['an end of line in a value', ['GET', '/', ['x', 'a\r\ny: b']]],
    ['NUL in a value', ['GET', '/', ['x', 'a\0']]],
    ['a character of two bytes in a value', ['GET', '/', ['x', '\u20ac']]],
    ['a colon in a name', ['GET', '/', ['x:', 'a']]],
    ['an empty name', ['GET', '/', ['', 'a']]],
    ['two hosts', ['GET', '/', ['host', 'a', 'Host', 'a']]],
    ['a coding of its own', ['POST', '/', ['Transfer-Encoding', 'chunked'], 3]],
    ['an upgrade', ['GET', '/', ['upgrade', 'h2c']]],
    ['an expectation', ['POST', '/', ['expect', '100-continue'], 3]],
    ['a lifetime', ['GET', '/', ['keep-alive', 'timeout=5']]],
  ])('is refused with %s', (_, call) => {
    expect(() => head(...call)).toThrow(expect.objectContaining({ code: 'UND_ERR_INVALID_ARG' }))
  })

  it('is refused with another length than that of the body', () => {
    const code = 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH'
    for (const length of ['2', '03', '3, 3', 'x', ''])
      expect(() => head('POST', '/', ['content-length', length], 3)).toThrow(
        expect.objectContaining({ code }),
      )
  })
})
