import { describe, expect, it } from 'vitest'
import { parseConnectTo } from '../../../src/gateway/upstream/connect-to.ts'
import { makeCertificate } from '../../helpers/tls.ts'
import { call, post } from '../kit/client.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'

describe('TLS to upstreams', () => {
  const trusted = makeCertificate(['api.test', '127.0.0.1'])
  const compile = { readFile: () => trusted.ca }

  async function withServer(policies: object, host: (port: number) => string) {
    const names: (string | false | null | undefined)[] = []
    const upstream = await startUpstream((response, _seen, request) => {
      names.push((request.socket as import('node:tls').TLSSocket).servername)
      response.end('ok')
    }, trusted)
    const connectTo = [parseConnectTo(`api.test:443:127.0.0.1:${upstream.port}`)]
    const started = await startTestGateway(toHost(host(upstream.port), policies), { compile, connectTo })
    return { ...started, upstream, names }
  }

  it('goes to where connectTo says, while name, Host and certificate stay', async () => {
    const { port, upstream, names } = await withServer(
      { backendTLS: { root: 'ca.pem' } },
      () => 'api.test:443',
    )
    expect(await call(port, { headers: { host: 'client.test' } })).toMatchObject({ status: 200, body: 'ok' })
    expect(upstream.seen[0]?.headers['host']).toBe('api.test')
    expect(names).toEqual(['api.test'])
  })

  it('verifies an address by the addresses in the certificate, and asks for no name', async () => {
    const { port, names } = await withServer({ backendTLS: { root: 'ca.pem' } }, own => `127.0.0.1:${own}`)
    expect(await call(port, { headers: { host: 'client.test' } })).toMatchObject({ status: 200 })
    expect(names).toEqual([false])
  })

  it('keeps its connection when clients name different hosts', async () => {
    const { port, upstream } = await withServer({ backendTLS: { root: 'ca.pem' } }, own => `127.0.0.1:${own}`)
    for (const host of ['a.test', 'b.test', 'a.test']) await call(port, { headers: { host } })
    expect(upstream.seen.map(seen => seen.headers['host'])).toEqual(['a.test', 'b.test', 'a.test'])
    expect(upstream.connections).toHaveLength(1)
  })

  it('asks for and verifies the hostname of backendTLS', async () => {
    const policies = { backendTLS: { root: 'ca.pem', hostname: 'api.test' } }
    const { port, names } = await withServer(policies, own => `127.0.0.1:${own}`)
    expect(await call(port)).toMatchObject({ status: 200 })
    expect(names).toEqual(['api.test'])
  })

  it('does not trust the system roots beside a root file', async () => {
    const { port } = await withServer(
      { backendTLS: { root: 'ca.pem', hostname: 'wrong.test' } },
      () => 'api.test:443',
    )
    expect(await call(port)).toMatchObject({
      status: 503,
      body: 'upstream call failed: TLS: the certificate is for another name',
    })
  })

  it('is used for a provider of its own accord', async () => {
    const certificate = makeCertificate(['api.openai.com'])
    const upstream = await startUpstream(undefined, certificate)
    const config = JSON.stringify({
      binds: [
        {
          port: 3000,
          listeners: [
            {
              routes: [
                {
                  backends: [{ ai: { name: 'o', provider: { openAI: {} } } }],
                  policies: { backendAuth: { key: 'k' }, backendTLS: { root: 'ca.pem' } },
                },
              ],
            },
          ],
        },
      ],
    })
    const { port } = await startTestGateway(config, {
      compile: { readFile: () => certificate.ca },
      connectTo: [parseConnectTo(`api.openai.com:443:127.0.0.1:${upstream.port}`)],
    })
    expect(await post(port, '/', { model: 'm' })).toMatchObject({ status: 200 })
    expect(upstream.seen[0]).toMatchObject({
      url: '/v1/chat/completions',
      headers: { host: 'api.openai.com' },
    })
  })
})
