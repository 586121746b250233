import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http'
import { Duplex } from 'node:stream'
import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { ClientConnection } from '../../../src/gateway/http1/client-connection.ts'
import { rulesFor } from '../kit/client-connection.ts'
import { SENT } from '../kit/http-grammar.ts'

/** A few seconds; for a long search: `DIFFERENTIAL_RUNS=1000000 npx vitest run test/gateway/http1/differential.test.ts` */
const RUNS = Number(process.env['DIFFERENTIAL_RUNS'] ?? 3000)

interface Seen {
  readonly method: string
  readonly url: string
  readonly version: string
  readonly rawHeaders: readonly string[]
  readonly headers: IncomingHttpHeaders
  body: string
  isWhole: boolean
}

interface Outcome {
  readonly requests: Seen[]
  /** Why what came is no request. */
  refusal: string | undefined
  /** Nothing more will be taken. */
  hasEnded: boolean
}

/** A connection whose other side takes everything at once. */
class Wire extends Duplex {
  written = ''

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.toString('latin1')
    done()
  }
}

/** Node knows no header of this name. */
function shown(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { ['__proto__']: _, ...others } = headers
  return others
}

/** Each answer leaves at the end of a turn, and the next request has its own behind that. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await new Promise(resolve => setImmediate(resolve))
}

async function byUs(pieces: readonly Buffer[]): Promise<Outcome> {
  const requests: Seen[] = []
  const wire = new Wire()
  const rules = rulesFor((request, response, expectsContinue) => {
    const { method, url, httpVersion: version, rawHeaders, headers } = request
    const one: Seen = { method, url, version, rawHeaders, headers: shown(headers), body: '', isWhole: false }
    requests.push(one)
    if (expectsContinue) response.writeContinue()
    request.read({
      onPiece: (_, piece) => {
        one.body += piece.toString('latin1')
      },
      onEnd: () => {
        one.isWhole = true
        response.writeHead(204, 'OK', [])
        response.end()
      },
    })
  })
  new ClientConnection(wire, rules)
  await settled()
  for (const piece of pieces) wire.push(piece)
  await settled()
  const hasEnded = wire.writableEnded
  const refusal = /HTTP\/1\.1 (4\d\d .*)\r\n(?:.+\r\n)*Connection: close\r\n\r\n.*$/.exec(wire.written)?.[1]
  wire.destroy()
  return { requests, refusal, hasEnded }
}

let node: Server | undefined
/** Of the connection that Node has got. */
let current: Outcome = { requests: [], refusal: undefined, hasEnded: false }

function nodeServer(): Server {
  const server = createServer({
    insecureHTTPParser: false,
    maxHeaderSize: 64 * 1024,
    requireHostHeader: false,
  })
  const take = (request: IncomingMessage): void => {
    const { requests } = current
    const { method = '', url = '', httpVersion: version, rawHeaders, headers } = request
    const one: Seen = { method, url, version, rawHeaders, headers: shown(headers), body: '', isWhole: false }
    requests.push(one)
    request.on('data', (piece: Buffer) => {
      one.body += piece.toString('latin1')
    })
    request.on('end', () => {
      one.isWhole = true
    })
    // What follows is no HTTP.
    if (method === 'CONNECT') one.isWhole = true
  }
  for (const event of ['request', 'checkContinue', 'checkExpectation', 'connect']) server.on(event, take)
  server.on('clientError', (error: NodeJS.ErrnoException) => {
    current.refusal ??= error.code
  })
  return server
}

async function byNode(bytes: Buffer): Promise<Outcome> {
  node ??= nodeServer()
  const outcome: Outcome = { requests: [], refusal: undefined, hasEnded: false }
  current = outcome
  const wire = new Wire()
  node.emit('connection', wire)
  await settled()
  wire.push(bytes)
  await settled()
  wire.destroy()
  await settled()
  return outcome
}

afterAll(() => void node?.close())

async function compare(text: string, cuts: readonly number[]): Promise<void> {
  const bytes = Buffer.from(text, 'latin1')
  const ours = await byUs([bytes])
  expect(await byUs([...bytes].map(byte => Buffer.from([byte])))).toEqual(ours)
  const places = [...new Set(cuts.map(cut => Math.floor(cut * bytes.length)))].sort((a, b) => a - b)
  expect(
    await byUs([0, ...places].map((from, i) => bytes.subarray(from, places[i] ?? bytes.length))),
  ).toEqual(ours)
  const theirs = await byNode(bytes)
  ours.requests.forEach((one, i) => {
    const { body, isWhole, ...head } = one
    const { body: itsBody, isWhole: isItsWhole, ...itsHead } = theirs.requests[i] ?? one
    expect(theirs.requests.length).toBeGreaterThan(i)
    expect(head).toEqual(itsHead)
    if (isWhole || ours.refusal === undefined)
      expect({ body, isWhole }).toEqual({ body: itsBody, isWhole: isItsWhole })
    else expect(itsBody.startsWith(body)).toBe(true)
  })
  // Where only Node refuses what is behind them, we wait for more of it, or have ended the connection. And where only we do:
  // LF or CR alone in front of a request, two spaces in its line, no host in its target, lengths above 2^53, an extension
  // without the value that it announces, and fields about the framing behind a body.
  // Of HTTP/1.0 Node reads on behind `close, keep-alive`.
  if (!ours.hasEnded) expect(theirs.requests.length).toBe(ours.requests.length)
}

it('what we take for requests Node takes for the same, however it is cut', {
  timeout: 1000 * RUNS,
}, async () => {
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 })
  await fc.assert(fc.asyncProperty(SENT, cuts, compare), { numRuns: RUNS })
})
