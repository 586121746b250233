import { PassThrough } from 'node:stream'
import { expect, it, onTestFinished } from 'vitest'
import type { Expression } from '../../src/gateway/cel/cel.ts'
import type { LogLevel, Runtime } from '../../src/gateway/index.ts'
import { usesOf } from '../../src/serving/admin.ts'
import { serveHere } from '../../src/serving/here.ts'
import { KeyUse } from '../../src/serving/key-use.ts'
import { startUpstream } from '../gateway/kit/upstream.ts'
import { ask, runtimeWith } from './otlp/export-scene.ts'

/** What is evaluated for the line of a request, and for the labels of metrics. */
interface Evaluated {
  line: number
  labels: number
}

function counting(runtime: Runtime, evaluated: Evaluated): Runtime {
  const counts = (what: keyof Evaluated): Expression => ({
    evaluate: () => `${what} ${++evaluated[what]}`,
    test: () => ++evaluated[what] > 0,
    usesBody: false,
    usesAnswerBody: false,
  })
  const accessLog = { filter: counts('line'), added: [['a', counts('line')]] as const, removed: new Set('') }
  const metricLabels = [['b', counts('labels')]] as const
  return { ...runtime, settings: { ...runtime.settings, accessLog, metricLabels } }
}

it.each<[string, string, LogLevel | undefined, number, object, Evaluated]>([
  ['for a log and pages', '127.0.0.1:0', 'info', 200, {}, { line: 2, labels: 1 }],
  ['for no pages', 'off', 'info', 200, {}, { line: 2, labels: 0 }],
  ['for pages of metrics alone', 'off', 'info', 200, { statsAddr: '127.0.0.1:0' }, { line: 2, labels: 1 }],
  ['for pages of readiness', 'off', 'info', 200, { readinessAddr: '127.0.0.1:0' }, { line: 2, labels: 0 }],
  ['for no log', '127.0.0.1:0', undefined, 200, {}, { line: 0, labels: 1 }],
  ['at off', '127.0.0.1:0', 'off', 500, {}, { line: 0, labels: 1 }],
  ['at warn, of what went well', 'off', 'warn', 200, {}, { line: 0, labels: 0 }],
  ['at warn, of what went wrong', 'off', 'warn', 500, {}, { line: 2, labels: 0 }],
])('only what somebody reads is evaluated: %s', async (_, flag, level, status, config, wanted) => {
  const upstream = await startUpstream(response => response.writeHead(status).end('{}'))
  const evaluated = { line: 0, labels: 0 }
  const redact = (text: string): string => text
  const log = { format: 'text', stream: new PassThrough(), redact } as const
  const { engine } = await serveHere(counting(await runtimeWith(upstream.port, {}), evaluated), {
    options: level === undefined ? {} : { log: { ...log, level } },
    pages: usesOf({ flag, config }),
    keys: new KeyUse(),
    connectTo: [],
    standIn: undefined,
    redact,
    onNews: () => {},
  })
  onTestFinished(() => engine.close({ drainMs: 100 }))
  await ask(engine.addresses[0]?.port ?? 0)
  await engine.close({ drainMs: 100 })
  expect(evaluated).toEqual(wanted)
})
