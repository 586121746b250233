import type { Runtime } from '../../../src/gateway/index.ts'
import { Redactor } from '../../../src/secrets/redactor.ts'
import { serveHere } from '../../../src/serving/here.ts'
import { KeyUse } from '../../../src/serving/key-use.ts'
import { call } from '../../gateway/kit/client.ts'
import { runtimeOf } from '../../gateway/kit/config.ts'
import { toModel } from '../../gateway/kit/configs.ts'
import { startUpstream } from '../../gateway/kit/upstream.ts'
import { freePort } from '../../helpers/free-port.ts'
import { startFakeCollector } from '../../helpers/otlp.ts'

export const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
export const PARENT = '00f067aa0ba902b7'
export const TRACEPARENT = `00-${TRACE}-${PARENT}-01`
export const ANSWER = JSON.stringify({
  model: 'gpt-4o-2024',
  usage: { prompt_tokens: 7, completion_tokens: 5 },
})

/** A runtime with more in its config, with one port that is free. */
export async function runtimeWith(upstream: number, more: object, port?: number): Promise<Runtime> {
  const config = JSON.parse(toModel(`127.0.0.1:${upstream}`))
  config.binds[0].port = port ?? (await freePort())
  return runtimeOf(JSON.stringify({ ...config, ...more }))
}

export const tracingTo = (host: string, tracing: object) => ({
  frontendPolicies: { tracing: { host, ...tracing } },
})

export function serveWith(runtime: Runtime, notes: string[] = []) {
  const redactor = new Redactor()
  redactor.add('sk-canary-0123456789')
  const redact = (text: string): string => redactor.redact(text)
  return serveHere(runtime, {
    options: {},
    keys: new KeyUse(),
    connectTo: [],
    standIn: undefined,
    redact,
    exports: { redact, onNote: message => notes.push(message) },
  })
}

export function ask(port: number, headers: Record<string, string> = {}, path = '/v1/chat/completions') {
  const body = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hello' }] })
  return call(port, {
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
}

/** A model that answers with `status`, until the test is over. */
export const model = (status = 200) =>
  startUpstream(response => response.writeHead(status, { 'content-type': 'application/json' }).end(ANSWER))

/** What a collector over HTTP and the provider have of one request, once the gateway has ended. */
export async function traced(
  tracing: object,
  {
    headers = {},
    path = '/v1/chat/completions',
    status = 200,
    collected = 200,
  }: { headers?: Record<string, string>; path?: string; status?: number; collected?: number } = {},
) {
  const collector = await startFakeCollector(collected)
  const upstream = await model(status)
  const runtime = await runtimeWith(
    upstream.port,
    tracingTo(collector.host, { protocol: 'http', ...tracing }),
  )
  const notes: string[] = []
  const serving = await serveWith(runtime, notes)
  await ask(serving.engine.addresses[0]?.port ?? 0, headers, path)
  await serving.engine.close({ drainMs: 10_000 })
  return { ...collector, notes, sent: upstream.seen[0]?.headers }
}
