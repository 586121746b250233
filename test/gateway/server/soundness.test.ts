import { describe, expect, it } from 'vitest'
import { GatewayRequest } from '../../../src/gateway/http1/gateway-request.ts'
import { readHead } from '../../../src/gateway/http1/request-head.ts'
import { isSound } from '../../../src/gateway/server/soundness.ts'
import { openConnection } from '../kit/client-connection.ts'

function hasSoundHost(host: string): boolean {
  const text = `GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`
  const { server } = openConnection()
  return isSound(new GatewayRequest(server, readHead(text, text.length - 4)))
}

describe('a host', () => {
  it.each([
    'a',
    'a:80',
    'a:',
    'A-b_c.example.com:65535',
    '.example.com',
    "~!$&'()*+,;=",
    '127.0.0.1:3000',
    '[::1]',
    '[::1]:3000',
    '[FEDC:BA98:7654:3210:FEDC:BA98:7654:3210]:80',
    '[::ffff:1.2.3.4]',
    '[fe80::1%eth0]:80',
    '[fe80::1%25eth0]',
  ])('may be %j', host => {
    expect(hasSoundHost(host)).toBe(true)
  })

  it.each([
    '',
    ':80',
    '%00',
    'a%2eb',
    '%61',
    '[',
    '[]',
    '[::1',
    '::1]',
    '::1',
    'a:80:80',
    'a:b',
    'a[::1]',
    '[::1]a',
    '[::1]:80:80',
    '[[::1]]',
    '[::1][::1]',
    '[:::::::::]',
    '[1.2.3.4]',
    '[a]',
    'a..b',
    'a.',
    'a.:80',
    'a@b',
    'a/b',
    'a?b',
    'a#b',
    'a b',
    'a\\b',
    'a"b',
    'a|b',
    '\xe9',
  ])('cannot be %j', host => {
    expect(hasSoundHost(host)).toBe(false)
  })
})
