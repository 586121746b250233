import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { routeTestText } from '../../../src/cli/report/route-test.ts'
import { routeTestJson } from '../../../src/cli/report/route-test-json.ts'
import { Terminal } from '../../../src/cli/terminal.ts'
import type { RouteTest } from '../../../src/test-route/test-route.ts'
import { keyLike } from '../../helpers/keys.ts'
import { processorMs } from '../../helpers/processor-time.ts'

const BODY = '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Say hello in one word."}]}'
const destination = {
  backend: 'openai',
  path: 'llm.models[0]',
  share: 1,
  policies: [],
  mirrors: [],
  upstream: {
    method: 'POST',
    url: 'https://api.openai.com/v1/chat/completions',
    endpoint: 'api.openai.com:443',
    headers: [],
    body: BODY,
  },
}
const test = {
  request: { method: 'POST', path: '/v1/chat/completions', host: 'localhost', model: undefined },
  explanation: {
    bind: 'bind/3000',
    listener: 'default',
    tried: [],
    policies: [],
    destinations: [destination],
    refused: [],
    undecided: [],
  },
  destination,
  ok: true,
} as unknown as RouteTest

/** Lines as they are told where so many characters fit in one. */
function linesIn(columns: number, more: Partial<RouteTest> = {}): string[] {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns })
  const env = { NO_COLOR: '1' }
  const terminal = new Terminal({ stdin: {}, stdout: stream, stderr: stream, env, redact: text => text })
  return routeTestText({ ...test, ...more }, terminal).split('\n')
}

it('a narrow terminal gets the body in one piece, to be copied', () => {
  expect(linesIn(60)).toContain(`body       ${BODY}`)
})

it('and the verdict by whole words', () => {
  const answer = { status: 503, body: '', headers: [], decidedBy: ['llm'], asks: undefined }
  const explanation = { ...test.explanation, answer }
  const lines = linesIn(40, { explanation, ok: false, decidedBy: { place: 'config.yaml:1', path: 'llm' } })
  expect(lines.slice(-2)).toEqual(['✗ did not pass: got 503, and any 2xx', 'passes'])
})

it('a config of very many routes is told as quickly as it is long', () => {
  const tried = Array.from({ length: 150_000 }, (_, at) => {
    return { name: `route${at}`, path: `routes[${at}]`, hosts: '*', lost: 'path' }
  })
  const explanation = { ...test.explanation, tried } as RouteTest['explanation']
  expect(processorMs(() => void linesIn(Number.POSITIVE_INFINITY, { explanation }))).toBeLessThan(5_000)
})

it('no key that stands in an answer is in the document either, whoever has given it', () => {
  const key = keyLike('openai', 'canary in an answer')
  const told = {
    status: 200,
    body: `{"usage":{"note":"${key}"}}`,
    headers: [{ name: 'location', value: `/${key}` }],
  }
  const own = { ...told, decidedBy: ['routes', 0], asks: undefined }
  const times = {
    headersMs: 1,
    firstByteMs: 1,
    totalMs: 1,
    bytes: 1,
    contentType: '',
    tail: undefined,
    trouble: undefined,
  }
  const explanation = { ...test.explanation, answer: own } as unknown as RouteTest['explanation']
  for (const more of [{ explanation }, { explanation, answer: { ...told, ...times } }]) {
    const one = { ...test, ...more }
    const document = JSON.stringify(routeTestJson(one))
    expect(document).toContain('********')
    expect(document).not.toContain(key)
    expect(linesIn(80, more).join('\n')).not.toContain(key)
  }
})

it('the usage of a stream that is too long to be shown is told by its end', () => {
  const event = 'data: {"choices":[]}\n\n'
  const usage = { total_tokens: 7 }
  const tail = `${event}data: ${JSON.stringify({ usage })}\n\n`
  const answer = { status: 200, headers: [], body: event, tail } as unknown as RouteTest['answer']
  expect(routeTestJson({ ...test, answer })).toMatchObject({ usage, response: event })
})
