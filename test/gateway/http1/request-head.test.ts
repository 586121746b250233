import { describe, expect, it } from 'vitest'
import { canBeHead, IN_CHUNKS, type RequestHead, readHead } from '../../../src/gateway/http1/request-head.ts'
import { processorMs } from '../../helpers/processor-time.ts'

const read = (text: string): RequestHead | undefined => readHead(text, text.indexOf('\r\n\r\n'))
const withFields = (fields: string, method = 'POST'): string => `${method} / HTTP/1.1\r\n${fields}\r\n\r\n`

it('reads what a request says', () => {
  const text =
    'POST /a?b HTTP/1.1\r\nHost: a:80\r\nX-\xdcx:\t \xe9 y \t \r\n'.replace('\xdc', 'u') +
    'x-ux: z\r\nempty:\r\nContent-Length: 007\r\nCookie: a=1\r\ncookie: b=2\r\n\r\nbehind it'
  const head = read(text)
  expect(head).toMatchObject({
    method: 'POST',
    url: '/a?b',
    httpVersionMinor: 1,
    bodyLength: 7,
    keepsAlive: true,
    offersUpgrade: false,
  })
  expect(head?.rawHeaders).toEqual(
    ['Host', 'a:80', 'X-ux', '\xe9 y', 'x-ux', 'z', 'empty', '', 'Content-Length', '007'].concat([
      'Cookie',
      'a=1',
      'cookie',
      'b=2',
    ]),
  )
  expect({ ...head?.headers }).toEqual({
    host: 'a:80',
    'x-ux': '\xe9 y, z',
    empty: '',
    'content-length': '007',
    cookie: 'a=1; b=2',
  })
})

describe('a line', () => {
  it.each([
    'GET / HTTP/1.1',
    'GET / HTTP/1.0',
    'M-SEARCH * HTTP/1.1',
    'GET //a HTTP/1.1',
    'GET /a"<>\\^`{|}#b HTTP/1.1',
    'GET http://a HTTP/1.1',
    'GET HTTP://a:80/b?c HTTP/1.1',
    'GET http://[::1]:80?c HTTP/1.1',
    'GET http://u:p@a/ HTTP/1.1',
    'CONNECT a:443 HTTP/1.1',
    'CONNECT [::1]:443 HTTP/1.1',
    'CONNECT /path HTTP/1.1',
    `GET /${'a'.repeat(60_000)} HTTP/1.1`,
  ])('is taken: %s', line => {
    expect(read(`${line}\r\n\r\n`)?.url).toBe(line.split(' ')[1])
    expect(canBeHead(`${line}\r\n`, 0)).toBe(true)
  })

  it.each([
    '',
    'GET',
    'GET /',
    'GET HTTP/1.1',
    'GET  HTTP/1.1',
    'GET  / HTTP/1.1',
    'GET /  HTTP/1.1',
    'GET / HTTP/1.1 ',
    ' GET / HTTP/1.1',
    'GET\t/ HTTP/1.1',
    'GET /\tHTTP/1.1',
    'GET / a HTTP/1.1',
    'get / HTTP/1.1',
    'FOO / HTTP/1.1',
    'PRI * HTTP/2.0',
    'GET / HTTP/0.9',
    'GET / HTTP/1.2',
    'GET / HTTP/2.0',
    'GET / HTTP/1.10',
    'GET / HTTP/1',
    'GET / http/1.1',
    'GET / HTTPS/1.1',
    'GET /HTTP/1.1',
    'GET a HTTP/1.1',
    'GET a:80 HTTP/1.1',
    'GET ?a HTTP/1.1',
    'GET #a HTTP/1.1',
    'GET http: HTTP/1.1',
    'GET http:/a HTTP/1.1',
    'GET http:// HTTP/1.1',
    'GET http:///a HTTP/1.1',
    'GET http://a#b HTTP/1.1',
    'GET http://a\\b HTTP/1.1',
    'GET h2://a HTTP/1.1',
    'GET /\x7f HTTP/1.1',
    'GET /\x80 HTTP/1.1',
    'GET /\xff HTTP/1.1',
    'GET /\x01 HTTP/1.1',
    'GET /\0 HTTP/1.1',
    'GET /a\rb HTTP/1.1',
    'CONNECT http://a HTTP/1.1',
    'CONNECT a/b HTTP/1.1',
  ])('is refused: %j', line => {
    expect(read(`${line}\r\n\r\n`)).toBeUndefined()
    // As soon as it is there.
    expect(canBeHead(`${line}\r\nhost: `, 0)).toBe(false)
  })
})

describe('a field', () => {
  it.each([
    'x:',
    'x: ',
    'x:y',
    'x: a\tb',
    'x: \x80\xff',
    "!#$%&'*+-.^_`|~09azAZ: a",
    `x: ${' '.repeat(60_000)}`,
    `x: ${'\t'.repeat(60_000)}y`,
    'transfer_encoding: chunked',
  ])('is taken: %j', field => {
    expect(read(withFields(field))?.bodyLength).toBe(0)
  })

  it.each([
    'x',
    ':y',
    ' x: y',
    '\tx: y',
    'x : y',
    'x\t: y',
    'x y: z',
    'x\0: y',
    'x\x80: y',
    'x(: y',
    'x/: y',
    'x: \0',
    'x: \x01',
    'x: \x0b',
    'x: \x7f',
    'x: a\nb: c',
    'x: a\n',
    'x: a\rb',
    'x: a\r',
    'x: a\r\n b',
    'x: a\r\n\tb',
    '\nx: y',
    '\rx: y',
  ])('is refused: %j', field => {
    expect(read(withFields(field))).toBeUndefined()
    expect(read(withFields(`host: a\r\n${field}\r\ny: z`))).toBeUndefined()
  })
})

