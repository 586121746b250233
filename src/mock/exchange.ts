import type { IncomingMessage, ServerResponse } from 'node:http'
import { gather } from './gather.ts'
import { behaviourOf, withControl } from './misbehave.ts'
import type { MockOptions } from './options.ts'
import type { Answer, Call } from './provider.ts'
import { PROVIDERS } from './providers.ts'
import { see } from './see.ts'
import { send } from './send.ts'

/** One request from its head to the end of its answer. Never rejects: what is thrown inside becomes a 500. */
export async function exchange(
  request: IncomingMessage,
  response: ServerResponse,
  options: MockOptions,
  serial: number,
): Promise<void> {
  try {
    await take(request, response, options, serial)
  } catch (error) {
    if (response.headersSent) response.destroy()
    else response.writeHead(500, { 'content-type': 'text/plain' }).end(`The mock itself failed: ${error}\n`)
  }
}

async function take(
  request: IncomingMessage,
  response: ServerResponse,
  options: MockOptions,
  serial: number,
): Promise<void> {
  const body = await gather(request)
  if (!body) return
  const base = behaviourOf(options, serial)
  const control = options.control ? request.headers['x-mock'] : undefined
  const asked = control === undefined ? base : withControl(base, String(control))
  const behaviour = typeof asked === 'string' ? base : asked
  const call = see(request, body, {
    keys: typeof options.keys === 'function' ? options.keys() : options.keys,
    serial,
    created: Math.floor((options.now ?? Date.now)() / 1000),
    latencyMs: behaviour.latencyMs,
    answerChars: behaviour.answerChars,
  })
  options.onRequest?.(call.seen)
  if (behaviour.hang) return
  const tooLarge = body.bytes === undefined
  const answer =
    typeof asked === 'string' ? mistake(call, asked) : answerOf(call, behaviour.failStatus, tooLarge)
  await send(response, answer, behaviour)
}

function mistake(call: Call, message: string): Answer {
  return PROVIDERS[call.seen.shape].failure(call, 400, message)
}

function answerOf(call: Call, failStatus: number | undefined, tooLarge: boolean): Answer {
  const provider = PROVIDERS[call.seen.shape]
  if (failStatus !== undefined) return provider.failure(call, failStatus)
  if (tooLarge) return provider.failure(call, 413)
  return provider.answer(call)
}
