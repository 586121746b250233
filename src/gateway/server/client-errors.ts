import type { Duplex } from 'node:stream'
import type { GatewayResponse } from './gateway-request.ts'
import { partFromSender } from './parting.ts'

/** What a client is told whose bytes are no request, by the code of Node's error; 400 unless it is here. */
const WORDS: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
}

const ended = new WeakSet<Duplex>()

/**
 * Parts from a client whose bytes are no request, or do not come. Behind requests whose answers are still to come that
 * waits for these: a client would take it for the first of them. `last` answers the last request of the connection.
 */
export function refuseBytes(error: Error, socket: Duplex, last: GatewayResponse | undefined): void {
  const code = 'code' in error ? String(error.code) : ''
  if (!/^HPE_|^ERR_HTTP_/.test(code)) return void socket.destroy(error)
  const part = (): void => {
    if (!socket.writable) return
    if (last?.socket === socket && last.headersSent) return void socket.destroy(error)
    const words = WORDS[code] ?? '400 Bad Request'
    // What is still on its way to the client goes first.
    socket.write(`HTTP/1.1 ${words}\r\nConnection: close\r\n\r\n`)
    partFromSender(socket)
  }
  if (ended.has(socket)) return
  ended.add(socket)
  const isAnswered = last === undefined || (last.writableFinished && last.req.complete)
  // The one whose turn it is has a body that is broken.
  if (isAnswered || (last.socket !== null && !last.req.complete)) return part()
  // It has ended its side, which Node takes for leaving where the last request is whole.
  if (code === 'HPE_INVALID_EOF_STATE') return void socket.destroy(error)
  socket.removeAllListeners('data').on('data', () => {})
  if (last.req.complete) last.once('finish', part)
  else last.onTurn = part
}
