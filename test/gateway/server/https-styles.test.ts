import { request } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { type Certificate, makeCertificate } from '../../helpers/tls.ts'
import { runtimeOf } from '../kit/config.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'

const STREAM = 'data: {"choices":[]}\n\ndata: [DONE]\n\n'
const tls = { cert: 'cert.pem', key: 'key.pem' }

/** A model in the clear behind TLS. */
const STYLES: readonly (readonly [style: string, config: (upstream: string) => object])[] = [
  ['binds', to => ({ binds: [{ port: 3000, listeners: [{ protocol: 'HTTPS', tls, routes: routes(to) }] }] })],
  ['a gateway', to => ({ gateways: { default: { port: 3000, tls } }, routes: routes(to) })],
  [
    'a listener of a gateway',
    to => ({ gateways: { default: { port: 3000, listeners: [{ name: 'a', tls }] } }, routes: routes(to) }),
  ],
  ['llm with a port of its own', to => ({ llm: { port: 3000, tls, ...models(to) } })],
  ['llm at a gateway', to => ({ gateways: { default: { port: 3000, tls } }, llm: models(to) })],
]

function routes(to: string): object[] {
  return [{ backends: [{ ai: { name: 'm', provider: { openAI: {} }, hostOverride: to } }] }]
}

function models(to: string): object {
  return { models: [{ name: 'm', provider: 'openAI', params: { apiKey: 'k', hostOverride: to } }] }
}

/** Refuses every certificate but the one that this authority has made. */
function ask(port: number, ca: string, stream: boolean): Promise<{ body: string; protocol: string | null }> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      path: '/v1/chat/completions',
      method: 'POST',
      agent: false,
      ca,
    }
    const sent = request(options, async answer => {
      const protocol = (answer.socket as TLSSocket).getProtocol()
      let body = ''
      for await (const chunk of answer) body += chunk
      resolve({ body, protocol })
    })
    sent.on('error', reject).end(JSON.stringify({ model: 'm', stream, messages: [] }))
  })
}

describe.each(STYLES)('HTTPS in the style of %s', (_style, config) => {
  it.each([
    ['whole', false],
    ['streamed', true],
  ])('serves an answer that is %s, and a renewed certificate after a reload', async (_kind, stream) => {
    const upstream = await startUpstream((response, { body }) => {
      const isStream = body.includes('"stream":true')
      response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' })
      response.end(isStream ? STREAM : '{"choices":[]}')
    })
    const text = JSON.stringify(config(`127.0.0.1:${upstream.port}`))
    const shown = ({ cert, key }: Certificate) =>
      runtimeOf(text, { readFile: path => (path === tls.cert ? cert : key) })
    const [first, second] = [makeCertificate(['127.0.0.1']), makeCertificate(['127.0.0.1'])]
    const { gateway, port } = await startTestGateway(shown(first))
    const wanted = { body: stream ? STREAM : '{"choices":[]}', protocol: 'TLSv1.3' }
    expect(await ask(port, first.ca, stream)).toEqual(wanted)
    await gateway.reload(shown(second))
    expect(await ask(port, second.ca, stream)).toEqual(wanted)
    await expect(ask(port, first.ca, stream)).rejects.toThrow(/certificate/)
  })
})