describe('the length of a body', () => {
  it.each<[string, number]>([
    ['x: y', 0],
    ['content-length: 0', 0],
    ['CONTENT-LENGTH:5', 5],
    ['content-length: \t5  ', 5],
    ['content-length: 9007199254740991', Number.MAX_SAFE_INTEGER],
    ['content-length: 00000000000000000000001', 1],
    ['transfer-encoding: chunked', IN_CHUNKS],
    ['Transfer-Encoding:\tCHUNKED ', IN_CHUNKS],
    ['transfer-encoding: gzip, chunked', IN_CHUNKS],
    ['transfer-encoding: gzip,\tchunked', IN_CHUNKS],
  ])('is read: %j', (field, length) => {
    expect(read(withFields(field))?.bodyLength).toBe(length)
  })

  it.each([
    'content-length:',
    'content-length: -1',
    'content-length: +1',
    'content-length: 1,1',
    'content-length: 1 1',
    'content-length: 0x1',
    'content-length: 1e1',
    'content-length: 1.0',
    'content-length: \xb2',
    'content-length: 5\t',
    'content-length: 5 \t ',
    'content-length: 9007199254740992',
    'content-length: 5\r\nContent-Length: 5',
    'content-length: 5\r\ncontent-length:',
    'content-length: 5\r\ntransfer-encoding: chunked',
    'transfer-encoding: chunked\r\ncontent-length: 5',
    'transfer-encoding:\r\ncontent-length: 5',
    'transfer-encoding:',
    'transfer-encoding: gzip',
    'transfer-encoding: chunked, gzip',
    'transfer-encoding: chunked,',
    'transfer-encoding: chunked, chunked',
    'transfer-encoding: xchunked',
    'transfer-encoding: chunkedx',
    'transfer-encoding: x chunked',
    'transfer-encoding: "chunked"',
    'transfer-encoding: chunked;q=1',
    'transfer-encoding: chunked\t',
    'transfer-encoding: chunked \t ',
    'transfer-encoding: \xa0chunked',
    'transfer-encoding: chunked\r\ntransfer-encoding: chunked',
    'transfer-encoding: gzip\r\ntransfer-encoding: chunked',
  ])('is refused: %j', field => {
    expect(read(withFields(field))).toBeUndefined()
  })
})

it.each<[string, boolean, boolean]>([
  ['x: y', true, false],
  ['connection: close', false, false],
  ['connection: Close', false, false],
  ['connection: a,\tclose ,b', false, false],
  ['connection: keep-alive\r\nconnection: close', false, false],
  ['connection: keep-alive', true, true],
  ['connection: x, Keep-Alive', true, true],
  ['connection: closed', true, false],
  ['connection: keep-alives', true, false],
])('of %j HTTP/1.1 goes on: %s, HTTP/1.0: %s', (field, latest, old) => {
  expect(read(withFields(field, 'GET'))?.keepsAlive).toBe(latest)
  expect(read(withFields(field, 'GET').replace('1.1', '1.0'))?.keepsAlive).toBe(old)
})

it.each<[string, boolean]>([
  ['upgrade: websocket\r\nconnection: upgrade', true],
  ['upgrade: websocket\r\nconnection: keep-alive, Upgrade', true],
  ['upgrade: websocket', false],
  ['connection: upgrade', false],
])('%j offers an upgrade: %s', (field, isOffered) => {
  expect(read(withFields(field, 'GET'))?.offersUpgrade).toBe(isOffered)
})

describe('what is here of a head', () => {
  it.each(['G', 'GET /', '\r', 'GET / HTTP/1.1\r', 'GET / HTTP/1.1\r\n', 'GET / HTTP/1.1\r\nx: \x80\t'])(
    'can become one: %j',
    text => {
      for (let from = 0; from <= text.length; from++) expect(canBeHead(text, from)).toBe(true)
    },
  )

  it.each([
    '\n',
    '\0',
    '\x16\x03\x01',
    'GET /\x7f',
    'GET /\n',
    '\rG',
    'FOO / HTTP/1.1\r\n',
    'GET / HTTP/1.1\r\nx: \ry',
  ])('cannot: %j', text => {
    expect(canBeHead(text, 0)).toBe(false)
    let isFound = false
    for (let end = 1; end <= text.length; end++) isFound ||= !canBeHead(text.slice(0, end), end - 1)
    expect(isFound).toBe(true)
  })
})

it.each([
  ['spaces in a value', withFields(`x: ${' \t'.repeat(30_000)}\x01`)],
  ['codings', withFields(`transfer-encoding: ${', \t'.repeat(20_000)}x`)],
  ['codings that are almost the last', withFields(`transfer-encoding: ${'chunked'.repeat(8000)},`)],
  ['options of a connection', withFields(`connection: ${'close '.repeat(10_000)}`)],
  ['a name that does not end', withFields('x'.repeat(60_000))],
  ['blanks behind a length', withFields(`content-length: 5${' \t'.repeat(30_000)}`)],
  ['a host that does not end', `GET http://${'a@'.repeat(30_000)}# HTTP/1.1\r\n\r\n`],
  ['fields of the same name', withFields('a:\r\n'.repeat(16_000).slice(0, -2))],
])('takes no more time than its length, whatever is in it: %s', (_, text) => {
  expect(processorMs(() => read(text))).toBeLessThan(100)
})
