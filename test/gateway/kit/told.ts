import type { AccessEvent } from '../../../src/gateway/index.ts'
import { call } from './client.ts'
import { toModel } from './configs.ts'
import { startTestGateway } from './gateway.ts'
import { type Answering, startUpstream } from './upstream.ts'

const USAGE = {
  prompt_tokens: 1000,
  completion_tokens: 10,
  prompt_tokens_details: { cached_tokens: 200 },
  completion_tokens_details: { reasoning_tokens: 4 },
}
const RATES = { input: '2', output: '10', cacheRead: '0.5' }
const CATALOG = [{ inline: { providers: { openai: { models: { 'gpt-2026': { rates: RATES } } } } } }]
/** A model's answer, whole. */
export const WHOLE: Answering = response =>
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify({ model: 'gpt-2026', usage: USAGE }))
/** The same as a stream. */
export const STREAM: Answering = response => {
  const events = [
    { model: 'gpt-2026', choices: [] },
    { model: 'gpt-2026', choices: [], usage: USAGE },
  ]
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(`${events.map(one => `data: ${JSON.stringify(one)}\n\n`).join('')}data: [DONE]\n\n`)
}

interface Asked {
  readonly answer?: Answering
  readonly policies?: object
  readonly config?: object
  readonly headers?: Readonly<Record<string, string>>
  readonly to?: typeof toModel
  readonly filter?: string
  readonly path?: string
  readonly body?: object
}

const BODY = { model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] }

/** A request that is over: the same expressions in its log, the log for a collector, its span and its labels. */
export async function told(add: Readonly<Record<string, string>>, asked: Asked = {}): Promise<AccessEvent> {
  const { answer = WHOLE, policies, config = {}, headers = {}, to = toModel, filter } = asked
  const { path = '/v1/chat/completions', body = BODY } = asked
  const upstream = await startUpstream(answer)
  const host = '127.0.0.1:1'
  const whole = {
    ...JSON.parse(to(`127.0.0.1:${upstream.port}`, policies)),
    config: { metrics: { fields: { add } }, modelCatalog: CATALOG, ...config },
    frontendPolicies: {
      accessLog: { add, filter, otlp: { host } },
      tracing: { host, randomSampling: true, attributes: add },
    },
  }
  const { port, nextEvent } = await startTestGateway(JSON.stringify(whole))
  const sent = { 'content-type': 'application/json', ...headers }
  await call(port, { method: 'POST', path, headers: sent, body: JSON.stringify(body) })
  return nextEvent()
}
