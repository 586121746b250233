import type { ServerResponse } from 'node:http'
import type { Behaviour } from './misbehave.ts'
import type { Answer } from './provider.ts'

/** Resolves after `ms` with true, or with false as soon as the other side has gone. */
export function pause(ms: number, gone: AbortSignal): Promise<boolean> {
  if (ms === 0 || gone.aborted) return Promise.resolve(!gone.aborted)
  return new Promise(resolve => {
    const left = () => {
      clearTimeout(timer)
      resolve(false)
    }
    const timer = setTimeout(() => {
      gone.removeEventListener('abort', left)
      resolve(true)
    }, ms)
    gone.addEventListener('abort', left, { once: true })
  })
}

/** Sends an answer, as slowly and as far as the behaviour says. Pulls the next event only when there is room. */
export async function send(
  response: ServerResponse,
  answer: Answer,
  behaviour: Behaviour,
  gone: AbortSignal,
): Promise<void> {
  if (!(await pause(behaviour.latencyMs, gone))) return
  const whole = typeof answer.body === 'string' ? Buffer.from(answer.body) : undefined
  const length = whole ? { 'content-length': String(whole.length) } : {}
  response.writeHead(answer.status, { ...answer.headers, ...length })
  if (whole && behaviour.cutAfterBytes === undefined) {
    response.end(whole)
    return
  }
  await sendPieces(response, typeof answer.body === 'string' ? [answer.body] : answer.body, behaviour, gone)
}

async function sendPieces(
  response: ServerResponse,
  pieces: Iterable<string>,
  behaviour: Behaviour,
  gone: AbortSignal,
): Promise<void> {
  let left = behaviour.cutAfterBytes ?? Number.POSITIVE_INFINITY
  let first = true
  for (const piece of pieces) {
    if (!first && !(await pause(behaviour.chunkDelayMs, gone))) return
    first = false
    const bytes = Buffer.from(piece)
    if (bytes.length >= left) {
      cut(response, bytes.subarray(0, left))
      return
    }
    left -= bytes.length
    if (!response.write(bytes) && !(await drained(response, gone))) return
  }
  response.end()
}

/** Destroys the connection once the bytes are out: at once, the kernel might never get them. */
function cut(response: ServerResponse, bytes: Buffer): void {
  const destroy = () => response.destroy()
  if (bytes.length > 0) response.write(bytes, destroy)
  else {
    response.flushHeaders()
    response.socket?.write('', destroy)
  }
}

function drained(response: ServerResponse, gone: AbortSignal): Promise<boolean> {
  if (gone.aborted) return Promise.resolve(false)
  return new Promise(resolve => {
    const done = () => {
      response.off('drain', done)
      gone.removeEventListener('abort', done)
      resolve(!gone.aborted)
    }
    response.once('drain', done)
    gone.addEventListener('abort', done, { once: true })
  })
}
