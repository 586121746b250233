import { describe, expect, it } from 'vitest'
import { parseConnectTo } from '../../../src/gateway/upstream/connect-to.ts'

describe('connectTo', () => {
  it.each([
    ['a.test:443:127.0.0.1:8443', { fromHost: 'a.test', fromPort: 443, toHost: '127.0.0.1', toPort: 8443 }],
    ['::127.0.0.1:8443', { fromHost: undefined, fromPort: undefined, toHost: '127.0.0.1', toPort: 8443 }],
    ['A.test:::8443', { fromHost: 'a.test', fromPort: undefined, toHost: undefined, toPort: 8443 }],
    ['[::1]:80:[fe80::1]:81', { fromHost: '::1', fromPort: 80, toHost: 'fe80::1', toPort: 81 }],
  ])('%s', (text, parsed) => {
    expect(parseConnectTo(text)).toEqual(parsed)
  })

  it.each(['', 'a.test:443', 'a.test:443:b.test', 'a:b:c:d', 'a:1:b:99999', 'a:443:b:443:c'])(
    'refuses %j',
    text => {
      expect(() => parseConnectTo(text)).toThrow('HOST:PORT:HOST:PORT')
    },
  )
})
