import { Duplex } from 'node:stream'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { CallConnections } from '../../../src/gateway/upstream/call-connections.ts'
import type { Call, Caller } from '../../../src/gateway/upstream/caller.ts'
import type { Connector } from '../../../src/gateway/upstream/undici.ts'
import { UndiciConnections } from '../../../src/gateway/upstream/undici-connections.ts'
import { ANSWERED } from '../kit/http-grammar.ts'

/** A few seconds; for a long search: `DIFFERENTIAL_RUNS=1000000 npx vitest run test/gateway/upstream/differential.test.ts` */
const RUNS = Number(process.env['DIFFERENTIAL_RUNS'] ?? 3000)

interface Outcome {
  status: number
  headers: readonly string[]
  body: string
  end: 'whole' | 'none yet' | 'error'
  /** The next call would go over the same connection. */
  isKept: boolean
}

/** A connection whose other side takes everything at once. */
class Wire extends Duplex {
  constructor() {
    super({ allowHalfOpen: false })
  }

  override _read(): void {}

  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done()
  }
}

interface Calling {
  dispatch(call: Call & { readonly body: null }, caller: Caller): void
  destroy(): Promise<void>
}

const settled = (): Promise<void> => new Promise(resolve => setImmediate(() => setImmediate(resolve)))

async function answeredBy(
  make: (connect: Connector) => Calling,
  method: string,
  pieces: readonly Buffer[],
  isEnded: boolean,
): Promise<Outcome> {
  const wire = new Wire()
  const connections = make((_options, callback) => queueMicrotask(() => callback(null, wire as never)))
  const outcome: Outcome = { status: 0, headers: [], body: '', end: 'none yet', isKept: false }
  connections.dispatch(
    { path: '/', method, headers: [], body: null, servername: '' },
    {
      onConnect() {},
      onHeaders(status, headers) {
        if (status >= 200)
          Object.assign(outcome, { status, headers: headers.map(text => text.replace(/[ \t]+$/, '')) })
        return true
      },
      onData(piece) {
        outcome.body += piece.toString('latin1')
        return true
      },
      onComplete() {
        outcome.end = 'whole'
      },
      onError() {
        outcome.end = 'error'
      },
    },
  )
  await settled()
  for (const piece of pieces) if (!wire.destroyed) wire.push(piece)
  await settled()
  if (isEnded && !wire.destroyed) wire.push(null)
  await settled()
  await settled()
  outcome.isKept = !wire.destroyed
  await connections.destroy()
  await settled()
  return outcome
}

const ours = (connect: Connector): Calling => new CallConnections('http://up.test', connect, 60_000)
const undicis = (connect: Connector): Calling => new UndiciConnections('http://up.test', connect, 60_000)

async function compare(
  text: string,
  cuts: readonly number[],
  isEnded: boolean,
  method: string,
): Promise<void> {
  const bytes = Buffer.from(text, 'latin1')
  const by = (pieces: readonly Buffer[]): Promise<Outcome> => answeredBy(ours, method, pieces, isEnded)
  const whole = await by([bytes])
  const places = [...new Set(cuts.map(cut => Math.floor(cut * bytes.length)))].sort((a, b) => a - b)
  const cut = [0, ...places].map((from, i) => bytes.subarray(from, places[i] ?? bytes.length))
  expect(await by(cut.filter(piece => piece.length > 0))).toEqual(whole)
  expect(await by([...bytes].map(byte => Buffer.from([byte])))).toEqual(whole)
  // undici leaves the blanks behind a value.
  const theirs = await answeredBy(undicis, method, [bytes], isEnded)
  // RFC 9110 §15.2: a client has to be able to read answers that are only on the way. undici takes 100 for a fault.
  if (/^(?:HTTP\/1\.1 10[023][\s\S]*?\r\n\r\n)*HTTP\/1\.1 100/.test(text)) return
  // It waits for the bytes that a length tells of, which RFC 9110 §8.6 allows here.
  if (whole.status === 204 || whole.status === 304) return
  if (whole.end === 'whole') expect({ ...theirs, isKept: false }).toEqual({ ...whole, isKept: false })
  if (whole.end === 'whole' && whole.isKept) expect(theirs.isKept).toBe(true)
}

it('what we take for an answer undici takes for the same, however it is cut', {
  timeout: 1000 * RUNS,
}, async () => {
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 })
  const methods = fc.constantFrom('GET', 'POST', 'POST', 'HEAD')
  await fc.assert(fc.asyncProperty(ANSWERED, cuts, fc.boolean(), methods, compare), { numRuns: RUNS })
})
