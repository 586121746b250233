import { createServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { call, streamLines } from '../../src/secrets/http.ts'
import { makeCertificate } from '../helpers/tls.ts'
import { fakeServer } from './sources/fake-server.ts'

const open: { close(): unknown }[] = []
afterEach(() => {
  for (const one of open.splice(0)) one.close()
})

async function secure(names: string[]) {
  const { ca, cert, key } = makeCertificate(names)
  const seen: string[] = []
  const server = createServer({ cert, key }, (request, response) => {
    seen.push(request.url ?? '')
    response.end('{"ok":true}')
  }).listen(0, '127.0.0.1')
  open.push(server)
  await new Promise(resolve => server.once('listening', resolve))
  return { ca, seen, url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/secret` }
}

describe('calls to stores of secrets', () => {
  test('go over TLS that is verified: with the authority that is named, and with no other', async () => {
    const { url, ca, seen } = await secure(['127.0.0.1'])
    expect(await call({ url, ca })).toEqual({ status: 200, json: { ok: true } })
    const other = makeCertificate(['127.0.0.1']).ca
    for (const wrong of [undefined, other]) {
      expect(await call({ url, ca: wrong, headers: { authorization: 'canary' } })).toMatchObject({
        code: 'unreachable',
        message: expect.stringMatching(/certificate of 127\.0\.0\.1:\d+ cannot be verified/),
        hint: expect.stringContaining('ca:'),
      })
    }
    expect(seen.length).toBe(1)
  })

  test('a certificate for another name is not taken', async () => {
    const { url, ca, seen } = await secure(['vault.example'])
    expect(await call({ url, ca })).toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/ERR_TLS_CERT/),
    })
    expect(seen).toEqual([])
  })

  test('without TLS only on this machine', async () => {
    const { url, seen } = await fakeServer(() => ({ status: 200, json: 1 }))
    expect(await call({ url })).toEqual({ status: 200, json: 1 })
    for (const far of ['http://10.0.0.1/', 'http://127.evil.example/', 'http://localhost.evil.example/'])
      expect(await call({ url: far })).toMatchObject({ code: 'not-configured' })
    expect(seen.length).toBe(1)
  })

  test('an address that is none is told as that, whatever is asked of it', async () => {
    for (const url of ['', 'https://a b:443/', 'https://host:no-port/']) {
      expect(await call({ url })).toMatchObject({ code: 'not-configured' })
      expect(await streamLines({ url }, () => undefined)).toMatchObject({ code: 'not-configured' })
    }
  })

  test('an answer without end is cut off', async () => {
    const { url } = await fakeServer(() => ({ status: 200, json: 'k'.repeat(2 * 1024 * 1024) }))
    expect(await call({ url })).toMatchObject({ code: 'too-large' })
  })

  test.each<[string, (port: number) => string, RegExp]>([
    ['nobody listens', port => `http://127.0.0.1:${port}/`, /ECONNREFUSED/],
    [
      'there is no such host',
      () => 'https://no-such-host.invalid/',
      /no-such-host\.invalid cannot be reached/,
    ],
  ])('when %s, it says so', async (_, url, message) => {
    const server = createTcpServer().listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise(resolve => server.close(resolve))
    expect(await call({ url: url(port) })).toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(message),
    })
  })

  test('a connection that is cut, or stays silent, ends', async () => {
    const server = createTcpServer(socket => socket.once('data', () => socket.destroy())).listen(
      0,
      '127.0.0.1',
    )
    open.push(server)
    await new Promise(resolve => server.once('listening', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    expect(await call({ url })).toMatchObject({ code: 'unreachable', passing: true })
    const silent = await fakeServer(() => new Promise(() => undefined))
    expect(await call({ url: silent.url, signal: AbortSignal.timeout(100) })).toMatchObject({
      code: 'timeout',
    })
  })
})
