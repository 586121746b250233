import type { ServerResponse } from 'node:http'
import type { Behaviour } from './misbehave.ts'
import type { Answer } from './provider.ts'

/** Resolves after `ms` with true, or with false as soon as the other side has gone. */
function pause(response: ServerResponse, ms: number): Promise<boolean> {
  if (ms === 0 || response.destroyed) return Promise.resolve(!response.destroyed)
  return new Promise(resolve => {
    const left = () => {
      clearTimeout(timer)
      resolve(false)
    }
    const timer = setTimeout(() => {
      response.off('close', left)
      resolve(true)
    }, ms)
    response.once('close', left)
  })
}

/** Sends an answer, as slowly and as far as the behaviour says. Pulls the next event only when there is room. */
export async function send(response: ServerResponse, answer: Answer, behaviour: Behaviour): Promise<void> {
  if (!(await pause(response, behaviour.latencyMs))) return
  const { status, headers, body } = answer
  if (typeof body !== 'string') {
    response.writeHead(status, headers)
    await sendPieces(response, body, behaviour)
    return
  }
  response.writeHead(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) })
  // As a string, not a Buffer: Node then sends head and body in one write.
  if (behaviour.cutAfterBytes === undefined) response.end(body)
  else await sendPieces(response, [body], behaviour)
}

async function sendPieces(
  response: ServerResponse,
  pieces: Iterable<string | Uint8Array>,
  behaviour: Behaviour,
): Promise<void> {
  let left = behaviour.cutAfterBytes ?? Number.POSITIVE_INFINITY
  let first = true
  for (const piece of pieces) {
    if (!first && !(await pause(response, behaviour.chunkDelayMs))) return
    first = false
    const bytes = Buffer.from(piece)
    if (bytes.length >= left) {
      cut(response, bytes.subarray(0, left))
      return
    }
    left -= bytes.length
    if (!response.write(bytes) && !(await drained(response))) return
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

function drained(response: ServerResponse): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false)
  return new Promise(resolve => {
    const done = () => {
      response.off('drain', done)
      response.off('close', done)
      resolve(!response.destroyed)
    }
    response.once('drain', done)
    response.once('close', done)
  })
}
