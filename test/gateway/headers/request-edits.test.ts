import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import {
  addRequestHeader,
  dropListed,
  removeRequestCookie,
  removeRequestHeader,
  setRequestHeader,
} from '../../../src/gateway/headers/request-edits.ts'
import { GatewayRequest } from '../../../src/gateway/http1/gateway-request.ts'
import { processorMs } from '../../helpers/processor-time.ts'

function requestWith(...rawHeaders: string[]): GatewayRequest {
  const request = new GatewayRequest(new Socket())
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase()
    const before = request.headers[name]
    request.headers[name] = before === undefined ? rawHeaders[i + 1] : `${before}, ${rawHeaders[i + 1]}`
  }
  request.rawHeaders.push(...rawHeaders)
  return request
}

const CASES: readonly (readonly [
  title: string,
  before: readonly string[],
  edit: (request: GatewayRequest) => void,
  raw: readonly string[],
  headers: object,
])[] = [
  [
    'a header is taken out in every spelling',
    ['X-A', '1', 'x-a', '2', 'x-b', '3'],
    request => removeRequestHeader(request, 'x-a'),
    ['x-b', '3'],
    { 'x-b': '3' },
  ],
  [
    'a header is replaced',
    ['X-A', '1', 'X-A', '2'],
    request => setRequestHeader(request, 'x-a', '3'),
    ['x-a', '3'],
    { 'x-a': '3' },
  ],
  [
    'a value is added to those there are',
    ['X-A', '1'],
    request => addRequestHeader(request, 'x-a', '2'),
    ['X-A', '1', 'x-a', '2'],
    { 'x-a': '1, 2' },
  ],
  ['or to none', [], request => addRequestHeader(request, 'x-a', '2'), ['x-a', '2'], { 'x-a': '2' }],
  [
    'what a Connection list names goes, and the list with it',
    ['Connection', 'keep-alive, X-A', 'X-A', '1', 'x-b', '2'],
    request => dropListed(request),
    ['x-b', '2'],
    { 'x-b': '2' },
  ],
  [
    'but not what frames a request, nor where it goes',
    ['Host', 'a.test', 'Connection', 'host, content-length', 'Content-Length', '1'],
    request => dropListed(request),
    ['Host', 'a.test', 'Content-Length', '1'],
    { host: 'a.test', 'content-length': '1' },
  ],
  [
    'one cookie is taken out of several',
    ['Cookie', 'a=1; b=2; ab=3'],
    request => removeRequestCookie(request, 'a'),
    ['cookie', 'b=2; ab=3'],
    { cookie: 'b=2; ab=3' },
  ],
  [
    'and with the last one the header goes',
    ['Cookie', 'a=1'],
    request => removeRequestCookie(request, 'a'),
    [],
    {},
  ],
]

describe('edits of a client request', () => {
  it.each(CASES)('%s', (_title, before, edit, raw, headers) => {
    const request = requestWith(...before)
    edit(request)
    expect(request.rawHeaders).toEqual(raw)
    expect(request.headers).toEqual(headers)
  })

  it('a long Connection list takes no time for each header of many', () => {
    // As many names of three letters as fit into a head of 64 KiB, and as many headers.
    const names = Array.from({ length: 6000 }, (_, i) => i.toString(36).padStart(3, 'a'))
    const others = names.flatMap((_, i) => [`x${i.toString(36).padStart(2, '.')}`.slice(0, 3), ''])
    const request = requestWith('connection', names.join(','), ...others)
    expect(processorMs(() => dropListed(request))).toBeLessThan(200)
    expect(request.rawHeaders).toEqual(others)
  })
})
