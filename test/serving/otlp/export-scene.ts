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

/** Known to the redactor of the gateway. */
export const CANARY = 'sk-canary-0123456789'

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

/** `redactor` learns of keys as the gateway does. */
export function serveWith(runtime: Runtime, notes: string[] = [], redactor = new Redactor()) {
  redactor.add(CANARY)
  const redact = (text: string): string => redactor.redact(text)
  return serveHere(runtime, {
    options: {},
    pages: { tellMetrics: false, setLevel: false },
    keys: new KeyUse(),
    connectTo: [],
    standIn: undefined,
    redact,
    onNews: ({ message }) => notes.push(message),
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

export interface Asked {
  readonly headers?: Record<string, string>
  readonly path?: string
  /** Of the model's answer. */
  readonly status?: number
}

/** Sends one request through a gateway with more in its config, and ends it. `sent`: the headers that its model got. */
export async function asked(more: object, { headers, path, status }: Asked = {}) {
  const upstream = await model(status)
  const notes: string[] = []
  const serving = await serveWith(await runtimeWith(upstream.port, more), notes)
  const answer = await ask(serving.engine.addresses[0]?.port ?? 0, headers, path)
  await serving.engine.close({ drainMs: 10_000 })
  return { status: answer.status, notes, sent: upstream.seen[0]?.headers }
}

/** The same with a collector over HTTP, which answers with the status `collected`, and what it got. */
export async function traced(
  tracing: object,
  { collected = 200, ...request }: Asked & { readonly collected?: number } = {},
) {
  const collector = await startFakeCollector(collected)
  return {
    ...collector,
    ...(await asked(tracingTo(collector.host, { protocol: 'http', ...tracing }), request)),
  }
}
